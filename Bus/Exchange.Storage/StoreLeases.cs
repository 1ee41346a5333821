using Exchange.Contracts.Errors;

namespace Exchange.Storage;

/// <summary>
/// Leases as rows of bus_lease. A row stays when its lease is released or lost, so that the fence only ever rises. until_at 0 means released.
/// </summary>
internal sealed class StoreLeases(IStore store, TimeProvider time) : ILeases
{
    readonly StoreClock _clock = new(time);
    readonly string _owner = $"{Environment.MachineName}/{Environment.ProcessId}";

    public static IReadOnlyList<Migration> Migrations { get; } =
    [
        new("storage", 1, "leases", "CREATE TABLE bus_lease (name text PRIMARY KEY, fence bigint NOT NULL, owner text NOT NULL, until_at bigint NOT NULL)"),
    ];

    public async Task<Lease?> TryAcquireAsync(string name, TimeSpan duration, CancellationToken cancel)
    {
        // Looking first keeps those who can't have it from queueing behind the holder's transactions.
        if (await HolderAsync(name, cancel) is not null) return null;

        var fence = await store.WriteAsync(session => session.ScalarAsync<long?>($"""
            INSERT INTO bus_lease (name, fence, owner, until_at) VALUES (@name, 1, @owner, {StoreClock.Now(session)} + @duration)
            ON CONFLICT (name) DO UPDATE SET fence = bus_lease.fence + 1, owner = excluded.owner, until_at = excluded.until_at
            WHERE bus_lease.until_at <= {StoreClock.Now(session)}
            RETURNING fence
            """, cancel, ("@name", name), ("@owner", _owner), ("@duration", Microseconds(duration)), _clock.Parameter(session)), cancel);
        return fence is { } held ? new Lease(name, held, _owner) : null;
    }

    public async Task<bool> RenewAsync(Lease lease, TimeSpan duration, CancellationToken cancel) => await store.WriteAsync(session => session.ExecuteAsync(
        $"UPDATE bus_lease SET until_at = {StoreClock.Now(session)} + @duration WHERE name = @name AND fence = @fence AND until_at > 0", cancel,
        ("@name", lease.Name), ("@fence", lease.Fence), ("@duration", Microseconds(duration)), _clock.Parameter(session)), cancel) == 1;

    public Task ReleaseAsync(Lease lease, CancellationToken cancel) => store.WriteAsync(session => session.ExecuteAsync(
        "UPDATE bus_lease SET until_at = 0 WHERE name = @name AND fence = @fence", cancel, ("@name", lease.Name), ("@fence", lease.Fence)), cancel);

    public async Task AssertHeldAsync(StoreSession session, Lease lease, CancellationToken cancel)
    {
        if (session.Transaction is null) throw new InvalidOperationException("A lease can be asserted within a write only.");
        var locking = session.Engine == StoreEngine.PostgreSql ? " FOR UPDATE" : "";

        // An expired lease that nobody has taken still excludes everybody: its row is locked until this transaction ends.
        var newest = await session.ScalarAsync<long?>("SELECT fence FROM bus_lease WHERE name = @name AND until_at > 0" + locking, cancel, ("@name", lease.Name));
        if (newest != lease.Fence)
        {
            throw new ExchangeException(ErrorCodes.LeaseLost, Party.Hub, $"'{lease.Name}' is no longer held by {lease.Owner}: another process took over after the lease ran out.",
                "Nothing was written. The new holder goes on with the work.");
        }
    }

    public Task<string?> HolderAsync(string name, CancellationToken cancel) => store.ReadAsync(session => session.ScalarAsync<string>(
        $"SELECT owner FROM bus_lease WHERE name = @name AND until_at > {StoreClock.Now(session)}", cancel, ("@name", name), _clock.Parameter(session)), cancel);

    static long Microseconds(TimeSpan duration) => duration > TimeSpan.Zero
        ? duration.Ticks / TimeSpan.TicksPerMicrosecond
        : throw new ArgumentOutOfRangeException(nameof(duration), duration, "A lease lasts longer than nothing.");
}
