using System.Collections.Concurrent;
using Exchange.Contracts.Errors;

namespace Exchange.Storage;

/// <summary>
/// Leases as rows of bus_lease. A row stays when its lease is released or lost, so that the fence only ever rises. until_at 0 means released. A lease that seems to last longer than any
/// can was made before the clock was set back: it is given to another once it has not been renewed for its duration, by a clock that nobody sets.
/// </summary>
internal sealed class StoreLeases(IStore store, TimeProvider time) : ILeases
{
    readonly ConcurrentDictionary<string, (long Fence, long Until, long Since)> _tooLong = new(StringComparer.Ordinal);
    readonly StoreClock _clock = new(time);
    readonly string _owner = $"{Environment.MachineName}/{Environment.ProcessId}";

    public static IReadOnlyList<Migration> Migrations { get; } =
    [
        new("storage", 1, "leases", "CREATE TABLE bus_lease (name text PRIMARY KEY, fence bigint NOT NULL, owner text NOT NULL, until_at bigint NOT NULL)"),
    ];

    public async Task<Lease?> TryAcquireAsync(string name, TimeSpan duration, CancellationToken cancel)
    {
        // Looking first keeps those who can't have it from queueing behind the holder's transactions.
        var dead = 0L;
        if (await LookAsync(name, cancel) is { } now && now.Left > 0 && !IsDead(name, now, duration, out dead)) return null;

        var fence = await store.WriteAsync(session => session.ScalarAsync<long?>($"""
            INSERT INTO bus_lease (name, fence, owner, until_at) VALUES (@name, 1, @owner, {StoreClock.Now(session)} + @duration)
            ON CONFLICT (name) DO UPDATE SET fence = bus_lease.fence + 1, owner = excluded.owner, until_at = excluded.until_at
            WHERE bus_lease.until_at <= {StoreClock.Now(session)} OR bus_lease.until_at = @dead
            RETURNING fence
            """, cancel, ("@name", name), ("@owner", _owner), ("@duration", Microseconds(duration)), ("@dead", dead), _clock.Parameter(session)), cancel);
        return fence is { } held ? new Lease(name, held, _owner) : null;
    }

    public async Task<bool> RenewAsync(Lease lease, TimeSpan duration, CancellationToken cancel) => await store.WriteAsync(session => session.ExecuteAsync(
        $"UPDATE bus_lease SET until_at = {StoreClock.Now(session)} + @duration WHERE name = @name AND fence = @fence AND until_at > 0", cancel,
        ("@name", lease.Name), ("@fence", lease.Fence), ("@duration", Microseconds(duration)), _clock.Parameter(session)), cancel) == 1;

    public Task ReleaseAsync(Lease lease, CancellationToken cancel) => store.WriteAsync(session => session.ExecuteAsync(
        "UPDATE bus_lease SET until_at = 0 WHERE name = @name AND fence = @fence", cancel, ("@name", lease.Name), ("@fence", lease.Fence)), cancel);

    public async Task AssertHeldAsync(StoreSession session, Lease lease, CancellationToken cancel)
    {
        if (!session.Writes) throw new InvalidOperationException("A lease can be asserted within a write only.");
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

    async Task<(long Fence, long Until, long Left)?> LookAsync(string name, CancellationToken cancel)
    {
        var found = await store.ReadAsync(session => session.QueryAsync($"SELECT fence, until_at, until_at - {StoreClock.Now(session)} FROM bus_lease WHERE name = @name",
            row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)), cancel, ("@name", name), _clock.Parameter(session)), cancel);
        return found.Count > 0 ? found[0] : null;
    }

    /// <summary>Whether a lease was made before the clock was set back and its holder has not renewed it since we look.</summary>
    bool IsDead(string name, (long Fence, long Until, long Left) seen, TimeSpan duration, out long until)
    {
        until = 0;
        if (seen.Left <= Microseconds(duration + Slack))
        {
            _tooLong.TryRemove(name, out _);
            return false;
        }

        if (!_tooLong.TryGetValue(name, out var before) || before.Fence != seen.Fence || before.Until != seen.Until)
        {
            _tooLong[name] = (seen.Fence, seen.Until, time.GetTimestamp());
            return false;
        }

        until = seen.Until;
        return time.GetElapsedTime(before.Since) >= duration;
    }

    /// <summary>What clocks may differ by where a lease's end is reckoned by one and looked at by another.</summary>
    static readonly TimeSpan Slack = TimeSpan.FromSeconds(1);

    static long Microseconds(TimeSpan duration) => duration > TimeSpan.Zero
        ? duration.Ticks / TimeSpan.TicksPerMicrosecond
        : throw new ArgumentOutOfRangeException(nameof(duration), duration, "A lease lasts longer than nothing.");
}
