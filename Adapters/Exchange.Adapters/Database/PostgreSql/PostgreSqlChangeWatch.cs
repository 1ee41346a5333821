using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using Exchange.Adapters.Database.Capture;
using Exchange.Contracts.FrontEnd;
using Npgsql;

namespace Exchange.Adapters.Database.PostgreSql;

/// <summary>
/// Waits by LISTEN for logs that have the signal trigger; the others are looked at as on other engines. All are looked at now and then, should a notice have been lost. The connection is
/// never inside a transaction, so it holds back no notices of others.
/// </summary>
internal sealed class PostgreSqlChangeWatch(
    FrontEndConnection connection, SqlDialect dialect, IReadOnlyList<WatchedLog> logs, Func<CancellationToken, Task<DbConnection>> open, Func<NpgsqlConnection, CaptureTarget, CancellationToken, Task<bool>> signals)
    : ChangeWatch(connection, dialect, logs, open)
{
    static readonly TimeSpan LookAtAll = TimeSpan.FromSeconds(20);

    /// <summary>The driver counts whole milliseconds and takes zero for "for ever".</summary>
    static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    readonly ConcurrentQueue<string> _heard = new();
    List<int> _silent = [];
    long _lookedAtAll;

    protected override async Task BegunAsync(DbConnection session, CancellationToken cancel)
    {
        var npgsql = (NpgsqlConnection)session;
        npgsql.Notification += (_, notice) => _heard.Enqueue(notice.Payload);
        await using (var listen = npgsql.CreateCommand())
        {
            listen.CommandText = $"LISTEN {ChangeSignal.Channel}";
            try
            {
                await listen.ExecuteNonQueryAsync(cancel);
            }
            catch (PostgresException refused) when (refused.SqlState.StartsWith("0A", StringComparison.Ordinal) || refused.SqlState.StartsWith("42", StringComparison.Ordinal))
            {
                // An engine that only speaks the protocol: no log signals there, all are looked at.
            }
        }

        await FindSilentAsync(npgsql, cancel);
    }

    protected override async Task<IReadOnlyList<int>> PauseAsync(DbConnection session, TimeSpan most, CancellationToken cancel)
    {
        var npgsql = (NpgsqlConnection)session;
        if (_heard.IsEmpty)
        {
            var untilAll = LookAtAll - Stopwatch.GetElapsedTime(_lookedAtAll);
            var wait = _silent.Count > 0 ? NextInterval(most) : untilAll < most ? untilAll : most;
            await npgsql.WaitAsync(wait > ShortestWait ? wait : ShortestWait, cancel);
        }

        if (Stopwatch.GetElapsedTime(_lookedAtAll) >= LookAtAll)
        {
            await FindSilentAsync(npgsql, cancel);
            return All;
        }

        var heard = new HashSet<string>(StringComparer.Ordinal);
        while (_heard.TryDequeue(out var log)) heard.Add(log);
        return heard.Count == 0 ? _silent : [.. All.Where(at => heard.Contains(Logs[at].Log.Name) || _silent.Contains(at))];
    }

    async Task FindSilentAsync(NpgsqlConnection session, CancellationToken cancel)
    {
        var silent = new List<int>();
        foreach (var at in All)
            if (!await signals(session, Logs[at].Target, cancel)) silent.Add(at);
        _silent = silent;
        _lookedAtAll = Stopwatch.GetTimestamp();
    }
}
