using System.Collections.Concurrent;
using Exchange.Bus.Intake;
using Exchange.Storage;

namespace Exchange.Bus.Timeliness;

/// <summary>
/// A source that is watched in real time leaves no record while nothing changes, and would look late. Four times a day it is read all the same: the run finds nothing, sees that the triggers
/// stand, and its record says that the exchange is alive. Safe for concurrent callers.
/// </summary>
internal sealed class QuietSources(SourceStates sources, ExchangeHistory history, IStore store, TimeProvider time)
{
    /// <summary>Well within a day, the shortest gap that a class allows.</summary>
    static readonly TimeSpan LongestSilence = TimeSpan.FromHours(6);

    /// <summary>Between two looks at the records of one source.</summary>
    static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    readonly StoreClock _clock = new(time);
    readonly ConcurrentDictionary<string, DateTimeOffset> _lookAgain = new(StringComparer.Ordinal);

    /// <summary>Whether a source with nothing to take up is to be read for the record.</summary>
    public async Task<bool> AreDueAsync(string resource, CancellationToken cancel)
    {
        var here = time.GetUtcNow();
        if (_lookAgain.TryGetValue(resource, out var then) && here < then && then - here <= Pause) return false;
        _lookAgain[resource] = here + Pause;
        if ((await sources.ReadAsync(resource, cancel)).Position is { CaptureRemoved: true } or { Reorganise.Begins: false }) return false;
        var now = await _clock.ReadAsync(store, cancel);
        return await history.LastDoneAsync(resource, null, now, cancel) is not { } last || now - last >= LongestSilence;
    }
}
