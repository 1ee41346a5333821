using System.Globalization;
using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using MySqlConnector;

namespace Exchange.Adapters.Database.MySql;

/// <summary>
/// Rows are loaded into a temporary table and merged from there. Temporary tables are made anew for each use: emptying one would end the
/// transaction.
/// </summary>
internal sealed class MySqlTransaction(MySqlTarget engine, MySqlConnection connection, FrontEndConnection settings, TargetTable target)
    : TargetTransaction(engine, connection, settings, target)
{
    const int StageRowBytes = 30_000; // a temporary table's row is limited as any other's; longer texts lie outside it

    bool _seen;
    bool? _furtherUnique;

    protected override async Task UpsertAsync(RowSelection rows, CancellationToken cancel)
    {
        var columns = Target.Columns.Select(column => column.Name).ToList();
        var stage = await CreateAsync("exchange_stage", columns, indexed: false, cancel);
        await LoadAsync(stage, columns, rows, cancel);
        foreach (var statement in await FurtherUniqueAsync(cancel) ? Separately(stage, columns) : AtOnce(stage, columns)) await Connection.RunAsync(statement, cancel);
    }

    protected override async Task<long> DeleteAsync(RowSelection keys, CancellationToken cancel)
    {
        var gone = await CreateAsync("exchange_gone", Target.Key, indexed: false, cancel);
        await LoadAsync(gone, Target.Key, keys, cancel);
        return await RemoveAsync(
            new RemovalSql(
                scope => $"DELETE t FROM {Table} AS t JOIN {gone} AS s ON {KeyMatch("t", "s")} WHERE 1 = 1{scope}",
                (set, scope) => $"UPDATE {Table} AS t JOIN {gone} AS s ON {KeyMatch("t", "s")} SET {set} WHERE 1 = 1{scope}"),
            scoped: false, cancel);
    }

    protected override async Task PrepareSeenAsync(CancellationToken cancel)
    {
        if (_seen) return;
        await CreateAsync("exchange_seen", Target.Key, indexed: true, cancel);
        _seen = true;
    }

    protected override Task LoadSeenAsync(RowSelection keys, CancellationToken cancel) => LoadAsync(Temporary("exchange_seen"), Target.Key, keys, cancel);

    protected override Task<long> RemoveUnseenAsync(CancellationToken cancel)
    {
        var unseen = $"LEFT JOIN {Temporary("exchange_seen")} AS s ON {KeyMatch("t", "s")}";
        var none = $"s.{Engine.Dialect.Quote(Target.Key[0])} IS NULL";
        return RemoveAsync(
            new RemovalSql(scope => $"DELETE t FROM {Table} AS t {unseen} WHERE {none}{scope}", (set, scope) => $"UPDATE {Table} AS t {unseen} SET {set} WHERE {none}{scope}"),
            scoped: true, cancel);
    }

    IEnumerable<string> AtOnce(string stage, List<string> columns)
    {
        var set = columns.Select(name => $"{Engine.Dialect.Quote(name)} = VALUES({Engine.Dialect.Quote(name)})");
        if (HasTombstone) set = set.Append($"{Engine.Dialect.Quote(Tombstone.Deleted)} = 0, {Engine.Dialect.Quote(Tombstone.DeletedAt)} = NULL");
        yield return $"{Insert(columns)} SELECT {Names(columns, "s.")}{(HasTombstone ? ", 0, NULL" : "")} FROM {stage} AS s ON DUPLICATE KEY UPDATE {string.Join(", ", set)}";
    }

    /// <summary>ON DUPLICATE KEY UPDATE acts on whichever unique index is hit first, so with more than one it could change another row than the key's.</summary>
    IEnumerable<string> Separately(string stage, List<string> columns)
    {
        var set = columns.Except(Target.Key, StringComparer.Ordinal).Select(name => $"t.{Engine.Dialect.Quote(name)} = s.{Engine.Dialect.Quote(name)}").ToList();
        if (HasTombstone) set.Add($"t.{Engine.Dialect.Quote(Tombstone.Deleted)} = 0, t.{Engine.Dialect.Quote(Tombstone.DeletedAt)} = NULL");
        if (set.Count > 0) yield return $"UPDATE {Table} AS t JOIN {stage} AS s ON {KeyMatch("t", "s")} SET {string.Join(", ", set)}";
        yield return $"{Insert(columns)} SELECT {Names(columns, "s.")}{(HasTombstone ? ", 0, NULL" : "")} FROM {stage} AS s LEFT JOIN {Table} AS t ON {KeyMatch("t", "s")} WHERE t.{Engine.Dialect.Quote(Target.Key[0])} IS NULL";
    }

    string Insert(List<string> columns) => $"INSERT INTO {Table} ({Names(columns)}{(HasTombstone ? $", {Names([Tombstone.Deleted, Tombstone.DeletedAt])}" : "")})";

    async Task<bool> FurtherUniqueAsync(CancellationToken cancel)
    {
        if (_furtherUnique is { } known) return known;
        await using var command = Connection.Command(
            "SELECT COUNT(DISTINCT index_name) FROM information_schema.statistics WHERE table_schema = COALESCE(@schema, DATABASE()) AND table_name = @table AND non_unique = 0",
            ("@schema", Target.Table.Schema), ("@table", Target.Table.Name));
        _furtherUnique = Convert.ToInt64(await command.ExecuteScalarAsync(cancel), CultureInfo.InvariantCulture) > 1;
        return _furtherUnique.Value;
    }

    Task LoadAsync(string table, IReadOnlyList<string> columns, RowSelection rows, CancellationToken cancel) =>
        MySqlLoad.SendAsync((MySqlConnection)Connection, table, [.. columns.Select(Engine.Dialect.Quote)], rows, [.. columns.Select(ZoneOf)], cancel);

    string Temporary(string name) => Engine.Dialect.Quote(new TableName(Target.Table.Schema, name));

    async Task<string> CreateAsync(string name, IReadOnlyList<string> columns, bool indexed, CancellationToken cancel)
    {
        var table = Temporary(name);
        var room = StageRowBytes;
        var definitions = columns.Select(column => $"{Engine.Dialect.Quote(column)} {StageType(column, ref room)}").ToList();
        if (indexed) definitions.Add($"KEY ({Names(Target.Key)})");
        await Connection.RunAsync($"DROP TEMPORARY TABLE IF EXISTS {table}", cancel);
        await Connection.RunAsync($"CREATE TEMPORARY TABLE {table} ({string.Join(", ", definitions)}) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", cancel);
        return table;
    }

    /// <summary>Key columns as the target's, so that joins use its index; the others as their items, so that the merge, which is strict, judges what the target takes.</summary>
    string StageType(string name, ref int room)
    {
        var (native, wanted) = Native.Zip(Target.Columns).First(pair => pair.Second.Name == name);
        if (Target.Key.Contains(name, StringComparer.Ordinal)) return $"{native.Spelling} {native.Collation}";
        if (wanted.Type.Kind != ItemKind.String) return wanted.Type.IsText ? "longtext" : Engine.Dialect.NativeType(wanted.Type, key: false);
        var bytes = (wanted.Type.Length * 4) + 2;
        if (bytes > room) return "longtext";
        room -= bytes;
        return string.Create(CultureInfo.InvariantCulture, $"varchar({wanted.Type.Length})");
    }
}
