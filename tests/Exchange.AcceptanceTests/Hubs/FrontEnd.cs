using System.Data.Common;
using System.Globalization;
using Exchange.Contracts.Rows;
using Exchange.TestSupport;

namespace Exchange.AcceptanceTests.Hubs;

/// <summary>A department's table as the department itself made it.</summary>
/// <param name="Name">One identifier.</param>
/// <param name="Columns">Name and item type as a manifest spells it.</param>
/// <param name="Key">Columns of the primary key; empty: none.</param>
internal sealed record FrontTable(string Name, IReadOnlyList<(string Name, string Type)> Columns, IReadOnlyList<string> Key)
{
    public static FrontTable Of(string name, string key, params (string, string)[] columns) => new(name, columns, key.Length == 0 ? [] : key.Split(','));

    public ItemType TypeOf(string column) => Parse(Columns.First(known => known.Name == column).Type);

    public static ItemType Parse(string text) => ItemType.Parse(text, out var type) is { } problem ? throw new ArgumentException(problem) : type;
}

/// <summary>
/// A front-end database seen by its owner: written and read by the plain driver, values as canonical text (∅ stands for NULL in lines), so that tables of
/// different engines can be compared row by row without any code of the hub.
/// </summary>
internal sealed class FrontEnd(TestDatabase database) : IAsyncDisposable
{
    public static readonly string[] Engines = ["postgresql", "mysql", "sqlserver", "sqlite"];

    /// <summary>One row for each engine; SQL Server's is reported as not run where there is none.</summary>
    public static IEnumerable<TestDataRow<string>> Each => Engines.Select(engine => Row(engine, engine));

    public TestDatabase Database => database;

    public string Provider => database.Provider;

    public static TestDataRow<T> Row<T>(T data, params IEnumerable<string> engines) =>
        new(data) { IgnoreMessage = engines.Contains("sqlserver") && !TestDatabase.HasSqlServer ? TestDatabase.NoSqlServer : null };

    public static async Task<FrontEnd> CreateAsync(string provider) => new(await TestDatabase.CreateAsync(provider));

    public string Q(string name) => Provider == "mysql" ? $"`{name.Replace("`", "``", StringComparison.Ordinal)}`" : Provider == "sqlserver" ? $"[{name.Replace("]", "]]", StringComparison.Ordinal)}]" : $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public Task ExecuteAsync(string sql) => database.ExecuteAsync(sql);

    public async Task<long> NumberAsync(string sql) => Convert.ToInt64((await database.QueryAsync(sql))[0][0], CultureInfo.InvariantCulture);

    public Task CreateAsync(FrontTable table)
    {
        var parts = table.Columns.Select(column => $"{Q(column.Name)} {Native(FrontTable.Parse(column.Type))}").ToList();
        if (table.Key.Count > 0) parts.Add($"PRIMARY KEY ({string.Join(", ", table.Key.Select(Q))})");
        return ExecuteAsync($"CREATE TABLE {Q(table.Name)} ({string.Join(", ", parts)})");
    }

    public async Task InsertAsync(FrontTable table, params IEnumerable<string?[]> rows)
    {
        await using var connection = await database.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        foreach (var row in rows)
        {
            await RunAsync(connection, transaction, table,
                $"INSERT INTO {Q(table.Name)} ({string.Join(", ", table.Columns.Select(column => Q(column.Name)))}) VALUES ({string.Join(", ", table.Columns.Select((column, at) => Marker(table, column.Name, at)))})",
                [.. table.Columns.Select((column, at) => (column.Name, row[at]))]);
        }

        await transaction.CommitAsync();
    }

    /// <summary>Sets columns (by name) of the row with that key.</summary>
    public Task UpdateAsync(FrontTable table, string?[] key, params (string Column, string? Value)[] values) =>
        RunAsync(table, $"UPDATE {Q(table.Name)} SET {string.Join(", ", values.Select((value, at) => $"{Q(value.Column)} = {Marker(table, value.Column, at)}"))} WHERE {Where(table, values.Length)}",
            [.. values, .. table.Key.Select((column, at) => (column, key[at]))]);

    public Task DeleteAsync(FrontTable table, params string?[] key) =>
        RunAsync(table, $"DELETE FROM {Q(table.Name)} WHERE {Where(table, 0)}", [.. table.Key.Select((column, at) => (column, key[at]))]);

    /// <summary>All rows, one line each, sorted: values of the columns in canonical text, joined by |.</summary>
    public async Task<string[]> LinesAsync(FrontTable table, string where = "")
    {
        var rows = await database.QueryAsync($"SELECT {string.Join(", ", table.Columns.Select(column => Q(column.Name)))} FROM {Q(table.Name)} {where}");
        var types = table.Columns.Select(column => FrontTable.Parse(column.Type)).ToList();
        return [.. rows.Select(row => string.Join('|', row.Select((value, at) => Text(types[at], value)))).Order(StringComparer.Ordinal)];
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    string Where(FrontTable table, int first) => string.Join(" AND ", table.Key.Select((column, at) => $"{Q(column)} = {Marker(table, column, first + at)}"));

    /// <summary>Npgsql takes the smallest and largest DateTime for infinity; the text of a date is read by the server instead.</summary>
    string Marker(FrontTable table, string column, int at) =>
        Provider == "postgresql" && table.TypeOf(column) is { Kind: ItemKind.Date or ItemKind.Timestamp } type ? $"CAST(@p{at} AS {Native(type)})" : $"@p{at}";

    async Task RunAsync(FrontTable table, string sql, IReadOnlyList<(string Column, string? Value)> values)
    {
        await using var connection = await database.OpenAsync();
        Assert.AreEqual(1, await RunAsync(connection, null, table, sql, values), $"rows touched by {sql}");
    }

    async Task<int> RunAsync(DbConnection connection, DbTransaction? transaction, FrontTable table, string sql, IReadOnlyList<(string Column, string? Value)> values)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        for (var at = 0; at < values.Count; at++)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ($"@p{at}", Value(table.TypeOf(values[at].Column), values[at].Value));
            // SQL Server turns no text into bytes, not even one that is NULL.
            if (Provider == "sqlserver" && values[at].Value is null && table.TypeOf(values[at].Column).Kind == ItemKind.Binary) parameter.DbType = System.Data.DbType.Binary;
            command.Parameters.Add(parameter);
        }

        return await command.ExecuteNonQueryAsync();
    }

    string Native(ItemType type) => (Provider, type.Kind) switch
    {
        ("sqlserver", ItemKind.String) => $"nvarchar({type.Length * 2})",
        ("sqlserver", ItemKind.Text) => "nvarchar(max)",
        ("sqlserver", ItemKind.Boolean) => "bit",
        ("sqlserver", ItemKind.Timestamp) => "datetime2(6)",
        ("sqlserver", ItemKind.Binary) => "varbinary(max)",
        (_, ItemKind.String) => $"varchar({type.Length})",
        ("mysql", ItemKind.Text) => "longtext",
        (_, ItemKind.Text) => "text",
        (_, ItemKind.Int32) => "int",
        (_, ItemKind.Int64) => "bigint",
        ("sqlite", ItemKind.Decimal) => $"decimal_text({type.Precision},{type.Scale})",
        (_, ItemKind.Decimal) => $"numeric({type.Precision},{type.Scale})",
        (_, ItemKind.Double) => "double precision",
        (_, ItemKind.Boolean) => "boolean",
        (_, ItemKind.Date) => "date",
        ("mysql", ItemKind.Timestamp) => "datetime(6)",
        ("postgresql", ItemKind.Timestamp) => "timestamptz",
        (_, ItemKind.Timestamp) => "timestamp",
        ("mysql", ItemKind.Binary) => "longblob",
        ("postgresql", ItemKind.Binary) => "bytea",
        _ => "blob",
    };

    object Value(ItemType type, string? text)
    {
        if (text is null) return DBNull.Value;
        return (type.Kind, Provider) switch
        {
            (ItemKind.Int32, _) => int.Parse(text, CultureInfo.InvariantCulture),
            (ItemKind.Int64, _) => long.Parse(text, CultureInfo.InvariantCulture),
            (ItemKind.Double, _) => double.Parse(text, CultureInfo.InvariantCulture),
            (ItemKind.Boolean, _) => text == "true",
            (ItemKind.Binary, _) => Convert.FromHexString(text),
            (ItemKind.Decimal, "sqlite") or (ItemKind.Date or ItemKind.Timestamp, "sqlite" or "postgresql") => text,
            // The driver would make a datetime of either, which begins in 1753 and has three-hundredths of a second.
            (ItemKind.Date, "sqlserver") => text,
            (ItemKind.Timestamp, "sqlserver") => Instant(text).ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture),
            (ItemKind.Decimal, _) => decimal.Parse(text, CultureInfo.InvariantCulture),
            (ItemKind.Date, _) => DateTime.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture),
            (ItemKind.Timestamp, _) => DateTime.SpecifyKind(Instant(text), DateTimeKind.Unspecified),
            _ => text,
        };
    }

    static DateTime Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).UtcDateTime;

    static string Text(ItemType type, object? value)
    {
        if (value is null) return "∅";
        switch (type.Kind)
        {
            case ItemKind.Decimal:
                var number = value is decimal given ? given : decimal.Parse(Convert.ToString(value, CultureInfo.InvariantCulture)!, CultureInfo.InvariantCulture);
                return (number / 1.0000000000000000000000000000m).ToString(CultureInfo.InvariantCulture);
            case ItemKind.Double: return Convert.ToDouble(value, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture);
            case ItemKind.Boolean: return Convert.ToBoolean(value, CultureInfo.InvariantCulture) ? "true" : "false";
            case ItemKind.Binary: return Convert.ToHexStringLower((byte[])value);
            case ItemKind.Date: return value switch { DateOnly day => $"{day:yyyy-MM-dd}", DateTime at => at.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), _ => (string)value };
            case ItemKind.Timestamp:
                var instant = value as DateTime? ?? Instant((string)value);
                return instant.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
            default: return Convert.ToString(value, CultureInfo.InvariantCulture)!;
        }
    }
}
