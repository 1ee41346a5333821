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
    public async Task A_connection_without_limits_needs_no_turn()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var turns = await TurnsAsync(fixture);
        var taken = new List<ConnectionTurn>();
        for (var at = 0; at < 50; at++) taken.Add(await turns.TakeAsync(Limited(null), null, Cancel));
        Assert.IsTrue(taken.TrueForAll(turn => turn == ConnectionTurn.Free));
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
