using System.Data;
using System.Data.Common;
using System.Globalization;
using Exchange.Adapters.Database.Capture;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.FrontEnd;
using Microsoft.Data.SqlClient;

namespace Exchange.Adapters.Database.SqlServer;

/// <summary>
/// Statement triggers, each an AFTER trigger beside those the department has. Table and log have one owner, so those who write to the table need no right on the log. The ids
/// of the log are rowversions: an identity column would change what an application gets from @@IDENTITY after its insert. Making a trigger waits for every transaction that has used
/// the table, so nothing that commits after the install is missed. Not seen by any trigger: TRUNCATE, partitions switched in or out, bulk loads that do not ask for FIRE_TRIGGERS, and, where the
/// server's option "nested triggers" is off, what other triggers write; reconciliation finds them. While the triggers stand, a statement on the table with OUTPUT and without INTO is
/// refused by the server (error 334).
/// </summary>
internal sealed class SqlServerCapture(FrontEndConnection connection, SqlServerDialect dialect, Func<CancellationToken, Task<ReadSession>> open) : ChangeCapture(connection, dialect, open)
{
    /// <summary>Committed entries only, without a wait for those that are not: both hints are needed where READ_COMMITTED_SNAPSHOT is on.</summary>
    public const string PassLockedHint = " WITH (READCOMMITTEDLOCK, READPAST)";

    /// <summary>Below the number of locks at which the server takes the whole table instead.</summary>
    const int IdsAtOnce = 1_000;

    const string LockTimeout = "SET LOCK_TIMEOUT 30000";

    static readonly (string Letter, string Event)[] Events = [("i", "INSERT"), ("u", "UPDATE"), ("d", "DELETE")];

    protected override string PassLocked => PassLockedHint;

    protected override async Task<DbConnection> OpenAsync(CancellationToken cancel) => new SqlServerSession(await dialect.OpenSqlServerAsync(Connection, cancel));

    protected override async Task<IReadOnlyList<Part>> ObjectsAsync(DbConnection session, CaptureTarget target, CancellationToken cancel)
    {
        var names = (await QueryAsync(session, "SELECT c.name FROM sys.columns AS c WHERE c.object_id = OBJECT_ID(@table, 'U')", cancel, ("@table", Dialect.Quote(Log(target))))).ConvertAll(row => (string)row[0]!);
        List<Part> parts = [new(Log(target).Name, names.Count > 0, names.Contains(Id) && names.Contains(Operation) && target.KeyColumns.All(names.Contains), IsLog: true)];
        var triggers = await QueryAsync(session, """
            SELECT g.name, OBJECT_DEFINITION(g.object_id), CONVERT(int, g.is_disabled), CONVERT(int, g.is_instead_of_trigger) FROM sys.triggers AS g WHERE g.parent_id = OBJECT_ID(@table)
            """, cancel, ("@table", Dialect.Quote(target.Table)));
        foreach (var (letter, name) in Events)
        {
            var row = triggers.Find(row => (string)row[0]! == Trigger(letter, target));
            parts.Add(new Part(Trigger(letter, target), row is not null, row is not null && (string?)row[1] == Definition(letter, name, target) && (int)row[2]! == 0 && (int)row[3]! == 0));
        }

        return parts;
    }

    protected override async Task InstallAsync(DbConnection session, CaptureTarget target, CancellationToken cancel)
    {
        await BeginAsync(session, cancel);
        await TableAsync(session, target, cancel);
        await SchemaAsync(session, target, cancel);
        var parts = await ObjectsAsync(session, target, cancel);
        if (parts.All(part => part.Right)) return;
        var log = Dialect.Quote(Log(target));
        if (!parts[0].Right)
        {
            var columns = await ColumnsAsync(session, target, cancel);
            if (!parts[0].Stands)
                await RunAsync(session, $"CREATE TABLE {log} ({Id} rowversion NOT NULL PRIMARY KEY, {Operation} nchar(1) COLLATE {SqlServerDialect.ByCodePoint} NOT NULL, {Time} datetime2(6) NOT NULL DEFAULT SYSUTCDATETIME(), {string.Join(", ", columns.Values)})", cancel);
            else
            {
                var standing = (await QueryAsync(session, "SELECT c.name FROM sys.columns AS c WHERE c.object_id = OBJECT_ID(@table)", cancel, ("@table", log))).ConvertAll(row => (string)row[0]!);
                foreach (var (name, column) in columns)
                    if (!standing.Contains(name)) await RunAsync(session, $"ALTER TABLE {log} ADD {column}", cancel);
            }
        }

        foreach (var (letter, name) in Events)
        {
            var part = parts.First(part => part.Name == Trigger(letter, target));
            if (part.Right) continue;
            if (part.Stands) await RunAsync(session, $"DROP TRIGGER {TriggerName(letter, target)}", cancel);
            await RunAsync(session, Definition(letter, name, target), cancel);
        }

        await RunAsync(session, "COMMIT", cancel);
    }

    protected override async Task RemoveAsync(DbConnection session, CaptureTarget target, CancellationToken cancel)
    {
        await BeginAsync(session, cancel);
        foreach (var (letter, _) in Events) await RunAsync(session, $"DROP TRIGGER IF EXISTS {TriggerName(letter, target)}", cancel);
        await RunAsync(session, $"DROP TABLE IF EXISTS {Dialect.Quote(Log(target))}", cancel);
        await RunAsync(session, "COMMIT", cancel);
    }

    protected override async Task DeleteAsync(DbConnection session, CaptureTarget target, IReadOnlyList<long> ids, CancellationToken cancel)
    {
        await ((SqlServerSession)session).BeginAsync(cancel);
        foreach (var chunk in ids.Chunk(IdsAtOnce))
        {
            await using var command = session.CreateCommand();
            command.CommandText = $"DELETE FROM {Dialect.Quote(Log(target))} WHERE {Id} IN ({string.Join(", ", chunk.Select((_, at) => string.Create(CultureInfo.InvariantCulture, $"@p{at}")))})";
            for (var at = 0; at < chunk.Length; at++)
                command.Parameters.Add(new SqlParameter(string.Create(CultureInfo.InvariantCulture, $"@p{at}"), SqlDbType.Binary, sizeof(long)) { Value = SqlServerValues.RowVersion(chunk[at]) });
            await command.ExecuteNonQueryAsync(cancel);
        }

        await RunAsync(session, "COMMIT", cancel);
    }

    /// <summary>A trigger waits for all who write, and who would write waits behind it: rather try again than hold a department up.</summary>
    static async Task BeginAsync(DbConnection session, CancellationToken cancel)
    {
        await RunAsync(session, LockTimeout, cancel);
        await ((SqlServerSession)session).BeginAsync(cancel);
    }

    /// <summary>Triggers stand in their table's schema. A table that is found in dbo, by a login that has a schema of its own, must be named with it: else its log would be made elsewhere.</summary>
    async Task SchemaAsync(DbConnection session, CaptureTarget target, CancellationToken cancel)
    {
        if (target.Table.Schema is not null) return;
        var row = (await QueryAsync(session, "SELECT OBJECT_SCHEMA_NAME(OBJECT_ID(@table)), SCHEMA_NAME()", cancel, ("@table", Dialect.Quote(target.Table))))[0];
        if (!Equals(row[0], row[1]))
            throw FaultMessage.Standing(Connection, "installing triggers", $"{target.Table} stands in the schema {row[0]} and this login's own schema is {row[1]}: say schema: {row[0]} beside table:", inner: null);
    }

    /// <summary>The key's columns with the source's own type and collation. A key of rowversion is kept as what it is made of: the log's own would be another.</summary>
    async Task<Dictionary<string, string>> ColumnsAsync(DbConnection session, CaptureTarget target, CancellationToken cancel)
    {
        await using var command = SqlServerDialect.OfTable(session, SqlServerDialect.FindColumns, Dialect.Quote(target.Table));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var types = new Dictionary<string, SqlServerType>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancel)) types[reader.GetString(0)] = SqlServerDialect.TypeOf(reader);
        return target.KeyColumns.ToDictionary(column => column, column =>
        {
            var type = types[column];
            var spelling = type.Form == SqlServerForm.RowVersion ? "binary(8)" : type.Spelling;
            return $"{Dialect.Quote(column)} {spelling}{(type.IsText ? $" COLLATE {type.Collation}" : "")} NULL";
        }, StringComparer.Ordinal);
    }

    /// <summary>As the server keeps it: the text of its making.</summary>
    string Definition(string letter, string name, CaptureTarget target)
    {
        var (log, key) = (Dialect.Quote(Log(target)), KeyList(target));
        var from = letter switch { "i" => Rows("inserted"), "d" => Rows("deleted"), _ => Rows("deleted") + " " + Rows("inserted") };
        return $"CREATE TRIGGER {TriggerName(letter, target)} ON {Dialect.Quote(target.Table)} AFTER {name} AS BEGIN SET NOCOUNT ON; {from} END";

        string Rows(string table) => $"INSERT INTO {log} ({Operation}, {key}) SELECT N'{letter}', {key} FROM {table};";
    }

    string TriggerName(string letter, CaptureTarget target) => Dialect.Quote(new TableName(target.Table.Schema, Trigger(letter, target)));

    string Trigger(string letter, CaptureTarget target) => Named("exchange_" + letter, target);
}
