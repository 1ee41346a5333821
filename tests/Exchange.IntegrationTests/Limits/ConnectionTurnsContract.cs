using Exchange.Bus.Catalogue;
using Exchange.Bus.Limits;
using Exchange.IntegrationTests.Storage;
using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.IntegrationTests.Limits;

/// <summary>What turns at a connection must hold on every store.</summary>
public abstract class ConnectionTurnsContract
{
    public TestContext TestContext { get; set; } = null!;

    protected abstract StoreEngine Engine { get; }

    CancellationToken Cancel => TestContext.CancellationToken;

    [TestMethod]
    public async Task No_more_are_at_a_connection_than_it_allows_over_all_nodes()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        ConnectionTurns[] nodes = [await TurnsAsync(fixture), await TurnsAsync(fixture)];
        var first = await nodes[0].TakeAsync(Limited(2), null, Cancel);
        await using var second = await nodes[1].TakeAsync(Limited(2), null, Cancel);

        var told = new TaskCompletionSource<string>();
        var third = nodes[1].TakeAsync(Limited(2), told.SetResult, Cancel);
        StringAssert.Contains(await told.Task, "connection front allows 2 at once");
        Assert.IsFalse(third.IsCompleted);
        await first.DisposeAsync();
        while (!third.IsCompleted)
        {
            fixture.Time.Advance(TimeSpan.FromMilliseconds(200)); // between two looks for a free turn
            await Task.Yield();
        }

        await (await third).DisposeAsync();
    }

    [TestMethod]
    public async Task A_connection_without_limits_is_open_to_all_while_the_node_is()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var turns = await TurnsAsync(fixture);
        for (var at = 0; at < 50; at++) await turns.TakeAsync(Limited(null), told => Assert.Fail(told), Cancel);
    }

    [TestMethod]
    public async Task A_node_has_no_more_exchanges_under_way_than_it_has_places_and_who_waits_for_a_database_takes_none()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        using var places = new NodePlaces();
        places.Open(2);
        var (node, other) = (await TurnsAsync(fixture, places), await TurnsAsync(fixture));
        await using var elsewhere = await other.TakeAsync(Limited(1), null, Cancel);
        using var givenUp = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var behind = node.TakeAsync(Limited(1), null, givenUp.Token);
        await using var first = await node.TakeAsync(Limited(null), null, Cancel);
        var second = await node.TakeAsync(Limited(null), told => Assert.Fail(told), Cancel);

        var waits = new TaskCompletionSource<string>();
        var third = node.TakeAsync(Limited(null), waits.SetResult, Cancel);
        StringAssert.Contains(await waits.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel), "this node has as many exchanges under way as it may");
        Assert.IsFalse(third.IsCompleted);
        await second.DisposeAsync();
        await (await third).DisposeAsync();
        await givenUp.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => behind);
    }

    [TestMethod]
    public async Task Who_gives_up_waiting_for_a_place_gives_its_turn_back()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        using var places = new NodePlaces();
        places.Open(1);
        var (node, other) = (await TurnsAsync(fixture, places), await TurnsAsync(fixture));
        await using var taken = await node.TakeAsync(Limited(null), null, Cancel);
        using var givenUp = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var waits = new TaskCompletionSource<string>();
        var waiting = node.TakeAsync(Limited(1), waits.SetResult, givenUp.Token);
        await waits.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await givenUp.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => waiting);
        await using var free = await other.TakeAsync(Limited(1), told => Assert.Fail(told), Cancel);
    }

    static Connection Limited(int? concurrency) => new()
    {
        Name = "front", Department = "market", Provider = "sqlite", ConnectionString = "", Limits = concurrency is null ? null : new ConnectionLimits(concurrency, null, null),
    };

    async Task<ConnectionTurns> TurnsAsync(StoreFixture fixture, NodePlaces? places = null)
    {
        var node = fixture.Node();
        await node.GetRequiredService<IMigrations>().MigrateAsync([], Cancel);
        return new ConnectionTurns(node.GetRequiredService<ILeases>(), places ?? new NodePlaces(), fixture.Time);
    }
}

[TestClass]
public sealed class SqliteConnectionTurnsTests : ConnectionTurnsContract
{
    protected override StoreEngine Engine => StoreEngine.Sqlite;
}

[TestClass]
public sealed class PostgreSqlConnectionTurnsTests : ConnectionTurnsContract
{
    protected override StoreEngine Engine => StoreEngine.PostgreSql;
}
