using Exchange.Storage;

namespace Exchange.Bus.Timeliness;

/// <summary>What the readings of a resource came to in a period.</summary>
internal sealed record ReadingTotals(long Runs, long Read, long Rejected);

/// <summary>Looks that timeliness takes at the records of runs. Safe for concurrent callers.</summary>
internal sealed class ExchangeHistory(IStore store)
{
    /// <summary>A record further ahead of the clock than this was written by a clock that was wrong: it must not keep a light green for as long as it was wrong.</summary>
    static readonly TimeSpan Ahead = TimeSpan.FromMinutes(1);

    public static IReadOnlyList<Migration> Migrations { get; } =
    [
        new("bus-timeliness", 1, "lights as they were last told", """
            CREATE TABLE bus_light (
                kind text NOT NULL,
                name text NOT NULL,
                light text NOT NULL,
                since_at bigint NOT NULL,
                known_at bigint NOT NULL,
                PRIMARY KEY (kind, name));
            CREATE INDEX bus_run_done ON bus_run (resource, subscription, ended_at) WHERE state = 'done';
            """),
    ];

    /// <summary>When a run last ended well: a reading of the resource, or a delivery of the subscription.</summary>
    public Task<DateTimeOffset?> LastDoneAsync(string resource, string? subscription, DateTimeOffset now, CancellationToken cancel) => InstantAsync(
        "SELECT max(ended_at) FROM bus_run WHERE resource = @resource AND subscription = @subscription AND state = 'done' AND ended_at <= @latest", cancel,
        ("resource", resource), ("subscription", subscription ?? ""), ("latest", (now + Ahead).ToUnixMicroseconds()));

    /// <summary>When the resource was first read, well or not.</summary>
    public Task<DateTimeOffset?> FirstAsync(string resource, CancellationToken cancel) => InstantAsync(
        "SELECT started_at FROM bus_run WHERE resource = @resource AND subscription = '' ORDER BY id LIMIT 1", cancel, ("resource", resource));

    /// <summary>Sums over the readings that began in a period, however they ended.</summary>
    public async Task<ReadingTotals> TotalsAsync(string resource, DateTimeOffset from, DateTimeOffset now, CancellationToken cancel) => (await store.ReadAsync(session => session.QueryAsync("""
        SELECT count(*), CAST(coalesce(sum(read_rows), 0) AS bigint), CAST(coalesce(sum(rejected), 0) AS bigint) FROM bus_run
        WHERE resource = @resource AND subscription = '' AND started_at >= @from AND started_at <= @latest
        """, row => new ReadingTotals(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)), cancel,
        ("resource", resource), ("from", from.ToUnixMicroseconds()), ("latest", (now + Ahead).ToUnixMicroseconds())), cancel))[0];

    /// <summary>In which of some intervals a reading of the resource ended well.</summary>
    /// <returns>Their places in the list.</returns>
    public async Task<HashSet<int>> SucceededAsync(string resource, IReadOnlyList<DueInterval> intervals, CancellationToken cancel)
    {
        if (intervals.Count == 0) return [];
        var values = string.Join(", ", intervals.Select((_, at) => $"({at}, @b{at}, @e{at})"));
        List<(string, object?)> parameters = [("resource", resource)];
        foreach (var (interval, at) in intervals.Select((interval, at) => (interval, at)))
        {
            parameters.Add(($"b{at}", interval.Begins.ToUnixMicroseconds()));
            parameters.Add(($"e{at}", interval.Ends.ToUnixMicroseconds()));
        }

        return [.. await store.ReadAsync(session => session.QueryAsync($"""
            WITH due (place, begins, ends) AS (VALUES {values})
            SELECT place FROM due WHERE EXISTS (
                SELECT 1 FROM bus_run WHERE resource = @resource AND subscription = '' AND state = 'done' AND ended_at >= due.begins AND ended_at < due.ends)
            """, row => Convert.ToInt32(row.GetValue(0), System.Globalization.CultureInfo.InvariantCulture), cancel, [.. parameters]), cancel)];
    }

    async Task<DateTimeOffset?> InstantAsync(string sql, CancellationToken cancel, params (string Name, object? Value)[] parameters) =>
        await store.ReadAsync(session => session.ScalarAsync<long?>(sql, cancel, parameters), cancel) is { } found ? StoreTime.FromUnixMicroseconds(found) : null;
}
