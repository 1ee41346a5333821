using System.Collections.Concurrent;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Limits;
using Exchange.Bus.Scheduling;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Bus.Exchanges;

/// <summary>
/// Takes up changes of `wal` sources as they come; those with an incremental schedule are read by it only. One small question a database tells whether anything was committed there; only then, and every
/// few seconds for what else may be due, its slots are looked at.
/// </summary>
internal sealed class WalDuty(ICatalogue catalogue, IFrontEndDatabases databases, RealTimeReading reading, ConnectionWaits waits, WorkBoard board, TimeProvider time) : IHubDuty
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
                var work = $"the log of {followed.Key}";
                board.Start(work, async token =>
                {
                    var (flushed, now) = (await FlushedAsync(work, snapshot.Connections[followed.Key], token), time.GetUtcNow());
                    if (seen.TryGetValue(followed.Key, out var before) && before.Flushed == flushed && now - before.At < LongestPause && now >= before.At) return null;
                    seen[followed.Key] = (flushed, now);
                    foreach (var resource in followed) board.Start($"resource {resource.Name}", working => ReadAsync(resource.Name, working), stopping);
                    return null;
                }, stopping);
            }

            await Task.Delay(databasesFollowed.Count > 0 ? Pause : LongestPause, time, stopping);
        }
    }

    /// <summary>How far the database's log is.</summary>
    async Task<long> FlushedAsync(string work, Connection connection, CancellationToken cancel)
    {
        await using var database = databases.Open(connection.ToFrontEnd());
        try
        {
            var flushed = database.Wal is { } wal ? await wal.FlushedAsync(cancel) : 0;
            waits.End(work);
            return flushed;
        }
        catch (FrontEndException fault)
        {
            waits.Begin(work, connection.Name, fault.Message);
            throw;
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
