using System.Security.Cryptography;
using System.Text;
using Exchange.Contracts.Errors;
using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.IntegrationTests.Storage;

/// <summary>What the migrations must hold on every engine.</summary>
public abstract class MigrationContract
{
    static readonly Migration First = new("test", 1, "people", "CREATE TABLE person (id {identity}, name text NOT NULL, picture {bytes} NULL);\nCREATE INDEX ix_person ON person (name)");
    static readonly Migration Second = new("test", 2, "engine", "{engine:sqlite}CREATE TABLE engine (sqlite text NULL){end}{engine:postgresql}CREATE TABLE engine (postgresql text NULL){end}");

    public TestContext TestContext { get; set; } = null!;

    protected abstract StoreEngine Engine { get; }

    CancellationToken Cancel => TestContext.CancellationToken;

    [TestMethod]
    public async Task A_second_run_changes_nothing()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var migrations = fixture.Node().GetRequiredService<IMigrations>();
        var applied = await migrations.MigrateAsync([First, Second], Cancel);
        CollectionAssert.IsSubsetOf(new[] { First, Second }, applied.ToArray());
        Assert.IsEmpty(await migrations.MigrateAsync([First, Second], Cancel));
        await migrations.CheckAsync([First, Second], Cancel);
    }

    [TestMethod]
    public async Task Only_what_is_missing_is_applied()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var migrations = fixture.Node().GetRequiredService<IMigrations>();
        await migrations.MigrateAsync([First], Cancel);
        CollectionAssert.AreEqual(new[] { Second }, (await migrations.MigrateAsync([First, Second], Cancel)).ToArray());
    }

    [TestMethod]
    public async Task Many_nodes_at_once_apply_each_change_once()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var nodes = Enumerable.Range(0, 6).Select(_ => fixture.Node().GetRequiredService<IMigrations>()).ToArray();
        var applied = await Task.WhenAll(nodes.Select(node => Task.Run(() => node.MigrateAsync([First, Second], Cancel), Cancel)));
        Assert.ContainsSingle(of => of.Count > 0, applied);
    }

    [TestMethod]
    public async Task A_change_that_fails_leaves_nothing_of_itself_or_those_before_it()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var migrations = fixture.Node().GetRequiredService<IMigrations>();
        await Assert.ThrowsAsync<System.Data.Common.DbException>(() => migrations.MigrateAsync([First, new("test", 2, "broken", "CREATE TABLE broken (id bigint); SELECT nothing FROM nowhere")], Cancel));
        Assert.HasCount(3, await migrations.MigrateAsync([First, Second], Cancel));
    }

    [TestMethod]
    public async Task A_store_that_is_newer_than_the_program_is_refused()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var migrations = fixture.Node().GetRequiredService<IMigrations>();
        await migrations.MigrateAsync([First, Second], Cancel);
        Assert.AreEqual(ErrorCodes.StoreOutdated, (await Assert.ThrowsExactlyAsync<ExchangeException>(() => migrations.MigrateAsync([First], Cancel))).Code);
        Assert.AreEqual(ErrorCodes.StoreOutdated, (await Assert.ThrowsExactlyAsync<ExchangeException>(() => migrations.CheckAsync([First], Cancel))).Code);
    }

    [TestMethod]
    public async Task A_store_without_its_tables_is_refused_with_the_cure()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var migrations = fixture.Node().GetRequiredService<IMigrations>();
        var empty = await Assert.ThrowsExactlyAsync<ExchangeException>(() => migrations.CheckAsync([], Cancel));
        await migrations.MigrateAsync([First], Cancel);
        var old = await Assert.ThrowsExactlyAsync<ExchangeException>(() => migrations.CheckAsync([First, Second], Cancel));
        Assert.AreEqual((ErrorCodes.StoreOutdated, ErrorCodes.StoreOutdated), (empty.Code, old.Code));
        Assert.Contains("exchange setup", empty.Next);
        Assert.Contains("exchange setup", old.Next);
    }

    [TestMethod]
    public async Task A_change_that_was_applied_with_another_content_is_refused()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var migrations = fixture.Node().GetRequiredService<IMigrations>();
        await migrations.MigrateAsync([First], Cancel);
        var refused = await Assert.ThrowsExactlyAsync<ExchangeException>(() => migrations.MigrateAsync([First with { Sql = "CREATE TABLE other (id bigint)" }], Cancel));
        Assert.AreEqual(ErrorCodes.StoreDamaged, refused.Code);
        await migrations.CheckAsync([First with { Sql = First.Sql.Replace("\n", "\r\n", StringComparison.Ordinal) }], Cancel);
    }

    [TestMethod]
    public async Task A_change_that_an_earlier_program_applied_in_a_text_that_is_named_is_taken()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var migrations = fixture.Node().GetRequiredService<IMigrations>();
        await migrations.MigrateAsync([First], Cancel);
        var now = First with { Sql = "CREATE TABLE person (id {identity})", Formerly = [Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(First.Sql)))] };
        await migrations.CheckAsync([now], Cancel);
        Assert.IsEmpty(await migrations.MigrateAsync([now], Cancel));
    }

    [TestMethod]
    public async Task An_identity_is_never_used_twice()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = fixture.Node();
        await node.GetRequiredService<IMigrations>().MigrateAsync([First], Cancel);
        var store = node.GetRequiredService<IStore>();
        var ids = await store.WriteAsync(async session =>
        {
            var first = await session.ScalarAsync<long>("INSERT INTO person (name) VALUES ('a') RETURNING id", Cancel);
            await session.ExecuteAsync("DELETE FROM person", Cancel);
            return (first, await session.ScalarAsync<long>("INSERT INTO person (name) VALUES ('b') RETURNING id", Cancel));
        }, Cancel);
        Assert.AreEqual((1L, 2L), ids);
    }

    [TestMethod]
    public async Task A_list_with_a_gap_is_a_fault_of_the_program()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        await Assert.ThrowsExactlyAsync<ArgumentException>(() => fixture.Node().GetRequiredService<IMigrations>().MigrateAsync([First, Second with { Number = 3 }], Cancel));
    }
}

[TestClass]
public sealed class SqliteMigrationTests : MigrationContract
{
    protected override StoreEngine Engine => StoreEngine.Sqlite;
}

[TestClass]
public sealed class PostgreSqlMigrationTests : MigrationContract
{
    protected override StoreEngine Engine => StoreEngine.PostgreSql;
}
