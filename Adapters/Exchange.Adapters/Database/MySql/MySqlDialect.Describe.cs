using System.Data.Common;
using Exchange.Contracts.FrontEnd;
using MySqlConnector;

namespace Exchange.Adapters.Database.MySql;

internal sealed partial class MySqlDialect
{
    const string FindTable = """
        SELECT t.TABLE_TYPE, t.ENGINE, e.TRANSACTIONS FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
        WHERE t.TABLE_SCHEMA = COALESCE(@schema, DATABASE()) AND t.TABLE_NAME = @name
        """;

    const string FindColumns = """
        SELECT COLUMN_NAME, COLUMN_TYPE, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, IS_NULLABLE,
               COLUMN_DEFAULT IS NOT NULL OR EXTRA LIKE '%auto_increment%' OR EXTRA LIKE '%GENERATED%' OR EXTRA LIKE '%STORED%' OR EXTRA LIKE '%VIRTUAL%', COLLATION_NAME
        FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = COALESCE(@schema, DATABASE()) AND TABLE_NAME = @name ORDER BY ORDINAL_POSITION
        """;

    /// <summary>SUB_PART: an index on the beginning of a column makes only that unique; MySQL's functional parts have no column name.</summary>
    const string FindKeys = """
        SELECT INDEX_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS
        WHERE TABLE_SCHEMA = COALESCE(@schema, DATABASE()) AND TABLE_NAME = @name AND NON_UNIQUE = 0 ORDER BY INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX
        """;

    public override async Task<TableDescription?> DescribeAsync(DbConnection connection, FrontEndConnection settings, TableName table, CancellationToken cancel)
    {
        var mysql = (MySqlConnection)connection;
        try
        {
            bool view, transactional;
            await using (var command = Command(mysql, FindTable, table))
            await using (var reader = await command.ExecuteReaderAsync(cancel))
            {
                if (!await reader.ReadAsync(cancel)) return null;
                view = reader.GetString(0).Contains("VIEW", StringComparison.OrdinalIgnoreCase);
                transactional = view || (!reader.IsDBNull(2) && string.Equals(reader.GetString(2), "YES", StringComparison.OrdinalIgnoreCase));
            }

            var columns = await ColumnsAsync(mysql, table, cancel);
            var (primary, unique) = await KeysAsync(mysql, table, cancel);
            return new TableDescription { Table = table, Columns = columns, PrimaryKey = primary, UniqueKeys = unique, IsView = view, Transactional = transactional };
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw Classify(exception, settings, $"describing {table}");
        }
    }

    static MySqlCommand Command(MySqlConnection connection, string sql, TableName table)
    {
        var command = new MySqlCommand(sql, connection);
        command.Parameters.AddWithValue("@schema", (object?)table.Schema ?? DBNull.Value);
        command.Parameters.AddWithValue("@name", table.Name);
        return command;
    }

    static async Task<List<TableColumn>> ColumnsAsync(MySqlConnection connection, TableName table, CancellationToken cancel)
    {
        await using var command = Command(connection, FindColumns, table);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var columns = new List<TableColumn>();
        while (await reader.ReadAsync(cancel))
        {
            var (columnType, dataType) = (reader.GetString(1), reader.GetString(2));
            // A bit column's width stands in NUMERIC_PRECISION; lengths of longtext exceed what a signed number holds on some versions.
            var length = reader.IsDBNull(3) ? (long?)null : (long)Math.Min(Convert.ToUInt64(reader.GetValue(3), null), long.MaxValue);
            var precision = reader.IsDBNull(4) ? (long?)null : Convert.ToInt64(reader.GetValue(4), null);
            var scale = reader.IsDBNull(5) ? (long?)null : Convert.ToInt64(reader.GetValue(5), null);
            var nullable = reader.GetString(6) == "YES";
            var collation = reader.IsDBNull(8) ? null : reader.GetString(8);
            columns.Add(new TableColumn(reader.GetString(0), columnType, MySqlTypes.Natural(dataType, columnType, length, precision, scale), nullable,
                Required: !nullable && Convert.ToInt64(reader.GetValue(7), null) == 0, CaseInsensitive: TakesForEqual(dataType, collation)));
        }

        return columns;
    }

    /// <summary>
    /// Only binary collations that do not pad compare by code point: MariaDB's *_nopad_bin and MySQL's utf8mb4_0900_bin. CHAR loses trailing blanks when it is read,
    /// whatever its collation.
    /// </summary>
    static bool TakesForEqual(string dataType, string? collation) => collation is not null and not "binary" &&
        (dataType == "char" || !(collation.EndsWith("_nopad_bin", StringComparison.Ordinal) || collation.EndsWith("_0900_bin", StringComparison.Ordinal)));

    static async Task<(IReadOnlyList<string> Primary, IReadOnlyList<IReadOnlyList<string>> Unique)> KeysAsync(MySqlConnection connection, TableName table, CancellationToken cancel)
    {
        await using var command = Command(connection, FindKeys, table);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var indexes = new List<(string Name, List<string?> Columns)>();
        while (await reader.ReadAsync(cancel))
        {
            var name = reader.GetString(0);
            if (indexes.Count == 0 || indexes[^1].Name != name) indexes.Add((name, []));
            indexes[^1].Columns.Add(reader.IsDBNull(1) || !reader.IsDBNull(2) ? null : reader.GetString(1));
        }

        var whole = indexes.Where(index => index.Columns.TrueForAll(column => column is not null)).ToList();
        IReadOnlyList<string> primary = whole.Find(index => index.Name == "PRIMARY") is { Columns: { } columns } ? [.. columns.OfType<string>()] : [];
        return (primary, [.. whole.Select(index => (IReadOnlyList<string>)[.. index.Columns.OfType<string>()])]);
    }
}
