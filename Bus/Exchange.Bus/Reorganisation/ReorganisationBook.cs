using System.Data.Common;
using Exchange.Contracts.Operations;
using Exchange.Storage;

namespace Exchange.Bus.Reorganisation;

/// <summary>One entry of the book.</summary>
internal sealed record ReorganisationEntry
{
    public required long Id { get; init; }
    public required string Resource { get; init; }
    public required ReorganisationReason Reason { get; init; }
    /// <summary>held, wanted, reading, read or withdrawn.</summary>
    public required string State { get; init; }
    public required string Detail { get; init; }
    public required DateTimeOffset Since { get; init; }
    public string? NotifiedBy { get; init; }
    public DateTimeOffset? NotifiedAt { get; init; }
    public DateTimeOffset? BeganAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public long Read { get; init; }
    public long Accepted { get; init; }
    public long Rejected { get; init; }
    public long Mark { get; init; }
}

/// <summary>What a target held when it changed over.</summary>
internal sealed record ReorganisationSwitch(string Resource, long Mark, string Subscription, long Rows, long? Expected, long? Duplicates);

/// <summary>
/// Tables bus_reorganisation and bus_reorganisation_switch: what was held, who gave notice, what the full read, what each target then held. At most one entry of a resource is open
/// (held, wanted or reading). Every change is made inside the write that changes what it tells of.
/// </summary>
internal sealed class ReorganisationBook(IStore store, TimeProvider time)
{
    const string Held = "held", Wanted = "wanted", Reading = "reading", Done = "read", Withdrawn = "withdrawn";

    const string Columns = "id, resource, reason, state, detail, since, notified_by, notified_at, began_at, ended_at, read_rows, accepted, rejected, mark";

    const string Open = "resource = @resource AND state IN ('held', 'wanted', 'reading')";

    public static IReadOnlyList<Migration> Migrations { get; } =
    [
        new("bus-reorganisation", 1, "re-organised full updates", """
            CREATE TABLE bus_reorganisation (
                id {identity},
                resource text NOT NULL,
                reason text NOT NULL,
                state text NOT NULL,
                detail text NOT NULL,
                since bigint NOT NULL,
                notified_by text,
                notified_at bigint,
                began_at bigint,
                ended_at bigint,
                read_rows bigint NOT NULL,
                accepted bigint NOT NULL,
                rejected bigint NOT NULL,
                mark bigint NOT NULL);
            CREATE UNIQUE INDEX bus_reorganisation_open ON bus_reorganisation (resource) WHERE state IN ('held', 'wanted', 'reading');
            CREATE TABLE bus_reorganisation_switch (
                resource text NOT NULL,
                mark bigint NOT NULL,
                subscription text NOT NULL,
                target_rows bigint NOT NULL,
                expected bigint,
                duplicates bigint,
                PRIMARY KEY (resource, mark, subscription));
            """),
    ];

    long Now => time.GetUtcNow().ToUnixMicroseconds();

    /// <summary>Notes that increments are held, or that the hub will read anew by itself.</summary>
    public async Task NeededAsync(StoreSession session, string resource, ReorganisationNeed need, CancellationToken cancel)
    {
        var state = need.Begins ? Wanted : Held;
        var changed = await session.ExecuteAsync($"UPDATE bus_reorganisation SET reason = @reason, detail = @detail, state = @state WHERE {Open}", cancel,
            ("resource", resource), ("reason", Reasons.Letter(need.Reason)), ("detail", need.Detail), ("state", state));
        if (changed == 0) await InsertAsync(session, resource, need, state, cancel);
    }

    /// <summary>Notes who gave notice, on the open entry or a new one.</summary>
    public async Task NotifiedAsync(StoreSession session, string resource, ReorganisationNeed need, string by, CancellationToken cancel)
    {
        await NeededAsync(session, resource, need, cancel);
        await session.ExecuteAsync($"UPDATE bus_reorganisation SET notified_by = @by, notified_at = @now WHERE {Open}", cancel, ("resource", resource), ("by", by), ("now", Now));
    }

    public async Task<bool> WithdrawnAsync(StoreSession session, string resource, string by, CancellationToken cancel) => await session.ExecuteAsync(
        $"UPDATE bus_reorganisation SET state = '{Withdrawn}', notified_by = @by, notified_at = @now, ended_at = @now WHERE resource = @resource AND state IN ('held', 'wanted')", cancel,
        ("resource", resource), ("by", by), ("now", Now)) > 0;

    /// <summary>Notes that the full has begun; again when it is begun anew.</summary>
    public async Task BegunAsync(StoreSession session, string resource, ReorganisationNeed need, CancellationToken cancel)
    {
        var changed = await session.ExecuteAsync($"UPDATE bus_reorganisation SET state = '{Reading}', began_at = @now WHERE {Open}", cancel, ("resource", resource), ("now", Now));
        if (changed > 0) return;
        await InsertAsync(session, resource, need, Reading, cancel);
        await session.ExecuteAsync($"UPDATE bus_reorganisation SET began_at = @now WHERE {Open}", cancel, ("resource", resource), ("now", Now));
    }

    /// <summary>Notes, with its mark, that the full was read and the new cursor opened.</summary>
    public Task<int> ReadAsync(StoreSession session, string resource, long mark, long read, long accepted, long rejected, CancellationToken cancel) => session.ExecuteAsync(
        $"UPDATE bus_reorganisation SET state = '{Done}', ended_at = @now, mark = @mark, read_rows = @read, accepted = @accepted, rejected = @rejected WHERE {Open}", cancel,
        ("resource", resource), ("now", Now), ("mark", mark), ("read", read), ("accepted", accepted), ("rejected", rejected));

    /// <summary>Notes what a target holds at the moment it changes over: before it commits, so that the note is never missing. Whether it did commit, the cursor says.</summary>
    public Task SwitchedAsync(ReorganisationSwitch switched, CancellationToken cancel) => store.WriteAsync(session => session.ExecuteAsync("""
        INSERT INTO bus_reorganisation_switch (resource, mark, subscription, target_rows, expected, duplicates) VALUES (@resource, @mark, @subscription, @rows, @expected, @duplicates)
        ON CONFLICT (resource, mark, subscription) DO UPDATE SET target_rows = excluded.target_rows, expected = excluded.expected, duplicates = excluded.duplicates
        """, cancel, ("resource", switched.Resource), ("mark", switched.Mark), ("subscription", switched.Subscription), ("rows", switched.Rows), ("expected", switched.Expected),
        ("duplicates", switched.Duplicates)), cancel);

    /// <summary>Newest first.</summary>
    public Task<List<ReorganisationEntry>> ListAsync(string? resource, int most, CancellationToken cancel) => store.ReadAsync(session => session.QueryAsync(
        $"SELECT {Columns} FROM bus_reorganisation WHERE {(resource is null ? "1 = 1" : "resource = @resource")} ORDER BY id DESC LIMIT @most", Read, cancel,
        resource is null ? [("most", most)] : [("most", most), ("resource", resource)]), cancel);

    public Task<List<ReorganisationSwitch>> SwitchesAsync(string resource, long mark, CancellationToken cancel) => store.ReadAsync(session => session.QueryAsync(
        "SELECT resource, mark, subscription, target_rows, expected, duplicates FROM bus_reorganisation_switch WHERE resource = @resource AND mark = @mark",
        row => new ReorganisationSwitch(row.GetString(0), row.GetInt64(1), row.GetString(2), row.GetInt64(3), Optional(row, 4), Optional(row, 5)), cancel,
        ("resource", resource), ("mark", mark)), cancel);

    Task<int> InsertAsync(StoreSession session, string resource, ReorganisationNeed need, string state, CancellationToken cancel) => session.ExecuteAsync("""
        INSERT INTO bus_reorganisation (resource, reason, state, detail, since, read_rows, accepted, rejected, mark) VALUES (@resource, @reason, @state, @detail, @now, 0, 0, 0, 0)
        """, cancel, ("resource", resource), ("reason", Reasons.Letter(need.Reason)), ("state", state), ("detail", need.Detail), ("now", Now));

    static ReorganisationEntry Read(DbDataReader row) => new()
    {
        Id = row.GetInt64(0),
        Resource = row.GetString(1),
        Reason = Reasons.Of(row.GetString(2)),
        State = row.GetString(3),
        Detail = row.GetString(4),
        Since = StoreTime.FromUnixMicroseconds(row.GetInt64(5)),
        NotifiedBy = row.IsDBNull(6) ? null : row.GetString(6),
        NotifiedAt = Moment(row, 7),
        BeganAt = Moment(row, 8),
        EndedAt = Moment(row, 9),
        Read = row.GetInt64(10),
        Accepted = row.GetInt64(11),
        Rejected = row.GetInt64(12),
        Mark = row.GetInt64(13),
    };

    static long? Optional(DbDataReader row, int at) => row.IsDBNull(at) ? null : row.GetInt64(at);

    static DateTimeOffset? Moment(DbDataReader row, int at) => row.IsDBNull(at) ? null : StoreTime.FromUnixMicroseconds(row.GetInt64(at));
}
