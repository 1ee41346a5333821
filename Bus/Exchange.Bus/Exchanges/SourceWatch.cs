using Exchange.Bus.Limits;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Bus.Exchanges;

/// <summary>
/// Watches the change logs of one connection until told to stop. Every node watches every connection: which of them reads a source is decided by the source's lease at each change, so the
/// work falls to whoever is free, and none has to notice that another is dead.
/// </summary>
internal sealed class SourceWatch(IFrontEndDatabases databases, ConnectionWaits waits, TimeProvider time)
{
    static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(1);

    /// <summary>Under writers that never pause, changes are gathered: first for so long, then longer and longer.</summary>
    static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(50);

    /// <summary>And for so long at most.</summary>
    static readonly TimeSpan LongestGathering = TimeSpan.FromSeconds(1);

    /// <summary>A change that came sooner than this after the last look stands for writers that do not pause; a longer wait ends gathering.</summary>
    static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(150);

    /// <param name="connection">The database.</param>
    /// <param name="logs">Its change logs.</param>
    /// <param name="changed">Told which have something to take up; all of them, at the pace of the back-off, while the database does not answer.</param>
    /// <param name="cancel">Stops.</param>
    public async Task RunAsync(FrontEndConnection connection, IReadOnlyList<CaptureTarget> logs, Action<CaptureTarget> changed, CancellationToken cancel)
    {
        await using var database = databases.Open(connection);
        await using var watch = database.Capture.Watch(logs);
        var work = $"the watch of its change logs ({connection.Name})";
        var backoff = TimeSpan.Zero;
        var gathering = TimeSpan.Zero;
        while (true)
        {
            try
            {
                var began = time.GetTimestamp();
                var filled = await watch.WaitAsync(LongestWait, cancel);
                waits.End(work);
                backoff = TimeSpan.Zero;
                if (filled.Count == 0) continue;
                foreach (var log in filled) changed(log);
                gathering = time.GetElapsedTime(began) > Quiet ? TimeSpan.Zero : Shorter((gathering * 2) + Shortest, LongestGathering);
                if (gathering > TimeSpan.Zero) await Task.Delay(gathering, time, cancel);
            }
            catch (FrontEndException fault)
            {
                waits.Begin(work, connection.Name, fault.Message);
                foreach (var log in logs) changed(log);
                backoff = backoff == TimeSpan.Zero ? FirstBackoff : Shorter(backoff * 2, ConnectionWaits.LongestPause);
                await Task.Delay(backoff, time, cancel);
            }
        }
    }

    static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
