using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Adapters.Database.Capture;

/// <summary>A log to watch.</summary>
/// <param name="Target">As the caller named it.</param>
/// <param name="Log">The log's table.</param>
/// <param name="AnyWaits">An expression: 1 while entries wait.</param>
internal sealed record WatchedLog(CaptureTarget Target, TableName Log, string AnyWaits);

/// <summary>Looks again and again, all logs in one statement: soon after something came, less often while nothing comes.</summary>
internal class ChangeWatch(FrontEndConnection connection, SqlDialect dialect, IReadOnlyList<WatchedLog> logs, Func<CancellationToken, Task<DbConnection>> open) : IChangeWatch
{
    static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);

    /// <summary>Half of what people feel as at once: with the reading and the delivery a change stays under a second.</summary>
    static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(400);

    /// <summary>Between two looks at a log that cannot be read.</summary>
    static readonly TimeSpan BrokenPause = TimeSpan.FromSeconds(5);

    /// <summary>Columns of one statement; far below what any engine takes.</summary>
    const int LogsAtOnce = 200;

    readonly Dictionary<int, long> _broken = [];
    DbConnection? _session;
    TimeSpan _interval = Shortest;

    protected IReadOnlyList<WatchedLog> Logs => logs;

    /// <summary>All places in <see cref="Logs"/>.</summary>
    protected IReadOnlyList<int> All { get; } = [.. Enumerable.Range(0, logs.Count)];

    public async Task<IReadOnlyList<CaptureTarget>> WaitAsync(TimeSpan most, CancellationToken cancel)
    {
        try
        {
            if (_session is null)
            {
                _session = await open(cancel);
                await BegunAsync(_session, cancel);
                return [.. logs.Select(log => log.Target)];
            }

            for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) is var waited && waited < most;)
            {
                var looked = await PauseAsync(_session, most - waited, cancel);
                if (looked.Count == 0) continue;
                var filled = await FilledAsync(_session, looked, cancel);
                if (filled.Count > 0) return [.. filled.Select(at => logs[at].Target)];
            }

            return [];
        }
        catch (Exception exception) when (exception is not FrontEndException)
        {
            await DisposeAsync();
            if (exception is OperationCanceledException && cancel.IsCancellationRequested) throw;
            throw dialect.Classify(exception, connection, "watching the change logs of");
        }
        catch (FrontEndException)
        {
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_session is { } session) await session.DisposeAsync();
        _session = null;
        GC.SuppressFinalize(this);
    }

    /// <summary>Called when the connection is new.</summary>
    protected virtual Task BegunAsync(DbConnection session, CancellationToken cancel) => Task.CompletedTask;

    /// <summary>Waits until logs are to be looked at, at most so long; answers their places.</summary>
    protected virtual async Task<IReadOnlyList<int>> PauseAsync(DbConnection session, TimeSpan most, CancellationToken cancel)
    {
        // Real time whatever clock the hub was given: what is waited for is another's database.
        await Task.Delay(NextInterval(most), TimeProvider.System, cancel);
        return All;
    }

    /// <summary>How long to wait before the next look, at most so long.</summary>
    protected TimeSpan NextInterval(TimeSpan most)
    {
        _interval = _interval * 1.2 > Longest ? Longest : _interval * 1.2;
        return _interval < most ? _interval : most;
    }

    async Task<List<int>> FilledAsync(DbConnection session, IReadOnlyList<int> places, CancellationToken cancel)
    {
        var filled = new List<int>();
        foreach (var chunk in places.Where(at => !_broken.TryGetValue(at, out var since) || Stopwatch.GetElapsedTime(since) >= BrokenPause).Chunk(LogsAtOnce))
        {
            try
            {
                filled.AddRange(await AskAsync(session, chunk, cancel));
            }
            catch (DbException exception) when (chunk.Length > 1 && dialect.Classify(exception, connection, "watching").Fault == FrontEndFault.Standing)
            {
                foreach (var place in chunk) filled.AddRange(await AskAloneAsync(session, place, cancel));
            }
            catch (DbException exception) when (dialect.Classify(exception, connection, "watching").Fault == FrontEndFault.Standing)
            {
                filled.Add(Broken(chunk[0]));
            }
        }

        if (filled.Count > 0) _interval = Shortest;
        return filled;
    }

    async Task<IReadOnlyList<int>> AskAloneAsync(DbConnection session, int place, CancellationToken cancel)
    {
        try
        {
            return await AskAsync(session, [place], cancel);
        }
        catch (DbException exception) when (dialect.Classify(exception, connection, "watching").Fault == FrontEndFault.Standing)
        {
            return [Broken(place)];
        }
    }

    int Broken(int place)
    {
        _broken[place] = Stopwatch.GetTimestamp();
        return place;
    }

    async Task<IReadOnlyList<int>> AskAsync(DbConnection session, int[] places, CancellationToken cancel)
    {
        await using var command = session.CreateCommand();
        command.CommandText = $"SELECT {string.Join(", ", places.Select(at => logs[at].AnyWaits))}";
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        foreach (var place in places) _broken.Remove(place);
        return [.. places.Where((_, column) => Convert.ToInt64(reader.GetValue(column), CultureInfo.InvariantCulture) != 0)];
    }
}
