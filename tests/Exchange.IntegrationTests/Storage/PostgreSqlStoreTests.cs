using System.Data.Common;
using Exchange.Contracts.Errors;
using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Exchange.IntegrationTests.Storage;

[TestClass]
public sealed class PostgreSqlStoreTests : StoreContract
{
    protected override StoreEngine Engine => StoreEngine.PostgreSql;

    protected override DbException TransientFault() => new PostgresException("could not serialize access", "ERROR", "ERROR", PostgresErrorCodes.SerializationFailure);

    [TestMethod]
    public async Task Two_writes_that_deadlock_both_succeed()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var store = await StoreWithTableAsync(fixture);
        await InsertAsync(store, 1);
        await InsertAsync(store, 2);
        using var met = new Barrier(2);
        var runs = 0;

        async Task<int> CrossAsync(int first, int second) => await store.WriteAsync(async session =>
        {
            await HitAsync(session, first);
            // Both hold their first row before either asks for its second one; a second attempt meets nobody.
            if (Interlocked.Increment(ref runs) <= 2) met.SignalAndWait(TestContext.CancellationToken);
            return await HitAsync(session, second);
        }, TestContext.CancellationToken);

        await Task.WhenAll(Task.Run(() => CrossAsync(1, 2), TestContext.CancellationToken), Task.Run(() => CrossAsync(2, 1), TestContext.CancellationToken));
        Assert.IsGreaterThan(2, runs);
        Assert.AreEqual(4L, await store.ReadAsync(session => session.ScalarAsync<long>("SELECT sum(hits) FROM item", TestContext.CancellationToken), TestContext.CancellationToken));
    }

    [TestMethod]
    public async Task A_connection_that_is_cut_before_the_commit_costs_another_attempt_only()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var store = await StoreWithTableAsync(fixture);
        var runs = 0;
        await store.WriteAsync(async session =>
        {
            if (++runs == 1)
            {
                var backend = await session.ScalarAsync<int>("SELECT pg_backend_pid()", TestContext.CancellationToken);
                await fixture.Database.ExecuteAsync($"SELECT pg_terminate_backend({backend})");
            }

            return await session.ExecuteAsync("INSERT INTO item (id, text) VALUES (1, 'x')", TestContext.CancellationToken);
        }, TestContext.CancellationToken);
        Assert.AreEqual(2, runs);
        Assert.AreEqual(1L, await CountAsync(store));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task A_connection_that_is_cut_during_the_commit_is_told_and_the_work_is_not_done_again(bool lastStatement)
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var store = await StoreWithTableAsync(fixture);
        await fixture.Database.ExecuteAsync("""
            CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON item DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut();
            """);
        var runs = 0;
        var told = await Assert.ThrowsAsync<ExchangeException>(() => store.WriteAsync(async session =>
        {
            runs++;
            const string Insert = "INSERT INTO item (id, text) VALUES (1, 'x')";
            if (lastStatement) session.CommitWith(Insert);
            // Otherwise nothing but the last statement would have been sent, which commits by itself.
            return lastStatement ? await session.ScalarAsync<int>("SELECT 1", TestContext.CancellationToken) : await session.ExecuteAsync(Insert, TestContext.CancellationToken);
        }, TestContext.CancellationToken));
        Assert.AreEqual((ErrorCodes.StoreUnreachable, 1, 0L), (told.Code, runs, await CountAsync(store)));
        Assert.Contains("whether it was done is not known", told.Message);
    }

    [TestMethod]
    public async Task A_last_statement_that_the_server_refuses_is_told_as_it_is_and_its_connection_goes_on()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var store = await StoreWithTableAsync(fixture);
        Task<int> WriteAsync(long id, string last) => store.WriteAsync(async session =>
        {
            var backend = await session.ScalarAsync<int>("SELECT pg_backend_pid()", TestContext.CancellationToken);
            session.CommitWith(last, ("@id", id), ("@text", "last"));
            return backend;
        }, TestContext.CancellationToken);

        const string Insert = "INSERT INTO item (id, text) VALUES (@id, @text)";
        // The driver prepares what it meets for the fifth time, the commit too.
        for (var id = 1L; id <= 10; id++)
        {
            var backend = await WriteAsync(id, Insert);
            var refused = await Assert.ThrowsAsync<PostgresException>(() => WriteAsync(id, "INSERT INTO nowhere (id, text) VALUES (@id, @text)"));
            Assert.AreEqual((PostgresErrorCodes.UndefinedTable, backend), (refused.SqlState, await WriteAsync(id + 100, Insert)));
        }

        Assert.AreEqual(20L, await CountAsync(store));
    }

    [TestMethod]
    public async Task A_server_that_is_not_there_is_named_without_the_password()
    {
        var folder = Directory.CreateTempSubdirectory("exchange-store-");
        await using var node = new ServiceCollection().AddStorage(new StoreOptions("postgresql://u:s3cret@127.0.0.1:1/hub?Timeout=2", folder.FullName)).BuildServiceProvider();
        var refused = await Assert.ThrowsExactlyAsync<ExchangeException>(() =>
            node.GetRequiredService<IStore>().ReadAsync(session => session.ScalarAsync<int>("SELECT 1", TestContext.CancellationToken), TestContext.CancellationToken));
        Assert.AreEqual(ErrorCodes.StoreUnreachable, refused.Code);
        Assert.Contains("postgresql://127.0.0.1:1/hub", refused.Message);
        Assert.DoesNotContain("s3cret", refused.ToString());
        folder.Delete();
    }

    Task<int> HitAsync(StoreSession session, int id) => session.ExecuteAsync("UPDATE item SET hits = hits + 1 WHERE id = @id", TestContext.CancellationToken, ("@id", id));
}
