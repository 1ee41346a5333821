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
        var first = await nodes[0].TakeAsync(Limited(2), null, null, Cancel);
        await using var second = await nodes[1].TakeAsync(Limited(2), null, null, Cancel);

        var told = new TaskCompletionSource<string>();
        var third = nodes[1].TakeAsync(Limited(2), null, told.SetResult, Cancel);
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
        for (var at = 0; at < 50; at++) await turns.TakeAsync(Limited(null), null, told => Assert.Fail(told), Cancel);
    }

    [TestMethod]
    public async Task Who_waits_for_a_database_lends_its_place_out_and_has_it_again_with_the_turn()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        using var places = new NodePlaces();
        places.Open(1);
        var (node, other) = (await TurnsAsync(fixture), await TurnsAsync(fixture));
        var elsewhere = await other.TakeAsync(Limited(1), null, null, Cancel);
        using var first = await places.TakeAsync(Cancel);
        var waiting = node.TakeAsync(Limited(1), first, null, Cancel);
        using var second = await places.TakeAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel);

        await elsewhere.DisposeAsync();
        fixture.Time.Advance(TimeSpan.FromMilliseconds(200)); // between two looks for a free turn
        // Who has no place takes no turn: it is free to others.
        await (await other.TakeAsync(Limited(1), null, told => Assert.Fail(told), Cancel)).DisposeAsync();
        Assert.IsFalse(waiting.IsCompleted);
        second.Dispose();
        while (!waiting.IsCompleted)
        {
            fixture.Time.Advance(TimeSpan.FromMilliseconds(200));
            await Task.Yield();
        }

        await using var turn = await waiting;
        Assert.IsFalse(places.AnyFree);
    }

    static Connection Limited(int? concurrency) => new()
    {
        Name = "front", Department = "market", Provider = "sqlite", ConnectionString = "", Limits = concurrency is null ? null : new ConnectionLimits(concurrency, null, null),
    };

    async Task<ConnectionTurns> TurnsAsync(StoreFixture fixture)
    {
        var node = fixture.Node();
        await node.GetRequiredService<IMigrations>().MigrateAsync([], Cancel);
        return new ConnectionTurns(node.GetRequiredService<ILeases>(), fixture.Time);
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
