using System.Data.Common;
using System.Globalization;
using Exchange.Adapters.Database.Capture;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.FrontEnd;
using MySqlConnector;

namespace Exchange.Adapters.Database.MySql;

/// <summary>
/// Row triggers beside those the department has. They run with the rights of the hub's login. Making one waits for every transaction that has used the table, so nothing that
/// commits after the install is missed. Not seen by any trigger of this engine: TRUNCATE and the cascades of foreign keys; reconciliation finds them.
/// </summary>
internal sealed class MySqlCapture(FrontEndConnection connection, MySqlDialect dialect, Func<CancellationToken, Task<ReadSession>> open) : ChangeCapture(connection, dialect, open)
{
    const int IdsAtOnce = 1_000;

    static readonly (string Letter, string Event)[] Events = [("i", "INSERT"), ("u", "UPDATE"), ("d", "DELETE")];

    protected override async Task<DbConnection> OpenAsync(CancellationToken cancel) => await Dialect.OpenAsync(Connection, cancel);

    protected override async Task<IReadOnlyList<Part>> ObjectsAsync(DbConnection session, CaptureTarget target, CancellationToken cancel)
    {
        var columns = await QueryAsync(session, "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = COALESCE(@schema, DATABASE()) AND TABLE_NAME = @name", cancel,
            ("@schema", target.Table.Schema), ("@name", Log(target).Name));
        var names = columns.ConvertAll(row => (string)row[0]!);
        List<Part> parts = [new(Log(target).Name, names.Count > 0, names.Contains(Id) && names.Contains(Operation) && target.KeyColumns.All(names.Contains), IsLog: true)];
        var triggers = await QueryAsync(session, """
            SELECT TRIGGER_NAME, ACTION_STATEMENT, EVENT_MANIPULATION, ACTION_TIMING, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = COALESCE(@schema, DATABASE())
            """, cancel, ("@schema", target.Table.Schema));
        foreach (var (letter, name) in Events)
        {
            var row = triggers.Find(row => (string)row[0]! == Trigger(letter, target));
            var here = row is not null && string.Equals((string)row[4]!, target.Table.Name, StringComparison.OrdinalIgnoreCase);
            parts.Add(new Part(Trigger(letter, target), row is not null, here && ((string)row![1]!).Trim() == Body(letter, target) && (string)row[2]! == name && (string)row[3]! == "AFTER", Elsewhere: row is not null && !here));
        }

        return parts;
    }

    /// <summary>Each statement stands for itself here; one that is cut off is made good by the next install.</summary>
    protected override async Task InstallAsync(DbConnection session, CaptureTarget target, CancellationToken cancel)
    {
        await RunAsync(session, "SET SESSION lock_wait_timeout = 30", cancel);
        await TableAsync(session, target, cancel);
        var parts = await ObjectsAsync(session, target, cancel);
        var log = Dialect.Quote(Log(target));
        if (!parts[0].Right)
        {
            var columns = await ColumnsAsync(session, target, cancel);
            if (!parts[0].Stands)
                await RunAsync(session, $"CREATE TABLE {log} ({Id} bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, {Operation} varchar(1) NOT NULL, {Time} timestamp(6) NOT NULL DEFAULT current_timestamp(6), {string.Join(", ", columns)}) ENGINE = InnoDB", cancel);
            else
                foreach (var column in columns) await RunAsync(session, $"ALTER TABLE {log} ADD COLUMN IF NOT EXISTS {column}", cancel);
        }

        foreach (var (letter, name) in Events)
        {
            var part = parts.First(part => part.Name == Trigger(letter, target));
            if (part.Right) continue;
            var trigger = Dialect.Quote(new TableName(target.Table.Schema, Trigger(letter, target)));
            // MariaDB puts the new one in the place of the old one, and no write comes between: not even where a process that stood still since it looked replaces one that is right meanwhile. One that
            // a renamed table took along is dropped.
            var replace = ((MySqlConnection)session).ServerVersion.Contains("MariaDB", StringComparison.OrdinalIgnoreCase);
            if (part.Stands && (!replace || part.Elsewhere)) await RunAsync(session, $"DROP TRIGGER IF EXISTS {trigger}", cancel);
            await RunAsync(session, $"CREATE {(replace ? "OR REPLACE " : "")}TRIGGER {trigger} AFTER {name} ON {Dialect.Quote(target.Table)} FOR EACH ROW {Body(letter, target)}", cancel);
        }
    }

    protected override async Task RemoveAsync(DbConnection session, CaptureTarget target, CancellationToken cancel)
    {
        await RunAsync(session, "SET SESSION lock_wait_timeout = 30", cancel);
        foreach (var (letter, _) in Events) await RunAsync(session, $"DROP TRIGGER IF EXISTS {Dialect.Quote(new TableName(target.Table.Schema, Trigger(letter, target)))}", cancel);
        await RunAsync(session, $"DROP TABLE IF EXISTS {Dialect.Quote(Log(target))}", cancel);
    }

    protected override async Task DeleteAsync(DbConnection session, CaptureTarget target, IReadOnlyList<long> ids, CancellationToken cancel)
    {
        await using var transaction = await ((MySqlConnection)session).BeginTransactionAsync(cancel);
        foreach (var chunk in ids.Chunk(IdsAtOnce))
        {
            await using var command = new MySqlCommand { Connection = (MySqlConnection)session, Transaction = transaction };
            command.CommandText = $"DELETE FROM {Dialect.Quote(Log(target))} WHERE {Id} IN ({string.Join(", ", chunk.Select((_, at) => string.Create(CultureInfo.InvariantCulture, $"@p{at}")))})";
            for (var at = 0; at < chunk.Length; at++) command.Parameters.AddWithValue(string.Create(CultureInfo.InvariantCulture, $"@p{at}"), chunk[at]);
            await command.ExecuteNonQueryAsync(cancel);
        }

        await transaction.CommitAsync(cancel);
    }

    /// <summary>The key's columns with the source's own type, character set and collation.</summary>
    async Task<List<string>> ColumnsAsync(DbConnection session, CaptureTarget target, CancellationToken cancel)
    {
        var found = await QueryAsync(session, "SELECT COLUMN_NAME, COLUMN_TYPE, CHARACTER_SET_NAME, COLLATION_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = COALESCE(@schema, DATABASE()) AND TABLE_NAME = @name",
            cancel, ("@schema", target.Table.Schema), ("@name", target.Table.Name));
        return [.. target.KeyColumns.Select(column =>
        {
            var row = found.First(row => (string)row[0]! == column);
            return $"{Dialect.Quote(column)} {row[1]}{(row[2] is null ? "" : $" CHARACTER SET {row[2]} COLLATE {row[3]}")} NULL";
        })];
    }

    string Body(string letter, CaptureTarget target)
    {
        var (before, after) = ($"('{letter}', {KeyList(target, "OLD.")})", $"('{letter}', {KeyList(target, "NEW.")})");
        return $"INSERT INTO {Dialect.Quote(Log(target))} ({Operation}, {KeyList(target)}) VALUES {letter switch { "i" => after, "d" => before, _ => $"{before}, {after}" }}";
    }

    string Trigger(string letter, CaptureTarget target) => Named("exchange_" + letter, target);
}
