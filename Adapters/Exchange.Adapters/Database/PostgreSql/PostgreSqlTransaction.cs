using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Npgsql;

namespace Exchange.Adapters.Database.PostgreSql;

/// <summary>
/// Rows go by COPY into a temporary table and are merged from there; straight into the target while all of them are new. Temporary tables
/// live until the transaction ends.
/// </summary>
internal sealed class PostgreSqlTransaction(PostgreSqlTarget engine, NpgsqlConnection connection, FrontEndConnection settings, TargetTable target, FreshTarget fresh)
    : TargetTransaction(engine, connection, settings, target)
{
    const string Stage = "exchange_stage";
    const string Gone = "exchange_gone";
    const string Seen = "exchange_seen";
    const string DirectLoad = "exchange_direct";

    bool _probed;
    bool _merged;

    /// <summary>Whether something of the department's may drop rows without an error, so that what was taken must be counted; null: not looked yet.</summary>
    bool? _mayDrop;

    /// <summary>Constraints that wait for the commit wait for the end of the write instead, where <see cref="SettleAsync"/> has them judged.</summary>
    protected override string SavepointSql => base.SavepointSql + "; SET CONSTRAINTS ALL DEFERRED";

    protected override Task SettleAsync(CancellationToken cancel) => Connection.RunAsync("SET CONSTRAINTS ALL IMMEDIATE", cancel);

    protected override async Task UpsertAsync(RowSelection rows, CancellationToken cancel)
    {
        if (await LoadedDirectlyAsync(rows, cancel)) return;
        _merged = true;
        var columns = Target.Columns.Select(column => column.Name).ToList();
        await FillAsync(Stage, columns, rows, cancel);
        var counted = await MayDropRowsAsync(cancel);
        var tombstone = HasTombstone ? $", {Names([Tombstone.Deleted, Tombstone.DeletedAt])}" : "";
        var taken = await Connection.RunAsync(
            $"INSERT INTO {Table} AS t ({Names(columns)}{tombstone}) SELECT {Names(columns)}{(HasTombstone ? ", false, NULL" : "")} FROM pg_temp.{Stage} ON CONFLICT ({Names(Target.Key)}) {OnConflict(always: counted)}", cancel);
        if (counted && taken < rows.Rows.Count) throw new RowsNotTakenException(rows.Rows.Count, taken);
    }

    protected override async Task<long> DeleteAsync(RowSelection keys, CancellationToken cancel)
    {
        await FillAsync(Gone, Target.Key, keys, cancel);
        var removed = await RemoveAsync(
            new RemovalSql(
                scope => $"DELETE FROM {Table} AS t USING pg_temp.{Gone} s WHERE {KeyMatch("t", "s")}{scope}",
                (set, scope) => $"UPDATE {Table} AS t SET {set} FROM pg_temp.{Gone} s WHERE {KeyMatch("t", "s")}{scope}"),
            scoped: false, cancel);
        if (await MayDropRowsAsync(cancel)) await AllGoneAsync(removed, cancel);
        return removed;
    }

    /// <summary>Nothing that was to go still stands.</summary>
    async Task AllGoneAsync(long removed, CancellationToken cancel)
    {
        var standing = Target.Deletes == DeletePolicy.Tombstone ? $" AND NOT COALESCE(t.{Engine.Dialect.Quote(Tombstone.Deleted)}, false)" : "";
        await using var command = Connection.Command($"SELECT count(*) FROM {Table} AS t JOIN pg_temp.{Gone} s ON {KeyMatch("t", "s")}{standing}");
        var left = (long)(await command.ExecuteScalarAsync(cancel))!;
        if (left > 0) throw new RowsNotTakenException(removed + left, removed);
    }

    /// <summary>Row triggers that run before (also of partitions), rules and row-level policies may drop a row without an error.</summary>
    async Task<bool> MayDropRowsAsync(CancellationToken cancel)
    {
        if (_mayDrop is { } known) return known;
        await using var command = Connection.Command(
            """
            WITH RECURSIVE tables(oid) AS (
                SELECT @table::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tables ON tables.oid = i.inhparent)
            SELECT EXISTS (SELECT 1 FROM pg_trigger g JOIN tables ON tables.oid = g.tgrelid WHERE NOT g.tgisinternal AND g.tgenabled <> 'D' AND g.tgtype & 3 = 3)
                OR EXISTS (SELECT 1 FROM pg_rewrite r JOIN tables ON tables.oid = r.ev_class WHERE r.rulename <> '_RETURN')
                OR EXISTS (SELECT 1 FROM pg_class c JOIN tables ON tables.oid = c.oid WHERE c.relrowsecurity)
            """, ("@table", Table));
        _mayDrop = await command.ExecuteScalarAsync(cancel) is true;
        return _mayDrop.Value;
    }

    protected override Task PrepareSeenAsync(CancellationToken cancel) => Connection.RunAsync(CreateTemporary(Seen, Target.Key), cancel);

    protected override Task LoadSeenAsync(RowSelection keys, CancellationToken cancel) => CopyAsync(Seen, Target.Key, keys, cancel);

    protected override async Task<long> RemoveUnseenAsync(CancellationToken cancel)
    {
        await Connection.RunAsync($"ANALYZE pg_temp.{Seen}", cancel);
        var unseen = $"NOT EXISTS (SELECT 1 FROM pg_temp.{Seen} s WHERE {KeyMatch("t", "s")})";
        return await RemoveAsync(
            new RemovalSql(scope => $"DELETE FROM {Table} AS t WHERE {unseen}{scope}", (set, scope) => $"UPDATE {Table} AS t SET {set} WHERE {unseen}{scope}"),
            scoped: true, cancel);
    }

    protected override void Committed()
    {
        if (_probed) fresh.Hopeful &= !_merged;
    }

    /// <summary>
    /// Tries the short way while every row so far was new. Another writer may bring a row of the same key at any moment, so the table's own
    /// constraints are the judge: refused, the load leaves nothing and the rows take the long way.
    /// </summary>
    async Task<bool> LoadedDirectlyAsync(RowSelection rows, CancellationToken cancel)
    {
        if (!_probed)
        {
            _probed = true;
            await using var command = Connection.Command($"SELECT NOT EXISTS (SELECT 1 FROM {Table})");
            fresh.Hopeful |= await command.ExecuteScalarAsync(cancel) is true;
        }

        // A load does not tell how many rows were taken.
        if (await MayDropRowsAsync(cancel)) return false;

        if (!fresh.Hopeful || _merged || !Native.Zip(Target.Columns).All(pair => pair.First.Type == WireType(pair.Second.Type, pair.First))) return false;
        await Connection.RunAsync($"SAVEPOINT {DirectLoad}", cancel);
        try
        {
            var columns = Names(Target.Columns.Select(column => column.Name)) + (HasTombstone ? ", " + Names([Tombstone.Deleted, Tombstone.DeletedAt]) : "");
            await PostgreSqlCopy.SendAsync((NpgsqlConnection)Connection, $"{Table} ({columns})", rows, [.. Target.Columns.Select(column => ZoneOf(column.Name))],
                HasTombstone ? PostgreSqlCopy.NoTombstone : ([], 0), cancel);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            await Connection.RunAsync($"ROLLBACK TO SAVEPOINT {DirectLoad}", cancel);
            fresh.Hopeful = false;
            return false;
        }

        await Connection.RunAsync($"RELEASE SAVEPOINT {DirectLoad}", cancel);
        return true;
    }

    async Task FillAsync(string table, IReadOnlyList<string> columns, RowSelection rows, CancellationToken cancel)
    {
        await Connection.RunAsync($"{CreateTemporary(table, columns)}; TRUNCATE pg_temp.{table}", cancel);
        await CopyAsync(table, columns, rows, cancel);
    }

    Task CopyAsync(string table, IReadOnlyList<string> columns, RowSelection rows, CancellationToken cancel) =>
        PostgreSqlCopy.SendAsync((NpgsqlConnection)Connection, $"pg_temp.{table} ({Names(columns)})", rows, [.. columns.Select(ZoneOf)], ([], 0), cancel);

    string CreateTemporary(string table, IReadOnlyList<string> columns)
    {
        var definitions = columns.Select(name =>
        {
            var (native, wanted) = Native.Zip(Target.Columns).First(pair => pair.Second.Name == name);
            return $"{Engine.Dialect.Quote(name)} {WireType(wanted.Type, native)} {(wanted.Type.IsText ? native.Collation : "")}";
        });
        return $"CREATE TEMPORARY TABLE IF NOT EXISTS pg_temp.{table} ({string.Join(", ", definitions)}) ON COMMIT DROP";
    }

    /// <summary>Rows that stand as they should are left alone: no new version, no work for the department's own triggers and replicas.</summary>
    /// <param name="always">Every row is written, so that the statement's count is the count of rows taken.</param>
    string OnConflict(bool always)
    {
        var values = Target.Columns.Where(column => !Target.Key.Contains(column.Name, StringComparer.Ordinal)).ToList();
        var set = values.ConvertAll(column => $"{Engine.Dialect.Quote(column.Name)} = EXCLUDED.{Engine.Dialect.Quote(column.Name)}");
        var differs = new List<string>();
        if (values.Count > 0) differs.Add($"({Compared(values, "t")}) IS DISTINCT FROM ({Compared(values, "EXCLUDED")})");
        if (HasTombstone)
        {
            set.Add($"{Engine.Dialect.Quote(Tombstone.Deleted)} = false, {Engine.Dialect.Quote(Tombstone.DeletedAt)} = NULL");
            differs.Add($"t.{Engine.Dialect.Quote(Tombstone.Deleted)} IS DISTINCT FROM false");
        }

        if (always && set.Count == 0) set.Add($"{Engine.Dialect.Quote(Target.Key[0])} = EXCLUDED.{Engine.Dialect.Quote(Target.Key[0])}");
        if (always) return $"DO UPDATE SET {string.Join(", ", set)}";
        return set.Count == 0 ? "DO NOTHING" : $"DO UPDATE SET {string.Join(", ", set)} WHERE {string.Join(" OR ", differs)}";
    }

    /// <summary>Text byte by byte: a collation may take different texts for equal.</summary>
    string Compared(IEnumerable<TargetColumn> columns, string row) =>
        string.Join(", ", columns.Select(column => $"{row}.{Engine.Dialect.Quote(column.Name)}{(column.Type.IsText ? " COLLATE \"C\"" : "")}"));

    /// <summary>The type in whose binary form values are sent.</summary>
    static string WireType(ItemType type, NativeColumn native) => type.Kind switch
    {
        ItemKind.String or ItemKind.Text => native.Type == "varchar" ? "varchar" : "text",
        ItemKind.Int32 => "int4",
        ItemKind.Int64 => "int8",
        ItemKind.Decimal => "numeric",
        ItemKind.Double => "float8",
        ItemKind.Boolean => "bool",
        ItemKind.Date => "date",
        ItemKind.Timestamp => native.Zoneless ? "timestamp" : "timestamptz",
        _ => "bytea",
    };
}
