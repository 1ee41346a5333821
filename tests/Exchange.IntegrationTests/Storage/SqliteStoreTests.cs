using System.Data.Common;
using Exchange.Contracts.Errors;
using Exchange.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.IntegrationTests.Storage;

[TestClass]
public sealed class SqliteStoreTests : StoreContract
{
    protected override StoreEngine Engine => StoreEngine.Sqlite;

    protected override DbException TransientFault() => new SqliteException("database is locked", 5);

    [TestMethod]
    public async Task What_was_committed_is_in_the_files_at_once_and_what_was_not_is_gone_after_a_kill()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var store = await StoreWithTableAsync(fixture);
        await InsertAsync(store, 1);
        var path = fixture.Options.Store!["sqlite:".Length..];
        var copy = Path.Combine(fixture.Options.DataFolder, "killed.db");
        await store.WriteAsync(async session =>
        {
            await session.ExecuteAsync("INSERT INTO item (id, text) VALUES (2, 'open')", TestContext.CancellationToken);
            // The files as a killed process leaves them.
            File.Copy(path, copy);
            File.Copy(path + "-wal", copy + "-wal");
            return 0;
        }, TestContext.CancellationToken);

        await using var left = new SqliteConnection($"Data Source={copy};Pooling=False");
        await left.OpenAsync(TestContext.CancellationToken);
        await using var command = left.CreateCommand();
        command.CommandText = "SELECT group_concat(id) FROM item";
        Assert.AreEqual("1", await command.ExecuteScalarAsync(TestContext.CancellationToken));
    }

    [TestMethod]
    public async Task Every_connection_is_durable_and_checks_foreign_keys()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var store = await StoreWithTableAsync(fixture);
        var settings = await store.WriteAsync(async session => (
            await session.ScalarAsync<string>("PRAGMA journal_mode", TestContext.CancellationToken),
            await session.ScalarAsync<long>("PRAGMA synchronous", TestContext.CancellationToken),
            await session.ScalarAsync<long>("PRAGMA foreign_keys", TestContext.CancellationToken)), TestContext.CancellationToken);
        Assert.AreEqual(("wal", 2L, 1L), settings);
    }

    [TestMethod]
    public async Task A_writer_waits_for_another_process_to_end()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var store = await StoreWithTableAsync(fixture);
        await using var other = await fixture.Database.OpenAsync();
        var held = ((SqliteConnection)other).BeginTransaction(deferred: false);
        var waiting = Task.Run(() => InsertAsync(store, 1), TestContext.CancellationToken);
        await Assert.ThrowsExactlyAsync<TimeoutException>(() => waiting.WaitAsync(TimeSpan.FromMilliseconds(300), TestContext.CancellationToken));
        await held.RollbackAsync(TestContext.CancellationToken);
        Assert.AreEqual(1, await waiting);
    }

    [TestMethod]
    public async Task Files_can_be_read_by_their_owner_only()
    {
        if (OperatingSystem.IsWindows()) return;
        var parent = Directory.CreateTempSubdirectory("exchange-rights-");
        try
        {
            var folder = Path.Combine(parent.FullName, "new", "data");
            await using var node = new ServiceCollection().AddStorage(new StoreOptions(null, folder)).BuildServiceProvider();
            await node.GetRequiredService<IMigrations>().MigrateAsync([], TestContext.CancellationToken);
            Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
            Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "exchange.db")));
        }
        finally
        {
            parent.Delete(recursive: true);
        }
    }

    [TestMethod]
    public async Task A_file_that_is_no_store_is_refused_and_left_alone()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var path = fixture.Options.Store!["sqlite:".Length..];
        await File.WriteAllTextAsync(path, new string('x', 5000), TestContext.CancellationToken);
        var refused = await Assert.ThrowsExactlyAsync<ExchangeException>(() => StoreWithTableAsync(fixture));
        Assert.AreEqual(ErrorCodes.StoreDamaged, refused.Code);
        Assert.AreEqual(5000, new FileInfo(path).Length);
    }
}
