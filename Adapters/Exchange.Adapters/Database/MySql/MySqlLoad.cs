using System.Globalization;
using System.Text;
using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using MySqlConnector;

namespace Exchange.Adapters.Database.MySql;

/// <summary>
/// Fills a temporary table: by LOAD DATA LOCAL from memory, and by multi-row inserts where the server refuses that. LOAD DATA makes warnings of
/// what strict mode calls errors, so any warning is a row error.
/// </summary>
internal static class MySqlLoad
{
    const int ParametersOfStatement = 4_000;

    /// <summary>The used command is not allowed; loading local data is disabled (MySQL 8; MariaDB).</summary>
    static readonly HashSet<int> Refused = [1148, 3948, 4166];

    public static async Task SendAsync(MySqlConnection connection, string table, IReadOnlyList<string> columns, RowSelection rows, IReadOnlyList<TimeZoneInfo?> zones, CancellationToken cancel)
    {
        try
        {
            await LoadAsync(connection, table, columns, rows, zones, cancel);
        }
        catch (Exception exception) when ((exception is MySqlException mysql && Refused.Contains(mysql.Number)) || exception is NotSupportedException)
        {
            await InsertAsync(connection, table, columns, rows, zones, cancel);
        }
    }

    /// <summary>As <see cref="SendAsync"/> where LOAD DATA is refused: slower, strict by itself.</summary>
    public static async Task InsertAsync(MySqlConnection connection, string table, IReadOnlyList<string> columns, RowSelection rows, IReadOnlyList<TimeZoneInfo?> zones, CancellationToken cancel)
    {
        var size = Math.Max(1, ParametersOfStatement / columns.Count);
        for (var start = 0; start < rows.Rows.Count; start += size)
        {
            var sql = new StringBuilder($"INSERT INTO {table} ({string.Join(", ", columns)}) VALUES ");
            await using var command = (MySqlCommand)connection.Command("");
            for (var at = start; at < Math.Min(start + size, rows.Rows.Count); at++)
            {
                sql.Append(at == start ? "(" : ", (");
                for (var column = 0; column < columns.Count; column++)
                {
                    var parameter = string.Create(CultureInfo.InvariantCulture, $"@p{command.Parameters.Count}");
                    command.Parameters.AddWithValue(parameter, Value(rows.Batch.Columns[rows.Ordinals[column]], rows.Rows[at], zones[column]));
                    sql.Append(column == 0 ? "" : ", ").Append(parameter);
                }

                sql.Append(')');
            }

            command.CommandText = sql.ToString();
            await command.ExecuteNonQueryAsync(cancel);
        }
    }

    static async Task LoadAsync(MySqlConnection connection, string table, IReadOnlyList<string> columns, RowSelection rows, IReadOnlyList<TimeZoneInfo?> zones, CancellationToken cancel)
    {
        var lines = MySqlText.Lines(rows, zones, cancel);
        var loader = new MySqlBulkLoader(connection)
        {
            TableName = table,
            CharacterSet = "utf8mb4",
            FieldTerminator = "\t",
            LineTerminator = "\n",
            EscapeCharacter = '\\',
            Local = true,
            Timeout = TargetEngine.StatementSeconds,
        };
        for (var at = 0; at < columns.Count; at++)
        {
            var binary = rows.Batch.Columns[rows.Ordinals[at]].Type.Kind == ItemKind.Binary;
            loader.Columns.Add(binary ? string.Create(CultureInfo.InvariantCulture, $"@binary{at}") : columns[at]);
            if (binary) loader.Expressions.Add(string.Create(CultureInfo.InvariantCulture, $"{columns[at]} = UNHEX(@binary{at})"));
        }

        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(lines.WrittenMemory, out var segment);
        await using var stream = new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false);
        loader.SourceStream = stream;
        var loaded = await loader.LoadAsync(cancel);
        if (await WarningAsync(connection, cancel) is { } warning) throw Changed(warning);
        if (loaded != rows.Rows.Count) throw Changed(string.Create(CultureInfo.InvariantCulture, $"{loaded} of {rows.Rows.Count} rows were taken"));
    }

    static async Task<string?> WarningAsync(MySqlConnection connection, CancellationToken cancel)
    {
        await using var command = connection.Command("SHOW WARNINGS LIMIT 1");
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel) ? reader.GetString(2) : null;
    }

    static FrontEndException Changed(string warning) => new(
        FrontEndFault.Row, ErrorCodes.FrontEndFailed, Party.Subscriber, $"The server would have changed a value while loading: {warning}.", "Correct the row at its source, or widen the target's column.");

    static object Value(Column column, int row, TimeZoneInfo? zone)
    {
        if (column.IsNull(row)) return DBNull.Value;
        return column is BytesColumn { Type.Kind: ItemKind.Binary } bytes ? bytes[row].ToArray() : MySqlText.At(column, row, zone);
    }
}
