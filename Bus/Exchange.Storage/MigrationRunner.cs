using System.Security.Cryptography;
using System.Text;
using Exchange.Contracts.Errors;

namespace Exchange.Storage;

internal sealed class MigrationRunner(IStore store, TimeProvider time) : IMigrations
{
    // "exchange" as eight ASCII bytes: the advisory lock that keeps two setups apart. Any number would do that no one else takes.
    const long PostgreSqlLock = 0x65786368616e6765;
    const int TimeoutSeconds = 600;

    const string CreateTable = """
        CREATE TABLE IF NOT EXISTS exchange_migration (
            module text NOT NULL, number integer NOT NULL, name text NOT NULL, digest text NOT NULL, applied_at bigint NOT NULL,
            PRIMARY KEY (module, number))
        """;

    public Task<IReadOnlyList<Migration>> MigrateAsync(IReadOnlyList<Migration> migrations, CancellationToken cancel)
    {
        var wanted = WithOwn(migrations);
        return store.WriteAsync<IReadOnlyList<Migration>>(async session =>
        {
            if (session.Engine == StoreEngine.PostgreSql) await RunAsync(session, $"SELECT pg_advisory_xact_lock({PostgreSqlLock})", cancel);
            await RunAsync(session, CreateTable, cancel);
            var missing = Compare(wanted, await AppliedAsync(session, cancel));
            foreach (var migration in missing) await ApplyAsync(session, migration, cancel);
            return missing;
        }, cancel);
    }

    public async Task CheckAsync(IReadOnlyList<Migration> migrations, CancellationToken cancel)
    {
        var wanted = WithOwn(migrations);
        var applied = await store.ReadAsync(async session => await HasTableAsync(session, cancel) ? await AppliedAsync(session, cancel) : [], cancel);
        var missing = Compare(wanted, applied);
        if (missing.Count > 0)
        {
            throw new ExchangeException(ErrorCodes.StoreOutdated, Party.Hub,
                applied.Count == 0 ? "The store has not been set up." : $"The store lacks {missing.Count} of this program's changes, the first is '{missing[0].Name}' ({missing[0].Module} {missing[0].Number}).",
                "Run exchange setup with the same --data and --store, then try again.");
        }
    }

    static List<Migration> WithOwn(IReadOnlyList<Migration> migrations)
    {
        List<Migration> all = [.. StoreLeases.Migrations, .. migrations];
        foreach (var stream in all.GroupBy(migration => migration.Module))
        {
            if (!stream.Select(migration => migration.Number).SequenceEqual(Enumerable.Range(1, stream.Count())))
            {
                throw new ArgumentException($"The migrations of '{stream.Key}' are not numbered 1, 2, 3 … in the list's order.", nameof(migrations));
            }
        }

        return all;
    }

    static List<Migration> Compare(List<Migration> wanted, Dictionary<(string Module, int Number), (string Name, string Digest)> applied)
    {
        foreach (var stream in wanted.GroupBy(migration => migration.Module))
        {
            var newest = applied.Keys.Where(key => key.Module == stream.Key).Select(key => key.Number).DefaultIfEmpty().Max();
            if (newest > stream.Count())
            {
                throw new ExchangeException(ErrorCodes.StoreOutdated, Party.Hub,
                    $"The store is newer than this program: it has change {newest} of '{stream.Key}' ('{applied[(stream.Key, newest)].Name}'), this program knows {stream.Count()}.",
                    "Use the program version that set the store up, or a newer one. Nothing was changed.");
            }
        }

        foreach (var migration in wanted)
        {
            if (applied.TryGetValue((migration.Module, migration.Number), out var record) && record.Digest != Digest(migration) && !migration.Formerly.Contains(record.Digest))
            {
                throw new ExchangeException(ErrorCodes.StoreDamaged, Party.Hub,
                    $"Change {migration.Number} of '{migration.Module}' ('{migration.Name}') was applied to the store with another content than this program has.",
                    "This program and the store do not belong together: use a released version, or another store. Nothing was changed.");
            }
        }

        return [.. wanted.Where(migration => !applied.ContainsKey((migration.Module, migration.Number)))];
    }

    async Task ApplyAsync(StoreSession session, Migration migration, CancellationToken cancel)
    {
        await RunAsync(session, MigrationSql.For(migration, session.Engine), cancel);
        await session.ExecuteAsync("INSERT INTO exchange_migration (module, number, name, digest, applied_at) VALUES (@module, @number, @name, @digest, @at)", cancel,
            ("@module", migration.Module), ("@number", migration.Number), ("@name", migration.Name), ("@digest", Digest(migration)), ("@at", time.GetUtcNow().ToUnixMicroseconds()));
    }

    static async Task<bool> HasTableAsync(StoreSession session, CancellationToken cancel) => await session.ScalarAsync<long>(
        session.Engine == StoreEngine.Sqlite
            ? "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'exchange_migration'"
            : "SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('exchange_migration')", cancel) > 0;

    static async Task<Dictionary<(string Module, int Number), (string Name, string Digest)>> AppliedAsync(StoreSession session, CancellationToken cancel)
    {
        var rows = await session.QueryAsync("SELECT module, number, name, digest FROM exchange_migration",
            row => (Module: row.GetString(0), Number: row.GetInt32(1), Name: row.GetString(2), Digest: row.GetString(3)), cancel);
        return rows.ToDictionary(row => (row.Module, row.Number), row => (row.Name, row.Digest));
    }

    static async Task RunAsync(StoreSession session, string sql, CancellationToken cancel)
    {
        await using var command = session.Command(sql);
        command.CommandTimeout = TimeoutSeconds;
        await command.ExecuteNonQueryAsync(cancel);
    }

    // Line ends depend on how the source was checked out; they are no difference.
    static string Digest(Migration migration) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(migration.Sql.Replace("\r\n", "\n", StringComparison.Ordinal))));
}
