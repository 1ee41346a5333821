using System.Data.Common;
using Exchange.Adapters.Database.Capture;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.FrontEnd;
using Npgsql;
using static Exchange.Adapters.Database.PostgreSql.CaptureTriggers;

namespace Exchange.Adapters.Database.PostgreSql;

/// <summary>
/// Statement triggers with transition tables, and one on TRUNCATE (<see cref="CaptureTriggers"/>). They stand on the table and on each of its partitions and heirs, since a statement that names a partition fires
/// only that one's triggers; a partition attached later shows as damaged until it is installed again. The function runs as its owner with a pinned search path, so those
/// who write to the table need no right on the log. Not seen: rows that logical replication applies here, and writers under session_replication_role = replica.
/// </summary>
internal sealed class PostgreSqlCapture(FrontEndConnection connection, PostgreSqlDialect dialect, Func<CancellationToken, Task<ReadSession>> open) : ChangeCapture(connection, dialect, open)
{
    const string FindFamily = """
        WITH RECURSIVE family AS (SELECT $1::oid AS oid UNION SELECT i.inhrelid FROM family f JOIN pg_catalog.pg_inherits i ON i.inhparent = f.oid)
        SELECT n.nspname::text, c.relname::text, c.oid::int8, c.relkind = 'r' FROM family f JOIN pg_catalog.pg_class c ON c.oid = f.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
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

        if (await PostgreSqlDialect.FindAsync((NpgsqlConnection)session, target.Table, cancel) is not var (oid, _))
        {
            var name = Named("exchange_capture", target);
            parts.Add(new Part(name, (await FunctionsAsync(session, target.Table.Schema, [name], cancel)).Count > 0, Right: false));
            return parts;
        }

        var family = await FamilyAsync(session, oid, cancel);
        var triggers = Triggers(target, family[0].Schema);
        var functions = await FunctionsAsync(session, family[0].Schema, [.. triggers.Functions.Select(function => function.Name)], cancel);
        var standing = new Dictionary<Member, IReadOnlyDictionary<string, StandingTrigger>>();
        foreach (var member in family) standing[member] = await StandingAsync(session, member, cancel);
        Part Of(Trigger trigger, Member member)
        {
            var found = standing[member].GetValueOrDefault(trigger.Name);
            var right = found is not null && found.Type == trigger.Type && found.InForce && found.Function == functions.GetValueOrDefault(trigger.Calls.Signature)?.Oid
                && (trigger.When is null ? found.Condition is null : functions.GetValueOrDefault(trigger.When.Signature) is { } when && found.Condition?.Contains($":funcid {when.Oid} ", StringComparison.Ordinal) == true);
            return new Part(Label(trigger, member), found is not null, right);
        }

        Part Is(Function function) => functions.GetValueOrDefault(function.Signature) is { } found
            ? new Part(function.Name, Stands: true, found.Body == function.Body && found.Definer == function.Definer) : new Part(function.Name, Stands: false, Right: false);

        parts.Add(Is(triggers.Told));
        parts.AddRange(family.SelectMany(member => triggers.Others.Select(trigger => Of(trigger, member))));
        var together = family.SelectMany(member => triggers.Together.Select(trigger => Of(trigger, member))).ToList();
        if (!IsApart(family) || together.All(part => part.Right)) parts.AddRange(together);
        else parts.AddRange([.. triggers.Functions.Where(function => function != triggers.Told).Select(Is), .. triggers.Apart.Select(trigger => Of(trigger, family[0]))]);
        return parts;
    }

    protected override async Task InstallAsync(DbConnection session, CaptureTarget target, CancellationToken cancel)
    {
        await using var transaction = await session.BeginTransactionAsync(cancel);
        // A trigger waits for all who write, and who would write waits behind it: rather try again than hold a department up.
        await RunAsync(session, "SET LOCAL lock_timeout TO '30s'", cancel);
        var (_, key) = await TableAsync(session, target, cancel);
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

        var triggers = Triggers(target, schema);
        foreach (var function in triggers.Functions.Where(function => parts.Any(part => part.Name == function.Name && !part.Right))) await RunAsync(session, triggers.Making(function), cancel);
        foreach (var member in family)
        {
            var table = Dialect.Quote(new TableName(member.Schema, member.Name));
            var standing = await StandingAsync(session, member, cancel);
            foreach (var trigger in triggers.All)
            {
                var part = parts.FirstOrDefault(part => part.Name == Label(trigger, member));
                if (part is { Right: true }) continue;
                // Also one of the other form: the table has got partitions, or an earlier program's was damaged.
                if (standing.ContainsKey(trigger.Name)) await RunAsync(session, $"DROP TRIGGER {Dialect.Quote(trigger.Name)} ON {table}", cancel);
                if (part is not null) await RunAsync(session, triggers.Making(trigger, table), cancel);
            }
        }

        await InstallSignalAsync((NpgsqlConnection)session, target, schema, cancel);
        await transaction.CommitAsync(cancel);
    }

    protected override async Task RemoveAsync(DbConnection session, CaptureTarget target, CancellationToken cancel)
    {
        await using var transaction = await session.BeginTransactionAsync(cancel);
        await RunAsync(session, "SET LOCAL lock_timeout TO '30s'", cancel);
        var triggers = Triggers(target, target.Table.Schema);
        if (await PostgreSqlDialect.FindAsync((NpgsqlConnection)session, target.Table, cancel) is var (oid, _))
            foreach (var member in await FamilyAsync(session, oid, cancel))
                foreach (var trigger in triggers.All)
                    await RunAsync(session, $"DROP TRIGGER IF EXISTS {Dialect.Quote(trigger.Name)} ON {Dialect.Quote(new TableName(member.Schema, member.Name))}", cancel);
        foreach (var function in triggers.Functions) await RunAsync(session, $"DROP FUNCTION IF EXISTS {triggers.Quoted(function)}{function.Arguments}", cancel);
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

    CaptureTriggers Triggers(CaptureTarget target, string? schema) => new(Dialect, target, new TableName(schema, Log(target).Name), prefix => Named(prefix, target));

    /// <summary>Functions of the database, by name and arguments.</summary>
    static async Task<Dictionary<string, StandingFunction>> FunctionsAsync(DbConnection session, string? schema, string[] names, CancellationToken cancel) => (await QueryAsync(session, """
        SELECT p.proname::text || '(' || pg_catalog.oidvectortypes(p.proargtypes) || ')', p.oid::int8, p.prosrc, p.prosecdef FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE p.proname = ANY($1) AND CASE WHEN $2::text IS NULL THEN pg_catalog.pg_function_is_visible(p.oid) ELSE n.nspname = $2 END
        """, cancel, ("", names), ("", schema))).ToDictionary(row => (string)row[0]!, row => new StandingFunction((long)row[1]!, (string)row[2]!, (bool)row[3]!));

    /// <summary>A table's triggers, by name.</summary>
    static async Task<IReadOnlyDictionary<string, StandingTrigger>> StandingAsync(DbConnection session, Member member, CancellationToken cancel) => (await QueryAsync(session, """
        SELECT t.tgname::text, t.tgfoid::int8, t.tgtype, t.tgenabled IN ('O', 'A') AND coalesce(array_length(t.tgattr::int2[], 1), 0) = 0, t.tgqual::text
        FROM pg_catalog.pg_trigger t WHERE t.tgrelid = $1::int8::oid AND NOT t.tgisinternal
        """, cancel, ("", member.Oid))).ToDictionary(row => (string)row[0]!, row => new StandingTrigger((long)row[1]!, (short)row[2]!, (bool)row[3]!, (string?)row[4]));

    /// <summary>The table first, then its partitions and heirs.</summary>
    static async Task<List<Member>> FamilyAsync(DbConnection session, uint oid, CancellationToken cancel) =>
        (await QueryAsync(session, FindFamily.Replace("$1::oid", "$1::int8::oid", StringComparison.Ordinal), cancel, ("", (long)oid)))
            .OrderBy(row => (long)row[2]! == oid ? 0 : 1).Select(row => new Member((string)row[0]!, (string)row[1]!, (long)row[2]!, (bool)row[3]!)).ToList();

    static bool IsApart(List<Member> family) => family is [{ HoldsRows: true }];

    static string Label(Trigger trigger, Member table) => $"{trigger.Name} on {table.Name}";

    sealed record Member(string Schema, string Name, long Oid, bool HoldsRows);

    sealed record StandingFunction(long Oid, string Body, bool Definer);

    /// <param name="Function">Its oid.</param>
    /// <param name="Type">pg_trigger.tgtype.</param>
    /// <param name="InForce">Enabled, and for every column.</param>
    /// <param name="Condition">A node's text, or null.</param>
    sealed record StandingTrigger(long Function, short Type, bool InForce, string? Condition);
}
