using System.Data.Common;
using Exchange.Adapters.Database.Capture;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.FrontEnd;
using Npgsql;

namespace Exchange.Adapters.Database.PostgreSql;

/// <summary>
/// Statement triggers with transition tables, and one on TRUNCATE. They stand on the table and on each of its partitions and heirs, since a statement that names a partition fires
/// only that one's triggers; a partition attached later shows as damaged until it is installed again. The function runs as its owner with a pinned search path, so those
/// who write to the table need no right on the log. Not seen: rows that logical replication applies here, and writers under session_replication_role = replica.
/// </summary>
internal sealed class PostgreSqlCapture(FrontEndConnection connection, PostgreSqlDialect dialect, Func<CancellationToken, Task<ReadSession>> open) : ChangeCapture(connection, dialect, open)
{
    static readonly (string Letter, string Event, string Tables, short Type)[] Events =
    [
        // pg_trigger.tgtype: INSERT 4, DELETE 8, UPDATE 16, TRUNCATE 32; statement-level AFTER adds nothing
        ("i", "INSERT", "REFERENCING NEW TABLE AS exchange_new", 4),
        ("u", "UPDATE", "REFERENCING OLD TABLE AS exchange_old NEW TABLE AS exchange_new", 16),
        ("d", "DELETE", "REFERENCING OLD TABLE AS exchange_old", 8),
        ("t", "TRUNCATE", "", 32),
    ];

    const string FindFamily = """
        WITH RECURSIVE family AS (SELECT $1::oid AS oid UNION SELECT i.inhrelid FROM family f JOIN pg_catalog.pg_inherits i ON i.inhparent = f.oid)
        SELECT n.nspname::text, c.relname::text, c.oid::int8 FROM family f JOIN pg_catalog.pg_class c ON c.oid = f.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') ORDER BY c.oid
        """;

    protected override async Task<DbConnection> OpenAsync(CancellationToken cancel) => await Dialect.OpenAsync(Connection, cancel);

    protected override async Task<IReadOnlyList<Part>> ObjectsAsync(DbConnection session, CaptureTarget target, CancellationToken cancel)
    {
        var columns = await QueryAsync(session, """
            SELECT a.attname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
            WHERE c.relname = $1 AND CASE WHEN $2::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = $2 END AND a.attnum > 0 AND NOT a.attisdropped
            """, cancel, ("", Log(target).Name), ("", target.Table.Schema));
        var names = columns.ConvertAll(row => (string)row[0]!);
        List<Part> parts = [new(Log(target).Name, names.Count > 0, names.Contains(Id) && names.Contains(Operation) && target.KeyColumns.All(names.Contains), IsLog: true)];

        var functions = await QueryAsync(session, """
            SELECT p.oid::int8, p.prosrc, p.prosecdef FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
            WHERE p.proname = $1 AND p.pronargs = 0 AND CASE WHEN $2::text IS NULL THEN pg_catalog.pg_function_is_visible(p.oid) ELSE n.nspname = $2 END
            """, cancel, ("", Function(target)), ("", target.Table.Schema));
        var function = functions.Count > 0 ? (long?)functions[0][0] : null;
        if (await PostgreSqlDialect.FindAsync((NpgsqlConnection)session, target.Table, cancel) is not var (oid, _))
        {
            parts.Add(new Part(Function(target), function is not null, Right: false));
            return parts;
        }

        var family = await FamilyAsync(session, oid, cancel);
        parts.Add(new Part(Function(target), function is not null, function is not null && (string)functions[0][1]! == Body(target, family[0].Schema) && (bool)functions[0][2]!));
        foreach (var member in family) await TriggersAsync(session, target, member, function, parts, cancel);
        return parts;
    }

    protected override async Task InstallAsync(DbConnection session, CaptureTarget target, CancellationToken cancel)
    {
        await using var transaction = await session.BeginTransactionAsync(cancel);
        // A trigger waits for all who write, and who would write waits behind it: rather try again than hold a department up.
        await RunAsync(session, "SET LOCAL lock_timeout TO '30s'", cancel);
        var (table, key) = await TableAsync(session, target, cancel);
        var (oid, _) = (await PostgreSqlDialect.FindAsync((NpgsqlConnection)session, target.Table, cancel))!.Value;
        var family = await FamilyAsync(session, oid, cancel);
        var schema = family[0].Schema;
        var parts = await ObjectsAsync(session, target, cancel);
        if (parts.All(part => part.Right))
        {
            await InstallSignalAsync((NpgsqlConnection)session, target, schema, cancel);
            await transaction.CommitAsync(cancel);
            return;
        }

        var log = Dialect.Quote(new TableName(schema, Log(target).Name));
        var columns = key.Select(column => $"{Dialect.Quote(column.Name)} {column.NativeType}").ToList();
        if (!parts[0].Stands)
            await RunAsync(session, $"CREATE TABLE {log} ({Id} bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, {Operation} text NOT NULL, {Time} timestamptz NOT NULL DEFAULT clock_timestamp(), {string.Join(", ", columns)})", cancel);
        else
            foreach (var column in columns) await RunAsync(session, $"ALTER TABLE {log} ADD COLUMN IF NOT EXISTS {column}", cancel);

        var function = Dialect.Quote(new TableName(schema, Function(target)));
        if (!parts[1].Right)
            await RunAsync(session, $"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS {Literal(Body(target, schema))}", cancel);
        foreach (var member in family)
            foreach (var (letter, name, tables, _) in Events)
            {
                var trigger = Trigger(letter, target);
                var part = parts.First(part => part.Name == Label(trigger, member.Name));
                if (part.Right) continue;
                if (part.Stands) await RunAsync(session, $"DROP TRIGGER {Dialect.Quote(trigger)} ON {Dialect.Quote(new TableName(member.Schema, member.Name))}", cancel);
                await RunAsync(session, $"CREATE TRIGGER {Dialect.Quote(trigger)} AFTER {name} ON {Dialect.Quote(new TableName(member.Schema, member.Name))} {tables} FOR EACH STATEMENT EXECUTE FUNCTION {function}()", cancel);
            }

        await InstallSignalAsync((NpgsqlConnection)session, target, schema, cancel);
        await transaction.CommitAsync(cancel);
    }

    protected override async Task RemoveAsync(DbConnection session, CaptureTarget target, CancellationToken cancel)
    {
        await using var transaction = await session.BeginTransactionAsync(cancel);
        await RunAsync(session, "SET LOCAL lock_timeout TO '30s'", cancel);
        if (await PostgreSqlDialect.FindAsync((NpgsqlConnection)session, target.Table, cancel) is var (oid, _))
            foreach (var member in await FamilyAsync(session, oid, cancel))
                foreach (var (letter, _, _, _) in Events)
                    await RunAsync(session, $"DROP TRIGGER IF EXISTS {Dialect.Quote(Trigger(letter, target))} ON {Dialect.Quote(new TableName(member.Schema, member.Name))}", cancel);
        await RunAsync(session, $"DROP FUNCTION IF EXISTS {Dialect.Quote(new TableName(target.Table.Schema, Function(target)))}()", cancel);
        await RunAsync(session, $"DROP TABLE IF EXISTS {Dialect.Quote(Log(target))}", cancel);
        await RunAsync(session, $"DROP FUNCTION IF EXISTS {Dialect.Quote(new TableName(target.Table.Schema, Named(ChangeSignal.Trigger, target)))}()", cancel);
        await transaction.CommitAsync(cancel);
    }

    protected override ChangeWatch MakeWatch(IReadOnlyList<WatchedLog> logs) => new PostgreSqlChangeWatch(Connection, Dialect, logs, OpenAsync, SignalsAsync);

    /// <summary>By the ids' index, whose dead entries are passed over once they were met.</summary>
    protected override string AnyWaits(CaptureTarget target) => $"CASE WHEN (SELECT {Id} FROM {Dialect.Quote(Log(target))} ORDER BY {Id} LIMIT 1) IS NULL THEN 0 ELSE 1 END";

    protected override async Task DeleteAsync(DbConnection session, CaptureTarget target, IReadOnlyList<long> ids, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand($"DELETE FROM {Dialect.Quote(Log(target))} WHERE {Id} = ANY($1)", (NpgsqlConnection)session);
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. ids] });
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Whether a log signals; where an earlier version of the hub made it, the signal is added. A database that refuses is as good, only not as fast.</summary>
    async Task<bool> SignalsAsync(NpgsqlConnection session, CaptureTarget target, CancellationToken cancel)
    {
        var found = await QueryAsync(session, ChangeSignal.Find, cancel, ("", Log(target).Name), ("", target.Table.Schema));
        if (found.Count == 0 || !(bool)found[0][2]!) return false;
        if ((bool)found[0][1]!) return true;
        await using var transaction = await session.BeginTransactionAsync(cancel);
        var installed = await InstallSignalAsync(session, target, (string)found[0][0]!, cancel);
        await transaction.CommitAsync(cancel);
        return installed;
    }

    async Task<bool> InstallSignalAsync(NpgsqlConnection session, CaptureTarget target, string schema, CancellationToken cancel)
    {
        var found = await QueryAsync(session, ChangeSignal.Find, cancel, ("", Log(target).Name), ("", schema));
        if (found.Count > 0 && (bool)found[0][1]!) return true;
        const string savepoint = "exchange_signal";
        await RunAsync(session, $"SAVEPOINT {savepoint}; SET LOCAL lock_timeout TO '2s'", cancel);
        try
        {
            await RunAsync(session, ChangeSignal.Probe, cancel);
            foreach (var statement in ChangeSignal.Making(Dialect.Quote(new TableName(schema, Named(ChangeSignal.Trigger, target))), Dialect.Quote(new TableName(schema, Log(target).Name))))
                await RunAsync(session, statement, cancel);
            return true;
        }
        catch (PostgresException)
        {
            await RunAsync(session, $"ROLLBACK TO SAVEPOINT {savepoint}", cancel);
            return false;
        }
    }

    async Task TriggersAsync(DbConnection session, CaptureTarget target, (string Schema, string Name, long Oid) member, long? function, List<Part> parts, CancellationToken cancel)
    {
        var found = await QueryAsync(session, """
            SELECT t.tgname::text, t.tgfoid::int8, t.tgtype, t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL AND coalesce(array_length(t.tgattr::int2[], 1), 0) = 0
            FROM pg_catalog.pg_trigger t WHERE t.tgrelid = $1::int8::oid AND NOT t.tgisinternal
            """, cancel, ("", member.Oid));
        foreach (var (letter, _, _, type) in Events)
        {
            var trigger = Trigger(letter, target);
            var row = found.Find(row => (string)row[0]! == trigger);
            parts.Add(new Part(Label(trigger, member.Name), row is not null, row is not null && (long)row[1]! == function && (short)row[2]! == type && (bool)row[3]!));
        }
    }

    static async Task<List<(string Schema, string Name, long Oid)>> FamilyAsync(DbConnection session, uint oid, CancellationToken cancel) =>
        (await QueryAsync(session, FindFamily.Replace("$1::oid", "$1::int8::oid", StringComparison.Ordinal), cancel, ("", (long)oid)))
            .OrderBy(row => (long)row[2]! == oid ? 0 : 1).Select(row => ((string)row[0]!, (string)row[1]!, (long)row[2]!)).ToList();

    string Body(CaptureTarget target, string schema)
    {
        var log = Dialect.Quote(new TableName(schema, Log(target).Name));
        var key = KeyList(target);
        // Old and new keys, each once: most updates leave the key alone. Keys that a collation or a type takes for equal and that are written otherwise are two. UNION never becomes a loop in a loop,
        // whatever the size of the statement its plan was made for.
        var free = "exchange_";
        while (target.KeyColumns.Any(column => column.StartsWith(free, StringComparison.Ordinal))) free += "_";
        var bytes = string.Join(", ", target.KeyColumns.Select((column, at) => $"{Dialect.Quote(column)}::text COLLATE \"C\" AS {free}{at}"));
        return $"""

            BEGIN
                IF TG_OP = 'INSERT' THEN
                    INSERT INTO {log} ({Operation}, {key}) SELECT 'i', {key} FROM exchange_new;
                ELSIF TG_OP = 'UPDATE' THEN
                    INSERT INTO {log} ({Operation}, {key}) SELECT 'u', {key} FROM (SELECT {key}, {bytes} FROM exchange_old UNION SELECT {key}, {bytes} FROM exchange_new) AS keys;
                ELSIF TG_OP = 'DELETE' THEN
                    INSERT INTO {log} ({Operation}, {key}) SELECT 'd', {key} FROM exchange_old;
                ELSE
                    INSERT INTO {log} ({Operation}) VALUES ('{Truncate}');
                END IF;
                RETURN NULL;
            END

            """.ReplaceLineEndings("\n");
    }

    string Function(CaptureTarget target) => Named("exchange_capture", target);

    string Trigger(string letter, CaptureTarget target) => Dialect.GeneratedName($"exchange_{letter}{(target.Owner is null ? "" : "_" + target.Owner)}");

    static string Label(string trigger, string table) => $"{trigger} on {table}";

    static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
