using System.Data.Common;
using System.Globalization;
using Exchange.Adapters.Database.Checksums;
using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.MySql;

/// <summary>MariaDB and MySQL.</summary>
internal sealed class MySqlChecksums(FrontEndConnection connection, SqlDialect dialect) : TableChecksums(connection, dialect)
{
    protected override IEnumerable<ChecksumForm> Forms(DbConnection session, ChecksumQuery query, IReadOnlyList<SummedColumn> columns)
    {
        if (columns.Zip(query.Columns).All(pair => HasText(pair.First, pair.Second.Type))) yield return Make(query, Portable);
    }

    protected override ChecksumForm Make(ChecksumQuery query, string form)
    {
        var texts = query.Columns.Select(Text).Select(text => $"COALESCE(CONCAT(OCTET_LENGTH({text}), ':', {text}), '-')").ToList();
        return new ChecksumForm(form, Bits(query.Key.Select(at => texts[at]), RangeDigits), Bits(texts, HashDigits));
    }

    protected override async Task<IReadOnlyList<SummedColumn>> ColumnsAsync(DbConnection session, TableName table, CancellationToken cancel)
    {
        await using var command = session.Command(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = COALESCE(@schema, DATABASE()) AND table_name = @table",
            ("@schema", table.Schema), ("@table", table.Name));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var columns = new List<SummedColumn>();
        while (await reader.ReadAsync(cancel)) columns.Add(new SummedColumn(reader.GetString(0), reader.GetString(1).ToLowerInvariant()));
        return columns;
    }

    protected override string Standing(ChecksumQuery query) => query.Deleted is { } deleted ? $"COALESCE({Column(deleted)}, 0) = 0" : "1 = 1";

    bool HasText(SummedColumn column, ItemType type) => (type.Kind, column.Type) switch
    {
        (ItemKind.String or ItemKind.Text, "varchar" or "tinytext" or "text" or "mediumtext" or "longtext") => true,
        (ItemKind.Int32 or ItemKind.Int64, "tinyint" or "smallint" or "mediumint" or "int" or "bigint") => true,
        (ItemKind.Boolean, "tinyint") or (ItemKind.Decimal, "decimal") or (ItemKind.Date, "date") or (ItemKind.Timestamp, "timestamp") => true,
        (ItemKind.Timestamp, "datetime") => Settings.TimeZone == "UTC",
        (ItemKind.Binary, "binary" or "varbinary" or "tinyblob" or "blob" or "mediumblob" or "longblob") => true,
        _ => false,
    };

    string Text(ChecksumColumn column)
    {
        var name = Column(column.Name);
        return column.Type.Kind switch
        {
            ItemKind.String or ItemKind.Text => $"CONVERT({name} USING utf8mb4)",
            ItemKind.Boolean => $"CASE WHEN {name} <> 0 THEN '1' WHEN {name} = 0 THEN '0' END",
            ItemKind.Decimal => Trimmed($"CAST({name} AS CHAR)"),
            ItemKind.Date => $"DATE_FORMAT({name}, '%Y-%m-%d')",
            ItemKind.Timestamp => $"CAST(TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', {name}) AS CHAR)",
            ItemKind.Binary => $"LOWER(HEX({name}))",
            _ => $"CAST({name} AS CHAR)",
        };
    }

    static string Trimmed(string digits) => $"IF(LOCATE('.', {digits}) > 0, TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM {digits})), {digits})";

    /// <summary>A row whose text is longer than the server takes for one (max_allowed_packet) has no MD5: its hash is new each time, so that it is compared in the hub.</summary>
    static string Bits(IEnumerable<string> texts, int digits) => string.Create(CultureInfo.InvariantCulture,
        $"CAST(CONV(LEFT(COALESCE(MD5(CONCAT({string.Join(", ", texts)})), MD5(UUID())), {digits}), 16, 10) AS UNSIGNED)");
}
