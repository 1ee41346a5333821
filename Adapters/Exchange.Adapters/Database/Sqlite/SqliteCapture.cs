using System.Data.Common;
using System.Text.Json;
using Exchange.Adapters.Database.Capture;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.FrontEnd;
using Microsoft.Data.Sqlite;

namespace Exchange.Adapters.Database.Sqlite;

/// <summary>
/// Row triggers. One writer holds the file at a time, so an install stands between transactions. Not seen: a row that INSERT OR REPLACE removes because of another unique
/// column, unless the writer sets recursive_triggers; reconciliation finds it. The ids' AUTOINCREMENT makes SQLite's own table sqlite_sequence, which SQLite lets nobody remove.
/// </summary>
internal sealed class SqliteCapture(FrontEndConnection connection, SqliteDialect dialect, Func<CancellationToken, Task<ReadSession>> open) : ChangeCapture(connection, dialect, open)
{
    static readonly (string Letter, string Event)[] Events = [("i", "INSERT"), ("u", "UPDATE"), ("d", "DELETE")];

    protected override async Task<DbConnection> OpenAsync(CancellationToken cancel) => await dialect.OpenExistingAsync(Connection, cancel);

    protected override async Task<IReadOnlyList<Part>> ObjectsAsync(DbConnection session, CaptureTarget target, CancellationToken cancel)
    {
        var names = (await QueryAsync(session, "SELECT name FROM pragma_table_info($table)", cancel, ("$table", Log(target).Name))).ConvertAll(row => (string)row[0]!);
        List<Part> parts = [new(Log(target).Name, names.Count > 0, names.Contains(Id) && names.Contains(Operation) && target.KeyColumns.All(names.Contains), IsLog: true)];
        foreach (var (letter, name) in Events)
        {
            var row = await QueryAsync(session, "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = $name", cancel, ("$name", Trigger(letter, target)));
            parts.Add(new Part(Trigger(letter, target), row.Count > 0, row.Count > 0 && (string?)row[0][0] == Definition(letter, name, target)));
        }

        return parts;
    }

    protected override async Task InstallAsync(DbConnection session, CaptureTarget target, CancellationToken cancel)
    {
        await using var transaction = ((SqliteConnection)session).BeginTransaction(deferred: false);
        var (_, key) = await TableAsync(session, target, cancel);
        var parts = await ObjectsAsync(session, target, cancel);
        if (parts.All(part => part.Right)) return;
        var columns = key.Select(column => $"{Dialect.Quote(column.Name)} {column.NativeType}".TrimEnd()).ToList();
        if (!parts[0].Stands)
            await RunAsync(session, $"CREATE TABLE {Dialect.Quote(Log(target))} ({Id} INTEGER PRIMARY KEY AUTOINCREMENT, {Operation} TEXT NOT NULL, {Time} TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), {string.Join(", ", columns)})", cancel, transaction);
        else if (!parts[0].Right)
        {
            var names = (await QueryAsync(session, "SELECT name FROM pragma_table_info($table)", cancel, ("$table", Log(target).Name))).ConvertAll(row => (string)row[0]!);
            for (var at = 0; at < columns.Count; at++)
                if (!names.Contains(target.KeyColumns[at])) await RunAsync(session, $"ALTER TABLE {Dialect.Quote(Log(target))} ADD COLUMN {columns[at]}", cancel, transaction);
        }

        foreach (var (letter, name) in Events)
        {
            var part = parts.First(part => part.Name == Trigger(letter, target));
            if (part.Right) continue;
            if (part.Stands) await RunAsync(session, $"DROP TRIGGER {Dialect.Quote(Trigger(letter, target))}", cancel, transaction);
            await RunAsync(session, Definition(letter, name, target), cancel, transaction);
        }

        await transaction.CommitAsync(cancel);
    }

    protected override async Task RemoveAsync(DbConnection session, CaptureTarget target, CancellationToken cancel)
    {
        await using var transaction = ((SqliteConnection)session).BeginTransaction(deferred: false);
        foreach (var (letter, _) in Events) await RunAsync(session, $"DROP TRIGGER IF EXISTS {Dialect.Quote(Trigger(letter, target))}", cancel, transaction);
        await RunAsync(session, $"DROP TABLE IF EXISTS {Dialect.Quote(Log(target))}", cancel, transaction);
        await transaction.CommitAsync(cancel);
    }

    protected override async Task DeleteAsync(DbConnection session, CaptureTarget target, IReadOnlyList<long> ids, CancellationToken cancel)
    {
        await using var command = (SqliteCommand)session.CreateCommand();
        command.CommandText = $"DELETE FROM {Dialect.Quote(Log(target))} WHERE {Id} IN (SELECT value FROM json_each($ids))";
        command.Parameters.AddWithValue("$ids", JsonSerializer.Serialize(ids));
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>As SQLite keeps it: the text of its making.</summary>
    string Definition(string letter, string name, CaptureTarget target)
    {
        var (before, after) = ($"('{letter}', {KeyList(target, "OLD.")})", $"('{letter}', {KeyList(target, "NEW.")})");
        var rows = letter switch { "i" => after, "d" => before, _ => $"{before}, {after}" };
        return $"CREATE TRIGGER {Dialect.Quote(Trigger(letter, target))} AFTER {name} ON {Dialect.Quote(target.Table.Name)} BEGIN INSERT INTO {Dialect.Quote(Log(target).Name)} ({Operation}, {KeyList(target)}) VALUES {rows}; END";
    }

    string Trigger(string letter, CaptureTarget target) => Named("exchange_" + letter, target);
}
