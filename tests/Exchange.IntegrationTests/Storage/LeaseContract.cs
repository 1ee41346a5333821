using Exchange.Contracts.Errors;
using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.IntegrationTests.Storage;

/// <summary>What leases must hold on every engine.</summary>
public abstract class LeaseContract
{
    const string Name = "source:check-action";
    static readonly TimeSpan Duration = TimeSpan.FromMinutes(1);

    public TestContext TestContext { get; set; } = null!;

    protected abstract StoreEngine Engine { get; }

    CancellationToken Cancel => TestContext.CancellationToken;

    [TestMethod]
    public async Task Of_many_who_ask_at_once_one_gets_it()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var leases = await NodesAsync(fixture, 4);
        for (var round = 1; round <= 5; round++)
        {
            var got = await Task.WhenAll(Enumerable.Range(0, 16).Select(at => Task.Run(() => leases[at % leases.Length].TryAcquireAsync(Name, Duration, Cancel), Cancel)));
            var winner = got.Single(lease => lease is not null)!;
            Assert.AreEqual(round, winner.Fence);
            await leases[0].ReleaseAsync(winner, Cancel);
        }
    }

    [TestMethod]
    public async Task Who_is_refused_learns_who_holds_it()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var leases = await NodesAsync(fixture, 2);
        Assert.IsNull(await leases[1].HolderAsync(Name, Cancel));
        var lease = await leases[0].TryAcquireAsync(Name, Duration, Cancel);
        Assert.IsNull(await leases[1].TryAcquireAsync(Name, Duration, Cancel));
        Assert.AreEqual(lease!.Owner, await leases[1].HolderAsync(Name, Cancel));
        Assert.IsNotNull(await leases[1].TryAcquireAsync("source:other", Duration, Cancel));
    }

    [TestMethod]
    public async Task An_expired_lease_goes_to_the_next_with_a_higher_fence_and_its_old_holder_can_write_nothing()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = fixture.Node();
        var leases = await NodesAsync(fixture, 2);
        var old = (await leases[0].TryAcquireAsync(Name, Duration, Cancel))!;
        await ExpireAsync(fixture);
        var taken = (await leases[1].TryAcquireAsync(Name, Duration, Cancel))!;
        Assert.IsGreaterThan(old.Fence, taken.Fence);

        var store = node.GetRequiredService<IStore>();
        var lost = await Assert.ThrowsExactlyAsync<ExchangeException>(() => AssertHeldAsync(store, leases[0], old));
        Assert.AreEqual(ErrorCodes.LeaseLost, lost.Code);
        Assert.IsFalse(await leases[0].RenewAsync(old, Duration, Cancel));
        await leases[0].ReleaseAsync(old, Cancel);
        await AssertHeldAsync(store, leases[1], taken);
    }

    [TestMethod]
    public async Task A_renewed_lease_outlives_its_first_term()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var leases = await NodesAsync(fixture, 2);
        var lease = (await leases[0].TryAcquireAsync(Name, Duration, Cancel))!;
        await ExpireAsync(fixture);
        Assert.IsTrue(await leases[0].RenewAsync(lease, Duration, Cancel));
        Assert.IsNull(await leases[1].TryAcquireAsync(Name, Duration, Cancel));
    }

    [TestMethod]
    public async Task A_released_lease_is_held_by_nobody_and_its_fence_still_rises()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var leases = await NodesAsync(fixture, 1);
        var first = (await leases[0].TryAcquireAsync(Name, Duration, Cancel))!;
        await leases[0].ReleaseAsync(first, Cancel);
        Assert.IsNull(await leases[0].HolderAsync(Name, Cancel));
        Assert.IsFalse(await leases[0].RenewAsync(first, Duration, Cancel));
        await Assert.ThrowsExactlyAsync<ExchangeException>(() => AssertHeldAsync(fixture.Node().GetRequiredService<IStore>(), leases[0], first));
        Assert.AreEqual(first.Fence + 1, (await leases[0].TryAcquireAsync(Name, Duration, Cancel))!.Fence);
    }

    [TestMethod]
    public async Task Nobody_takes_over_while_a_write_that_asserted_it_is_open()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var store = fixture.Node().GetRequiredService<IStore>();
        var leases = await NodesAsync(fixture, 2);
        var lease = (await leases[0].TryAcquireAsync(Name, Duration, Cancel))!;
        Task<Lease?>? other = null;
        await store.WriteAsync(async session =>
        {
            await leases[0].AssertHeldAsync(session, lease, Cancel);
            if (Engine == StoreEngine.Sqlite) await ExpireAsync(fixture);
            // Without flow: the other node is no part of this write.
            using (ExecutionContext.SuppressFlow()) other = Task.Run(() => leases[1].TryAcquireAsync(Name, Duration, Cancel), Cancel);
            if (Engine == StoreEngine.Sqlite) await Assert.ThrowsExactlyAsync<TimeoutException>(() => other.WaitAsync(TimeSpan.FromMilliseconds(300), Cancel));
            return 0;
        }, Cancel);
        var taken = await other!;
        Assert.AreEqual(Engine == StoreEngine.Sqlite, taken is not null);
    }

    [TestMethod]
    public async Task A_clock_that_is_set_back_keeps_a_dead_holders_lease_no_longer_than_its_duration_and_takes_none_from_a_living_one()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var leases = await NodesAsync(fixture, 2);
        var lease = (await leases[0].TryAcquireAsync(Name, Duration, Cancel))!;
        await SetClockBackAsync(fixture);
        Assert.IsNull(await leases[1].TryAcquireAsync(Name, Duration, Cancel));
        Assert.IsTrue(await leases[0].RenewAsync(lease, Duration, Cancel));
        fixture.Time.Advance(Duration / 2);
        Assert.IsNull(await leases[1].TryAcquireAsync(Name, Duration, Cancel), "it was renewed by the new clock");
        await leases[0].RenewAsync(lease, Duration, Cancel);

        await SetClockBackAsync(fixture);
        Assert.IsNull(await leases[1].TryAcquireAsync(Name, Duration, Cancel));
        fixture.Time.Advance(Duration / 2);
        Assert.IsNull(await leases[1].TryAcquireAsync(Name, Duration, Cancel));
        fixture.Time.Advance(Duration / 2);
        Assert.AreEqual(lease.Fence + 1, (await leases[1].TryAcquireAsync(Name, Duration, Cancel))!.Fence);
    }

    [TestMethod]
    public async Task A_lease_is_asserted_within_a_write_only()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var leases = await NodesAsync(fixture, 1);
        var lease = (await leases[0].TryAcquireAsync(Name, Duration, Cancel))!;
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => fixture.Node().GetRequiredService<IStore>().ReadAsync(async session =>
        {
            await leases[0].AssertHeldAsync(session, lease, Cancel);
            return 0;
        }, Cancel));
    }

    /// <summary>Lets a lease's term pass: on the clock (SQLite), or by setting the row back (PostgreSQL, where the server's clock counts).</summary>
    private protected abstract Task ExpireAsync(StoreFixture fixture);

    /// <summary>By an hour.</summary>
    private protected abstract Task SetClockBackAsync(StoreFixture fixture);

    Task<int> AssertHeldAsync(IStore store, ILeases leases, Lease lease) => store.WriteAsync(async session =>
    {
        await leases.AssertHeldAsync(session, lease, Cancel);
        return 0;
    }, Cancel);

    async Task<ILeases[]> NodesAsync(StoreFixture fixture, int count)
    {
        await fixture.Node().GetRequiredService<IMigrations>().MigrateAsync([], Cancel);
        return [.. Enumerable.Range(0, count).Select(_ => fixture.Node().GetRequiredService<ILeases>())];
    }
}

[TestClass]
public sealed class SqliteLeaseTests : LeaseContract
{
    protected override StoreEngine Engine => StoreEngine.Sqlite;

    private protected override Task ExpireAsync(StoreFixture fixture)
    {
        fixture.Time.Advance(TimeSpan.FromMinutes(2));
        return Task.CompletedTask;
    }

    private protected override Task SetClockBackAsync(StoreFixture fixture)
    {
        fixture.Time.AdjustTime(fixture.Time.GetUtcNow() - TimeSpan.FromHours(1));
        return Task.CompletedTask;
    }
}

[TestClass]
public sealed class PostgreSqlLeaseTests : LeaseContract
{
    protected override StoreEngine Engine => StoreEngine.PostgreSql;

    private protected override Task ExpireAsync(StoreFixture fixture) => fixture.Database.ExecuteAsync("UPDATE bus_lease SET until_at = until_at - 120000000");

    private protected override Task SetClockBackAsync(StoreFixture fixture) => fixture.Database.ExecuteAsync("UPDATE bus_lease SET until_at = until_at + 3600000000");

    [TestMethod]
    public async Task A_takeover_waits_for_the_open_write_of_the_old_holder()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        await fixture.Node().GetRequiredService<IMigrations>().MigrateAsync([], TestContext.CancellationToken);
        var (one, other) = (fixture.Node(), fixture.Node().GetRequiredService<ILeases>());
        var leases = one.GetRequiredService<ILeases>();
        var lease = (await leases.TryAcquireAsync("x", TimeSpan.FromMinutes(1), TestContext.CancellationToken))!;
        await ExpireAsync(fixture);
        Task<Lease?>? taking = null;
        await one.GetRequiredService<IStore>().WriteAsync(async session =>
        {
            await leases.AssertHeldAsync(session, lease, TestContext.CancellationToken);
            using (ExecutionContext.SuppressFlow()) taking = Task.Run(() => other.TryAcquireAsync("x", TimeSpan.FromMinutes(1), TestContext.CancellationToken), TestContext.CancellationToken);
            await Assert.ThrowsExactlyAsync<TimeoutException>(() => taking.WaitAsync(TimeSpan.FromMilliseconds(300), TestContext.CancellationToken));
            return 0;
        }, TestContext.CancellationToken);
        Assert.AreEqual(lease.Fence + 1, (await taking!)!.Fence);
    }
}
