using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.FrontEnd;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Exchange.Adapters.Database.Sqlite;

/// <summary>Rows go through a prepared upsert; keys that are to go, through temporary tables.</summary>
internal sealed class SqliteTransaction(SqliteTarget engine, SqliteConnection connection, FrontEndConnection settings, TargetTable target)
    : TargetTransaction(engine, connection, settings, target)
{
    const string Gone = "temp.exchange_gone";
    const string Seen = "temp.exchange_seen";
    const int DeferredForeignKeys = 10; // SQLITE_DBSTATUS_DEFERRED_FKS

    bool _seen;

    SqliteConnection File => (SqliteConnection)Connection;

    protected override Task UpsertAsync(RowSelection rows, CancellationToken cancel)
    {
        var columns = Target.Columns.Select(column => column.Name).ToList();
        var set = columns.Except(Target.Key, StringComparer.Ordinal).Select(name => $"{Engine.Dialect.Quote(name)} = excluded.{Engine.Dialect.Quote(name)}").ToList();
        if (HasTombstone) set.Add($"{Engine.Dialect.Quote(Tombstone.Deleted)} = 0, {Engine.Dialect.Quote(Tombstone.DeletedAt)} = NULL");
        if (set.Count == 0) set.Add($"{Engine.Dialect.Quote(Target.Key[0])} = excluded.{Engine.Dialect.Quote(Target.Key[0])}");
        var (names, values) = HasTombstone ? ($", {Names([Tombstone.Deleted, Tombstone.DeletedAt])}", ", 0, NULL") : ("", "");
        SqliteRows.Run(File,
            $"INSERT INTO {Table} ({Names(columns)}{names}) VALUES ({Places(columns.Count)}{values}) ON CONFLICT ({Names(Target.Key)}) DO UPDATE SET {string.Join(", ", set)}",
            rows, cancel, counted: true);
        return Task.CompletedTask;
    }

    protected override async Task<long> DeleteAsync(RowSelection keys, CancellationToken cancel)
    {
        await CreateAsync(Gone, cancel);
        Load(Gone, keys, cancel);
        var gone = $"({Names(Target.Key, "t.")}) IN (SELECT {Names(Target.Key)} FROM {Gone})";
        return await RemoveAsync(
            new RemovalSql(scope => $"DELETE FROM {Table} AS t WHERE {gone}{scope}", (set, scope) => $"UPDATE {Table} AS t SET {set} WHERE {gone}{scope}"),
            scoped: false, cancel);
    }

    protected override async Task PrepareSeenAsync(CancellationToken cancel)
    {
        if (_seen) return;
        await CreateAsync(Seen, cancel);
        _seen = true;
    }

    protected override Task LoadSeenAsync(RowSelection keys, CancellationToken cancel)
    {
        Load(Seen, keys, cancel);
        return Task.CompletedTask;
    }

    protected override Task<long> RemoveUnseenAsync(CancellationToken cancel)
    {
        var unseen = $"NOT EXISTS (SELECT 1 FROM {Seen} AS s WHERE {KeyMatch("t", "s")})";
        return RemoveAsync(
            new RemovalSql(scope => $"DELETE FROM {Table} AS t WHERE {unseen}{scope}", (set, scope) => $"UPDATE {Table} AS t SET {set} WHERE {unseen}{scope}"),
            scoped: true, cancel);
    }

    /// <summary>Foreign keys that wait for the commit: how many are broken now is known without looking at the rows.</summary>
    protected override Task SettleAsync(CancellationToken cancel)
    {
        if (raw.sqlite3_db_status(File.Handle!, DeferredForeignKeys, out var broken, out _, 0) == raw.SQLITE_OK && broken > 0)
            throw new SqliteException("FOREIGN KEY constraint failed", raw.SQLITE_CONSTRAINT, raw.SQLITE_CONSTRAINT_FOREIGNKEY);
        return Task.CompletedTask;
    }

    /// <summary>Sessions are pooled, so a temporary table of an earlier transaction may stand.</summary>
    async Task CreateAsync(string name, CancellationToken cancel)
    {
        var columns = Target.Key.Select(key => $"{Engine.Dialect.Quote(key)} {Native.Zip(Target.Columns).First(pair => pair.Second.Name == key).First.Spelling}");
        await Connection.RunAsync($"DROP TABLE IF EXISTS {name}", cancel);
        await Connection.RunAsync($"CREATE TEMPORARY TABLE {name["temp.".Length..]} ({string.Join(", ", columns)}, PRIMARY KEY ({Names(Target.Key)}))", cancel);
    }

    void Load(string table, RowSelection keys, CancellationToken cancel) =>
        SqliteRows.Run(File, $"INSERT OR IGNORE INTO {table} ({Names(Target.Key)}) VALUES ({Places(Target.Key.Count)})", keys, cancel);

    static string Places(int count) => string.Join(", ", Enumerable.Repeat("?", count));
}
