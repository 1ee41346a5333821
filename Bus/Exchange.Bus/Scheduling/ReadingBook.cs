using System.Data.Common;
using Exchange.Storage;

namespace Exchange.Bus.Scheduling;

/// <summary>What schedules ask of one resource. At most one reading waits while one goes on, however many fires come.</summary>
internal sealed record Reading
{
    public required string Resource { get; init; }
    /// <summary>What fires have asked for since the reading that goes on began.</summary>
    public ReadKind Wanted { get; init; }
    /// <summary>What a node has taken up and nobody has ended: when that node is gone, another one goes on with it.</summary>
    public ReadKind Running { get; init; }
    /// <summary>Whether the source's position already says that a full is wanted: asked once, a full that was begun is gone on with.</summary>
    public bool FullAsked { get; init; }
    /// <summary>How often it was tried in vain.</summary>
    public int Failures { get; init; }
    /// <summary>Not to be tried before; null: at once.</summary>
    public DateTimeOffset? NotBefore { get; init; }
    /// <summary>When it was first tried in vain; null: it was not.</summary>
    public DateTimeOffset? FailingSince { get; init; }
    /// <summary>The connection that did not answer, where that is what it waits for; else empty.</summary>
    public string WaitsFor { get; init; } = "";
}

/// <summary>
/// Table bus_reading: what schedules have asked for, a row a resource. Taken up and ended under the lease <c>reading:RESOURCE</c>; a node that is killed leaves its row as it was, and whoever
/// gets the lease next goes on. Safe for concurrent callers.
/// </summary>
internal sealed class ReadingBook(IStore store, ILeases leases)
{
    /// <summary>The lease under which a resource is read for its schedules.</summary>
    public static string LeaseName(string resource) => $"reading:{resource}";

    /// <summary>Resources whose reading waits or was left by a node, and may be tried at that moment.</summary>
    public Task<IReadOnlyList<string>> OpenAsync(DateTimeOffset now, CancellationToken cancel) => store.ReadAsync<IReadOnlyList<string>>(async session => await session.QueryAsync(
        "SELECT resource FROM bus_reading WHERE (wanted <> '' OR running <> '') AND not_before <= @now ORDER BY resource", row => row.GetString(0), cancel, ("now", now.ToUnixMicroseconds())), cancel);

    public Task<Reading?> FindAsync(string resource, CancellationToken cancel) => store.ReadAsync(session => FindAsync(session, resource, locked: false, cancel), cancel);

    /// <summary>Takes up what is asked for: what waits joins what was left.</summary>
    /// <returns>The reading that goes on; null: there is nothing to do now.</returns>
    public Task<Reading?> TakeAsync(Lease lease, string resource, DateTimeOffset now, string node, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        await leases.AssertHeldAsync(session, lease, cancel);
        if (await FindAsync(session, resource, locked: true, cancel) is not { } reading || reading is { Wanted: ReadKind.None, Running: ReadKind.None } || reading.NotBefore > now) return null;
        // A full that was begun is not thrown away for a newer one: that one follows.
        var follows = reading is { Running: ReadKind.Full, FullAsked: true, Wanted: ReadKind.Full };
        if (!follows && reading.Wanted != ReadKind.None)
        {
            reading = reading with
            {
                Running = ScheduleBook.Stronger(reading.Running, reading.Wanted),
                FullAsked = reading.FullAsked && reading.Wanted != ReadKind.Full,
                Wanted = ReadKind.None,
            };
            await SaveAsync(session, reading, cancel);
        }

        IReadOnlyList<FireOutcome> open = follows ? [FireOutcome.Running, FireOutcome.Failed, FireOutcome.Held] : [FireOutcome.Waiting, FireOutcome.Running, FireOutcome.Failed, FireOutcome.Held];
        await ScheduleBook.TellAsync(session, resource, open, FireOutcome.Running, 0, node, cancel);
        return reading;
    }, cancel);

    /// <summary>Notes, inside the write that says so to the source's position, that the full was asked for.</summary>
    public async Task FullAskedAsync(StoreSession session, Lease lease, string resource, CancellationToken cancel)
    {
        await leases.AssertHeldAsync(session, lease, cancel);
        await session.ExecuteAsync("UPDATE bus_reading SET full_asked = 1 WHERE resource = @resource", cancel, ("resource", resource));
    }

    /// <summary>Ends a reading for good.</summary>
    /// <param name="lease">The reading's.</param>
    /// <param name="resource">The resource.</param>
    /// <param name="outcome">What its fires came to.</param>
    /// <param name="run">The run; 0: none was begun.</param>
    /// <param name="node">This node.</param>
    /// <param name="cancel">Stops.</param>
    public Task EndAsync(Lease lease, string resource, FireOutcome outcome, long run, string node, CancellationToken cancel) => ChangeAsync(lease, resource, outcome, run, node,
        reading => reading with { Running = ReadKind.None, FullAsked = false, Failures = 0, NotBefore = null, FailingSince = null, WaitsFor = "" }, cancel);

    /// <summary>Leaves a reading that a fault has ended to be tried again, by whichever node comes first; a fire tries it at once.</summary>
    /// <param name="lease">The reading's.</param>
    /// <param name="reading">As it was taken up, with when it is tried again and what it waits for.</param>
    /// <param name="outcome">What its fires came to.</param>
    /// <param name="run">The run; 0: none was begun.</param>
    /// <param name="node">This node.</param>
    /// <param name="cancel">Stops.</param>
    public Task FailAsync(Lease lease, Reading reading, FireOutcome outcome, long run, string node, CancellationToken cancel) => ChangeAsync(lease, reading.Resource, outcome, run, node,
        now => now with { Failures = now.Failures + 1, NotBefore = reading.NotBefore, FailingSince = reading.FailingSince, WaitsFor = reading.WaitsFor }, cancel);

    /// <summary>The row of a resource, made where it is missing and kept from others until the caller's write ends.</summary>
    public static async Task<Reading> LockAsync(StoreSession session, string resource, CancellationToken cancel)
    {
        await session.ExecuteAsync("""
            INSERT INTO bus_reading (resource, wanted, running, full_asked, failures, not_before) VALUES (@resource, '', '', 0, 0, 0)
            ON CONFLICT (resource) DO NOTHING
            """, cancel, ("resource", resource));
        return (await FindAsync(session, resource, locked: true, cancel))!;
    }

    public static Task<int> SaveAsync(StoreSession session, Reading reading, CancellationToken cancel) => session.ExecuteAsync("""
        UPDATE bus_reading SET wanted = @wanted, running = @running, full_asked = @asked, failures = @failures, not_before = @before, failing_since = @since, waits_for = @waits WHERE resource = @resource
        """, cancel, ("wanted", ScheduleBook.Text(reading.Wanted)), ("running", ScheduleBook.Text(reading.Running)), ("asked", reading.FullAsked), ("failures", reading.Failures),
        ("before", reading.NotBefore?.ToUnixMicroseconds() ?? 0), ("since", reading.FailingSince?.ToUnixMicroseconds() ?? 0), ("waits", reading.WaitsFor), ("resource", reading.Resource));

    /// <summary>Forgets what was asked of resources that have no schedule any more.</summary>
    public static async Task KeepOnlyAsync(StoreSession session, HashSet<string> resources, CancellationToken cancel)
    {
        foreach (var gone in (await session.QueryAsync("SELECT resource FROM bus_reading ORDER BY resource", row => row.GetString(0), cancel)).Where(resource => !resources.Contains(resource)))
            await session.ExecuteAsync("DELETE FROM bus_reading WHERE resource = @resource", cancel, ("resource", gone));
    }

    Task<int> ChangeAsync(Lease lease, string resource, FireOutcome outcome, long run, string node, Func<Reading, Reading> change, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        await leases.AssertHeldAsync(session, lease, cancel);
        if (await FindAsync(session, resource, locked: true, cancel) is not { } reading) return 0;
        await SaveAsync(session, change(reading), cancel);
        return await ScheduleBook.TellAsync(session, resource, [FireOutcome.Running], outcome, run, node, cancel);
    }, cancel);

    static async Task<Reading?> FindAsync(StoreSession session, string resource, bool locked, CancellationToken cancel)
    {
        var locking = locked && session.Engine == StoreEngine.PostgreSql ? " FOR UPDATE" : "";
        return (await session.QueryAsync($"SELECT resource, wanted, running, full_asked, failures, not_before, failing_since, waits_for FROM bus_reading WHERE resource = @resource{locking}", Read, cancel, ("resource", resource))).FirstOrDefault();
    }

    static Reading Read(DbDataReader row) => new()
    {
        Resource = row.GetString(0),
        Wanted = ScheduleBook.Kind(row.GetString(1)),
        Running = ScheduleBook.Kind(row.GetString(2)),
        FullAsked = row.GetInt32(3) != 0,
        Failures = row.GetInt32(4),
        NotBefore = row.GetInt64(5) is var before and > 0 ? StoreTime.FromUnixMicroseconds(before) : null,
        // A program of the version before counts failures and leaves these as they are.
        FailingSince = row.GetInt32(4) > 0 && row.GetInt64(6) is var since and > 0 ? StoreTime.FromUnixMicroseconds(since) : null,
        WaitsFor = row.GetInt32(4) > 0 ? row.GetString(7) : "",
    };
}
