using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.MySql;

/// <summary>How MariaDB's and MySQL's types read.</summary>
internal static class MySqlTypes
{
    /// <summary>
    /// The natural item type. tinyint(1) is what BOOLEAN declares, so it reads as boolean (a value other than 0 and 1 is a cell fault `range`); a column that counts
    /// is tinyint(2) or more, or is read through a query that casts it. bit(1) is boolean as well.
    /// </summary>
    /// <param name="dataType">information_schema.columns.data_type.</param>
    /// <param name="columnType">information_schema.columns.column_type, for display width and sign.</param>
    /// <param name="length">Characters of a text type.</param>
    /// <param name="precision">Digits, or bits of a bit type.</param>
    /// <param name="scale">Digits after the point.</param>
    public static ItemType Natural(string dataType, string columnType, long? length, long? precision, long? scale)
    {
        var unsigned = columnType.Contains("unsigned", StringComparison.OrdinalIgnoreCase);
        return dataType.ToLowerInvariant() switch
        {
            "tinyint" => columnType.StartsWith("tinyint(1)", StringComparison.OrdinalIgnoreCase) ? Database.Natural.Boolean : Database.Natural.Int32,
            "smallint" or "mediumint" or "year" => Database.Natural.Int32,
            "int" or "integer" => unsigned ? Database.Natural.Int64 : Database.Natural.Int32,
            "bigint" => unsigned ? ItemType.Decimal(20, 0) : Database.Natural.Int64,
            "bit" => precision switch { 1 => Database.Natural.Boolean, < 64 => Database.Natural.Int64, _ => ItemType.Decimal(20, 0) },
            "decimal" or "numeric" => Database.Natural.Decimal((int)(precision ?? 10), (int)(scale ?? 0)),
            "float" or "double" or "real" => Database.Natural.Double,
            "date" => Database.Natural.Date,
            "datetime" or "timestamp" => Database.Natural.Timestamp,
            "char" or "varchar" => Database.Natural.String(length),
            "binary" or "varbinary" or "tinyblob" or "blob" or "mediumblob" or "longblob" => Database.Natural.Binary,
            _ => Database.Natural.Text,
        };
    }
}
