using System.Data.Common;
using Exchange.Contracts.FrontEnd;
using Microsoft.Data.Sqlite;

namespace Exchange.Adapters.Database.Sqlite;

internal sealed partial class SqliteDialect
{
    public override async Task<TableDescription?> DescribeAsync(DbConnection connection, FrontEndConnection settings, TableName table, CancellationToken cancel)
    {
        var sqlite = (SqliteConnection)connection;
        try
        {
            var (found, view) = await FindAsync(sqlite, table, cancel);
            if (found is null) return null;
            var (columns, primary) = await ColumnsAsync(sqlite, table.Schema, found, cancel);
            if (columns.Count == 0) return null;
            var unique = await KeysAsync(sqlite, table.Schema, found, columns, cancel);
            // INTEGER PRIMARY KEY is the row id and has no index of its own.
            if (primary.Count > 0 && !unique.Exists(key => key.SequenceEqual(primary))) unique.Insert(0, primary);
            return new TableDescription { Table = table, Columns = columns, PrimaryKey = primary, UniqueKeys = unique, IsView = view };
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw Classify(exception, settings, $"describing {table}");
        }
    }

    /// <summary>SQLite takes names without case; the hub takes a table only under a name that SQLite would take.</summary>
    async Task<(string? Name, bool View)> FindAsync(SqliteConnection connection, TableName table, CancellationToken cancel)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT name, type FROM {(table.Schema is null ? "" : Quote(table.Schema) + ".")}sqlite_schema WHERE type IN ('table', 'view') AND name = $name COLLATE NOCASE";
        command.Parameters.AddWithValue("$name", table.Name);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel) ? (reader.GetString(0), reader.GetString(1) == "view") : (null, false);
    }

    static async Task<(List<TableColumn> Columns, IReadOnlyList<string> Primary)> ColumnsAsync(SqliteConnection connection, string? schema, string table, CancellationToken cancel)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT name, type, \"notnull\", dflt_value IS NOT NULL, pk, hidden FROM pragma_table_xinfo($table, $schema) WHERE hidden <> 1 ORDER BY cid";
        command.Parameters.AddWithValue("$table", table);
        command.Parameters.AddWithValue("$schema", schema ?? "main");
        var columns = new List<(string Name, string Type, bool NotNull, bool HasDefault, int Key, bool Generated)>();
        await using (var reader = await command.ExecuteReaderAsync(cancel))
            while (await reader.ReadAsync(cancel))
                columns.Add((reader.GetString(0), reader.IsDBNull(1) ? "" : reader.GetString(1), reader.GetInt64(2) != 0, reader.GetInt64(3) != 0, reader.GetInt32(4), reader.GetInt64(5) != 0));

        var primary = columns.Where(column => column.Key > 0).OrderBy(column => column.Key).Select(column => column.Name).ToList();
        var described = new List<TableColumn>();
        foreach (var column in columns)
        {
            // The alias of the row id: filled by itself, never null.
            var rowId = primary is [var only] && only == column.Name && column.Type.Equals("INTEGER", StringComparison.OrdinalIgnoreCase);
            described.Add(new TableColumn(column.Name, column.Type, SqliteTypes.Natural(column.Type), Nullable: !column.NotNull && !rowId,
                Required: column.NotNull && !column.HasDefault && !column.Generated && !rowId, CaseInsensitive: Collation(connection, schema, table, column.Name) is not "BINARY"));
        }

        return (described, primary);
    }

    /// <summary>The declared collation: BINARY, NOCASE, RTRIM or one of the application's own. A view's column has none of its own.</summary>
    static string Collation(SqliteConnection connection, string? schema, string table, string column) =>
        SQLitePCL.raw.sqlite3_table_column_metadata(connection.Handle!, schema ?? "main", table, column, out _, out var collation, out _, out _, out _) == SQLitePCL.raw.SQLITE_OK
            ? collation?.ToUpperInvariant() ?? "BINARY"
            : "BINARY";

    /// <summary>Unique indexes that are whole, of columns, and compare each column as the column itself does.</summary>
    static async Task<List<IReadOnlyList<string>>> KeysAsync(SqliteConnection connection, string? schema, string table, List<TableColumn> columns, CancellationToken cancel)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT l.name, x.name, x.cid FROM pragma_index_list($table, $schema) l, pragma_index_xinfo(l.name, $schema) x
            WHERE l."unique" AND NOT l.partial AND x.key ORDER BY l.origin <> 'pk', l.seq, x.seqno
            """;
        command.Parameters.AddWithValue("$table", table);
        command.Parameters.AddWithValue("$schema", schema ?? "main");
        var indexes = new List<(string Name, List<string?> Columns)>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            var name = reader.GetString(0);
            if (indexes.Count == 0 || indexes[^1].Name != name) indexes.Add((name, []));
            indexes[^1].Columns.Add(reader.IsDBNull(1) ? null : reader.GetString(1));
        }

        return [.. indexes.Where(index => index.Columns.TrueForAll(name => name is not null && columns.Exists(column => column.Name == name)))
            .Select(index => (IReadOnlyList<string>)[.. index.Columns.OfType<string>()])];
    }
}
