using System.Globalization;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Sqlite;

/// <summary>How a column's declared type reads: by its name first, by SQLite's affinity rules where the name is none that is known.</summary>
internal static class SqliteTypes
{
    public static ItemType Natural(string? declared)
    {
        if (string.IsNullOrWhiteSpace(declared)) return Database.Natural.Text;
        var open = declared.IndexOf('(', StringComparison.Ordinal);
        var close = open < 0 ? -1 : declared.IndexOf(')', open);
        var name = (open < 0 ? declared : declared[..open]).Trim().ToUpperInvariant();
        int[] numbers = close < 0 ? [] : [.. declared[(open + 1)..close].Split(',').Select(part => int.TryParse(part, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var number) ? number : -1)];

        return name switch
        {
            "BOOLEAN" or "BOOL" => Database.Natural.Boolean,
            "DATE" => Database.Natural.Date,
            "DATETIME" or "TIMESTAMP" or "TIMESTAMPTZ" or "TIMESTAMP WITH TIME ZONE" or "DATETIMEOFFSET" => Database.Natural.Timestamp,
            "DECIMAL" or "NUMERIC" or "DECIMAL_TEXT" or "NUMBER" or "MONEY" => numbers switch
            {
                [> 0] => Database.Natural.Decimal(numbers[0], 0),
                [> 0, >= 0] => Database.Natural.Decimal(numbers[0], numbers[1]),
                _ => Database.Natural.UnboundDecimal,
            },
            _ when name.Contains("INT", StringComparison.Ordinal) => Database.Natural.Int64,
            _ when name.Contains("CHAR", StringComparison.Ordinal) => Database.Natural.String(numbers is [> 0] ? numbers[0] : null),
            _ when name.Contains("CLOB", StringComparison.Ordinal) || name.Contains("TEXT", StringComparison.Ordinal) => Database.Natural.Text,
            _ when name.Contains("BLOB", StringComparison.Ordinal) || name.Contains("BINARY", StringComparison.Ordinal) || name == "BYTEA" => Database.Natural.Binary,
            _ when name.Contains("REAL", StringComparison.Ordinal) || name.Contains("FLOA", StringComparison.Ordinal) || name.Contains("DOUB", StringComparison.Ordinal) => Database.Natural.Double,
            _ => Database.Natural.Text,
        };
    }
}
