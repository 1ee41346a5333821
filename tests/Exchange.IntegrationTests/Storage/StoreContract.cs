using System.Data.Common;
using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.IntegrationTests.Storage;

/// <summary>What every engine of the store must hold.</summary>
public abstract class StoreContract
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public TestContext TestContext { get; set; } = null!;

    protected abstract StoreEngine Engine { get; }

    CancellationToken Cancel => TestContext.CancellationToken;

    [TestMethod]
    public async Task A_committed_write_is_seen_by_every_node()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var (one, other) = (await StoreWithTableAsync(fixture), Store(fixture));
        await one.WriteAsync(session => session.ExecuteAsync("INSERT INTO item (id, text) VALUES (@id, @text)", Cancel, ("@id", 1L), ("@text", "检查")), Cancel);
        Assert.AreEqual("检查", await other.ReadAsync(session => session.ScalarAsync<string>("SELECT text FROM item WHERE id = @id", Cancel, ("@id", 1L)), Cancel));
    }

    [TestMethod]
    public async Task An_exception_undoes_everything()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var store = await StoreWithTableAsync(fixture);
        await Assert.ThrowsExactlyAsync<InvalidDataException>(() => store.WriteAsync<int>(async session =>
        {
            await session.ExecuteAsync("INSERT INTO item (id, text) VALUES (1, 'lost')", Cancel);
            throw new InvalidDataException();
        }, Cancel));
        Assert.AreEqual(0L, await CountAsync(store));
    }

    [TestMethod]
    public async Task The_last_statement_of_a_write_is_committed_with_it_and_undoes_it_when_it_fails()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var store = await StoreWithTableAsync(fixture);
        for (var id = 1L; id <= 2; id++)
        {
            var told = await store.WriteAsync(session =>
            {
                session.CommitWith("INSERT INTO item (id, text) VALUES (@id, @text)", ("@id", id), ("@text", "last"));
                Assert.ThrowsExactly<InvalidOperationException>(() => session.CommitWith("SELECT 1"));
                return Task.FromResult(id);
            }, Cancel);
            Assert.AreEqual((id, id), (told, await CountAsync(store)));
        }

        await Assert.ThrowsAsync<DbException>(() => store.WriteAsync(async session =>
        {
            await session.ExecuteAsync("INSERT INTO item (id, text) VALUES (3, 'undone')", Cancel);
            session.CommitWith("INSERT INTO item (id, text) VALUES (1, 'there is one')");
            session.AfterCommit(() => Assert.Fail("It was not committed."));
            return 0;
        }, Cancel));
        Assert.AreEqual(2L, await CountAsync(store));
        await InsertAsync(store, 3);
        await store.ReadAsync(session => Task.FromResult(Assert.ThrowsExactly<InvalidOperationException>(() => session.CommitWith("SELECT 1"))), Cancel);
    }

    [TestMethod]
    public async Task A_session_that_is_kept_past_its_write_writes_nothing_into_the_next_one()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var store = await StoreWithTableAsync(fixture);
        StoreSession? kept = null;
        await store.WriteAsync(session => (kept = session).ExecuteAsync("INSERT INTO item (id, text) VALUES (1, 'first')", Cancel), Cancel);
        await store.WriteAsync(async session =>
        {
            var written = await session.ExecuteAsync("INSERT INTO item (id, text) VALUES (2, 'second')", Cancel);
            await Assert.ThrowsAsync<InvalidOperationException>(() => kept!.ExecuteAsync("INSERT INTO item (id, text) VALUES (3, 'stray')", Cancel));
            return written;
        }, Cancel);
        Assert.AreEqual(2L, await CountAsync(store));
    }

    [TestMethod]
    public async Task A_cancelled_write_undoes_everything_and_leaves_the_store_usable()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var store = await StoreWithTableAsync(fixture);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAsync<OperationCanceledException>(() => store.WriteAsync(async session =>
        {
            var changed = await session.ExecuteAsync("INSERT INTO item (id, text) VALUES (1, 'lost')", stop.Token);
            await stop.CancelAsync();
            return changed;
        }, stop.Token));
        await InsertAsync(store, 2);
        Assert.AreEqual(1L, await CountAsync(store));
    }

    [TestMethod]
    public async Task A_reader_sees_nothing_of_an_open_write_and_does_not_wait_for_it()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var store = await StoreWithTableAsync(fixture);
        var seen = await store.WriteAsync(async session =>
        {
            await session.ExecuteAsync("INSERT INTO item (id, text) VALUES (1, 'open')", Cancel);
            return await CountAsync(store);
        }, Cancel);
        Assert.AreEqual(0L, seen);
    }

    [TestMethod]
    public async Task Many_writers_on_two_nodes_lose_no_update()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var one = await StoreWithTableAsync(fixture);
        IStore[] stores = [one, Store(fixture)];
        await InsertAsync(one, 1);
        await Task.WhenAll(Enumerable.Range(0, 40).Select(at => Task.Run(() => stores[at % 2].WriteAsync(session =>
            session.ExecuteAsync("UPDATE item SET hits = hits + 1 WHERE id = 1", Cancel), Cancel), Cancel))).WaitAsync(Patience, Cancel);
        Assert.AreEqual(40L, await one.ReadAsync(session => session.ScalarAsync<long>("SELECT hits FROM item WHERE id = 1", Cancel), Cancel));
    }

    [TestMethod]
    public async Task A_transient_fault_runs_the_work_again_on_a_clean_transaction()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var store = await StoreWithTableAsync(fixture);
        var runs = 0;
        await store.WriteAsync(async session =>
        {
            await InsertAsync(session, ++runs);
            if (runs < 3) throw TransientFault();
            return 0;
        }, Cancel);
        Assert.AreEqual(3, runs);
        Assert.AreEqual(1L, await CountAsync(store));
    }

    [TestMethod]
    public async Task A_fault_that_stays_is_given_up_after_a_few_attempts()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var store = await StoreWithTableAsync(fixture);
        var runs = 0;
        await Assert.ThrowsAsync<DbException>(() => store.WriteAsync<int>(_ =>
        {
            runs++;
            throw TransientFault();
        }, Cancel));
        Assert.IsInRange(2, 10, runs);
    }

    [TestMethod]
    public async Task A_broken_constraint_is_not_tried_again()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var store = await StoreWithTableAsync(fixture);
        await InsertAsync(store, 1);
        var runs = 0;
        await Assert.ThrowsAsync<DbException>(() => store.WriteAsync(session =>
        {
            runs++;
            return InsertAsync(session, 1);
        }, Cancel));
        Assert.AreEqual(1, runs);
    }

    [TestMethod]
    public async Task A_write_within_a_write_is_refused_instead_of_waiting_for_itself()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var store = await StoreWithTableAsync(fixture);
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => store.WriteAsync(async _ =>
        {
            await InsertAsync(store, 1);
            return 0;
        }, Cancel));
        await InsertAsync(store, 2);
        Assert.AreEqual(1L, await CountAsync(store));
    }

    [TestMethod]
    public async Task Flags_bytes_and_nulls_come_back_as_they_were()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var store = await StoreWithTableAsync(fixture);
        await store.WriteAsync(session => session.ExecuteAsync("INSERT INTO item (id, hits, data) VALUES (@id, @flag, @data)", Cancel,
            ("@id", long.MaxValue), ("@flag", true), ("@data", new byte[] { 0, 255 })), Cancel);
        var row = (await store.ReadAsync(session => session.QueryAsync("SELECT id, hits, data, text FROM item",
            read => (read.GetInt64(0), read.GetInt64(1), Convert.ToHexString((byte[])read.GetValue(2)), read.IsDBNull(3)), Cancel), Cancel)).Single();
        Assert.AreEqual((long.MaxValue, 1L, "00FF", true), row);
    }

    /// <summary>What the engine's driver throws when the work should be done again.</summary>
    protected abstract DbException TransientFault();

    private protected async Task<IStore> StoreWithTableAsync(StoreFixture fixture)
    {
        var node = fixture.Node();
        await node.GetRequiredService<IMigrations>().MigrateAsync(
            [new Migration("test", 1, "items", "CREATE TABLE item (id bigint PRIMARY KEY, text text NULL, hits bigint NOT NULL DEFAULT 0, data {bytes} NULL)")], Cancel);
        return node.GetRequiredService<IStore>();
    }

    static IStore Store(StoreFixture fixture) => fixture.Node().GetRequiredService<IStore>();

    protected Task<int> InsertAsync(IStore store, long id) => store.WriteAsync(session => InsertAsync(session, id), Cancel);

    Task<int> InsertAsync(StoreSession session, long id) => session.ExecuteAsync("INSERT INTO item (id, text) VALUES (@id, 'x')", Cancel, ("@id", id));

    protected Task<long> CountAsync(IStore store) => store.ReadAsync(session => session.ScalarAsync<long>("SELECT count(*) FROM item", Cancel), Cancel);
}
