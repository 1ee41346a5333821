using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.IntegrationTests.Storage;

/// <summary>What signals must hold on every engine.</summary>
public abstract class SignalContract
{
    static readonly TimeSpan Long = TimeSpan.FromMinutes(10);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public TestContext TestContext { get; set; } = null!;

    protected abstract StoreEngine Engine { get; }

    CancellationToken Cancel => TestContext.CancellationToken;

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(9_999)]
    [DataRow(2_000_000)]
    public async Task A_wait_ends_when_its_time_has_passed_however_short(int ticks)
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        await using var listener = fixture.Node().GetRequiredService<IStoreSignals>().Listen("x");
        Assert.IsTrue(await listener.WaitAsync(Long, Cancel));
        Assert.IsFalse(await listener.WaitAsync(TimeSpan.FromTicks(ticks), Cancel).WaitAsync(Patience, Cancel));
    }

    [TestMethod]
    public async Task A_raise_wakes_listeners_of_this_node_and_of_another()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = fixture.Node();
        await node.GetRequiredService<IMigrations>().MigrateAsync([], Cancel);
        await using var here = node.GetRequiredService<IStoreSignals>().Listen("x");
        await using var there = fixture.Node().GetRequiredService<IStoreSignals>().Listen("x");
        await Task.WhenAll(here.WaitAsync(Long, Cancel), there.WaitAsync(Long, Cancel));
        await RaiseAsync(node);
        Assert.IsTrue(await here.WaitAsync(Long, Cancel).WaitAsync(Patience, Cancel));
        Assert.IsTrue(await there.WaitAsync(Long, Cancel).WaitAsync(Patience, Cancel));
    }

    [TestMethod]
    public async Task A_write_that_is_undone_wakes_nobody()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = fixture.Node();
        await node.GetRequiredService<IMigrations>().MigrateAsync([], Cancel);
        await using var listener = node.GetRequiredService<IStoreSignals>().Listen("x");
        await listener.WaitAsync(Long, Cancel);
        await Assert.ThrowsExactlyAsync<InvalidDataException>(() => node.GetRequiredService<IStore>().WriteAsync<int>(async session =>
        {
            await node.GetRequiredService<IStoreSignals>().RaiseAsync(session, "x", Cancel);
            throw new InvalidDataException();
        }, Cancel));
        Assert.IsFalse(await listener.WaitAsync(TimeSpan.FromMilliseconds(300), Cancel));
    }

    Task<int> RaiseAsync(ServiceProvider node) => node.GetRequiredService<IStore>().WriteAsync(async session =>
    {
        // A change of the file: what another process sees of a SQLite write.
        await session.ExecuteAsync("INSERT INTO bus_lease (name, fence, owner, until_at) VALUES ('x', 1, 'o', 0)", Cancel);
        await node.GetRequiredService<IStoreSignals>().RaiseAsync(session, "x", Cancel);
        return 0;
    }, Cancel);
}

[TestClass]
public sealed class SqliteSignalTests : SignalContract
{
    protected override StoreEngine Engine => StoreEngine.Sqlite;
}

[TestClass]
public sealed class PostgreSqlSignalTests : SignalContract
{
    protected override StoreEngine Engine => StoreEngine.PostgreSql;
}
