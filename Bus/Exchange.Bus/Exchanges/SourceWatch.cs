using Exchange.Contracts.FrontEnd;
using Microsoft.Extensions.Logging;

namespace Exchange.Bus.Exchanges;

/// <summary>
/// Watches the change logs of one connection until told to stop. Every node watches every connection: which of them reads a source is decided by the source's lease at each change, so the
/// work falls to whoever is free, and none has to notice that another is dead.
/// </summary>
internal sealed partial class SourceWatch(IFrontEndDatabases databases, TimeProvider time, ILogger<SourceWatch> logger)
{
    static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(1);

    static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(30);

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
        var backoff = TimeSpan.Zero;
        long? silentSince = null;
        var gathering = TimeSpan.Zero;
        while (true)
        {
            try
            {
                var began = time.GetTimestamp();
                var filled = await watch.WaitAsync(LongestWait, cancel);
                if (silentSince is { } since) Answers(connection.Name, time.GetElapsedTime(since));
                (silentSince, backoff) = (null, TimeSpan.Zero);
                if (filled.Count == 0) continue;
                foreach (var log in filled) changed(log);
                gathering = time.GetElapsedTime(began) > Quiet ? TimeSpan.Zero : Shorter((gathering * 2) + Shortest, LongestGathering);
                if (gathering > TimeSpan.Zero) await Task.Delay(gathering, time, cancel);
            }
            catch (FrontEndException fault)
            {
                if (silentSince is null) Silent(connection.Name, fault.Message, LongestBackoff);
                silentSince ??= time.GetTimestamp();
                foreach (var log in logs) changed(log);
                backoff = backoff == TimeSpan.Zero ? FirstBackoff : Shorter(backoff * 2, LongestBackoff);
                await Task.Delay(backoff, time, cancel);
            }
        }
    }

    static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    [LoggerMessage(1303, LogLevel.Warning, "Waiting for connection {Connection}: {Message} It is tried again, every {Longest} at the latest.")]
    partial void Silent(string connection, string message, TimeSpan longest);

    [LoggerMessage(1304, LogLevel.Warning, "Connection {Connection} answers again after {Waited}; its changes are taken up")]
    partial void Answers(string connection, TimeSpan waited);
}
