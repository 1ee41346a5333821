using System.Data;
using System.Data.Common;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Adapters.Database.SqlServer;

internal sealed partial class SqlServerDialect
{
    /// <summary>OBJECT_ID finds a name as a statement does: in the login's default schema, then in dbo.</summary>
    const string FindTable = "SELECT o.type FROM sys.objects AS o WHERE o.object_id = OBJECT_ID(@table) AND o.type IN ('U', 'V')";

    /// <summary>Alias types are told by what they stand for, types of CLR by their own name. A column set is another view of columns that are listed.</summary>
    public const string FindColumns = """
        SELECT c.name, CONVERT(int, c.system_type_id), COALESCE(b.name, u.name), CONVERT(int, c.max_length), CONVERT(int, c.precision), CONVERT(int, c.scale), c.collation_name, c.is_nullable,
               CONVERT(bit, CASE WHEN c.is_identity = 1 OR c.is_computed = 1 OR c.generated_always_type <> 0 OR c.system_type_id = 189 THEN 1 ELSE 0 END),
               CONVERT(bit, CASE WHEN c.default_object_id <> 0 THEN 1 ELSE 0 END), CONVERT(int, COLLATIONPROPERTY(c.collation_name, 'CodePage'))
        FROM sys.columns AS c
        JOIN sys.types AS u ON u.user_type_id = c.user_type_id
        LEFT JOIN sys.types AS b ON b.user_type_id = c.system_type_id AND c.system_type_id <> 240
        WHERE c.object_id = OBJECT_ID(@table) AND c.is_column_set = 0
        ORDER BY c.column_id
        """;

    const string FindKeys = """
        SELECT i.index_id, i.is_primary_key, c.name
        FROM sys.indexes AS i
        JOIN sys.index_columns AS x ON x.object_id = i.object_id AND x.index_id = i.index_id AND x.is_included_column = 0 AND x.key_ordinal > 0
        JOIN sys.columns AS c ON c.object_id = x.object_id AND c.column_id = x.column_id
        WHERE i.object_id = OBJECT_ID(@table) AND i.is_unique = 1 AND i.has_filter = 0 AND i.is_disabled = 0 AND i.is_hypothetical = 0
        ORDER BY i.is_primary_key DESC, i.index_id, x.key_ordinal
        """;

    public override async Task<TableDescription?> DescribeAsync(DbConnection connection, FrontEndConnection settings, TableName table, CancellationToken cancel)
    {
        try
        {
            string type;
            await using (var command = OfTable(connection, FindTable, Quote(table)))
            {
                if (await command.ExecuteScalarAsync(cancel) is not string found) return null;
                type = found.Trim();
            }

            var columns = new List<TableColumn>();
            await using (var command = OfTable(connection, FindColumns, Quote(table)))
            await using (var reader = await command.ExecuteReaderAsync(cancel))
                while (await reader.ReadAsync(cancel))
                {
                    var native = TypeOf(reader);
                    var nullable = reader.GetBoolean(7);
                    columns.Add(new TableColumn(reader.GetString(0), native.Spelling, native.Natural, nullable, Required: !nullable && !reader.GetBoolean(8) && !reader.GetBoolean(9), CaseInsensitive: native.TakesForEqual));
                }

            var (primary, unique) = await KeysAsync(connection, table, cancel);
            return new TableDescription { Table = table, Columns = columns, PrimaryKey = primary, UniqueKeys = unique, IsView = type == "V" };
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw Classify(exception, settings, $"describing {table}");
        }
    }

    /// <summary>The type in a row of <see cref="FindColumns"/>.</summary>
    public static SqlServerType TypeOf(DbDataReader reader) =>
        new(reader.GetInt32(1), reader.GetString(2), reader.GetInt32(3), reader.GetInt32(4), reader.GetInt32(5), reader.IsDBNull(6) ? null : reader.GetString(6));

    /// <summary>A statement with @table as the name of a table in the engine's quotes.</summary>
    public static DbCommand OfTable(DbConnection connection, string sql, string quoted)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.DbType, parameter.Size, parameter.Value) = ("@table", DbType.String, 600, quoted);
        command.Parameters.Add(parameter);
        return command;
    }

    async Task<(IReadOnlyList<string> Primary, IReadOnlyList<IReadOnlyList<string>> Unique)> KeysAsync(DbConnection connection, TableName table, CancellationToken cancel)
    {
        await using var command = OfTable(connection, FindKeys, Quote(table));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var indexes = new List<(int Id, bool Primary, List<string> Columns)>();
        while (await reader.ReadAsync(cancel))
        {
            var id = reader.GetInt32(0);
            if (indexes.Count == 0 || indexes[^1].Id != id) indexes.Add((id, reader.GetBoolean(1), []));
            indexes[^1].Columns.Add(reader.GetString(2));
        }

        return (indexes.Find(index => index.Primary).Columns ?? [], [.. indexes.Select(index => (IReadOnlyList<string>)index.Columns)]);
    }
}
