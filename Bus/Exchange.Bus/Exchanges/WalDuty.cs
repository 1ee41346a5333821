using System.Collections.Concurrent;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Scheduling;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Bus.Exchanges;

/// <summary>
/// Takes up changes of `wal` sources as they come; those with an incremental schedule are read by it only. One small question a database tells whether anything was committed there; only then, and every
/// few seconds for what else may be due, its slots are looked at.
/// </summary>
internal sealed class WalDuty(ICatalogue catalogue, IFrontEndDatabases databases, RealTimeReading reading, WorkBoard board, TimeProvider time) : IHubDuty
{
    /// <summary>Between two questions.</summary>
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Between two looks where nothing was committed: rows to judge again, a full to begin.</summary>
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(3);

    public async Task RunAsync(CancellationToken stopping)
    {
        var seen = new ConcurrentDictionary<string, (long Flushed, DateTimeOffset At)>(StringComparer.Ordinal);
        while (true)
        {
            var snapshot = await catalogue.ReadAsync(stopping);
            var scheduled = ScheduleDefinition.ReadOnlyBySchedule(snapshot);
            var databasesFollowed = snapshot.Resources.Values.Where(resource => resource.Source is { Mode: CaptureMode.Wal } && !scheduled.Contains(resource.Name)).GroupBy(resource => resource.Source!.Connection).ToList();
            foreach (var followed in databasesFollowed)
            {
                // A database that does not answer holds only its own sources up.
                board.Start($"log of {followed.Key}", async token =>
                {
                    await using var database = databases.Open(snapshot.Connections[followed.Key].ToFrontEnd());
                    var (flushed, now) = (database.Wal is { } wal ? await wal.FlushedAsync(token) : 0, time.GetUtcNow());
                    if (seen.TryGetValue(followed.Key, out var before) && before.Flushed == flushed && now - before.At < LongestPause && now >= before.At) return null;
                    seen[followed.Key] = (flushed, now);
                    foreach (var resource in followed) board.Start($"resource {resource.Name}", working => ReadAsync(resource.Name, working), stopping);
                    return null;
                }, stopping);
            }

            await Task.Delay(databasesFollowed.Count > 0 ? Pause : LongestPause, time, stopping);
        }
    }

    /// <summary>A source that another node reads is left to it, and looked at again with the rest.</summary>
    async Task<ExchangeException?> ReadAsync(string resource, CancellationToken cancel)
    {
        try
        {
            return (await reading.RunAsync(resource, askSource: true, null, cancel))?.Fault;
        }
        catch (ExchangeException busy) when (busy.Code == ErrorCodes.LeaseBusy)
        {
            return null;
        }
    }
}
