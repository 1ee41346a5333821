using System.Globalization;

namespace Exchange.Contracts.Rows;

/// <summary>Reads back what <see cref="Column.TextAt"/> wrote.</summary>
public static class ColumnText
{
    /// <summary>Appends the value that the text stands for.</summary>
    /// <returns>False, and nothing appended, when the text is not of the column's type.</returns>
    public static bool TryAppend(Column column, string? text)
    {
        if (text is null)
        {
            column.AppendNull();
            return true;
        }

        switch (column)
        {
            case BytesColumn { Type.Kind: ItemKind.Binary } bytes:
                if (text.Length % 2 != 0 || !text.All(char.IsAsciiHexDigit)) return false;
                bytes.Append(Convert.FromHexString(text));
                return true;
            case BytesColumn bytes:
                bytes.Append(text);
                return true;
            case DecimalColumn decimals when decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value):
                decimals.Append(value);
                return true;
            case DoubleColumn doubles when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value):
                doubles.Append(value);
                return true;
            case LongColumn longs when TryLong(longs.Type.Kind, text, out var value):
                longs.Append(value);
                return true;
            default:
                return false;
        }
    }

    static bool TryLong(ItemKind kind, string text, out long value)
    {
        value = 0;
        switch (kind)
        {
            case ItemKind.Boolean:
                value = text == "true" ? 1 : 0;
                return text is "true" or "false";
            case ItemKind.Date:
                if (!DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)) return false;
                value = Temporal.Days(date);
                return true;
            case ItemKind.Timestamp:
                if (!DateTimeOffset.TryParseExact(text, Instants, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant)) return false;
                value = Temporal.Microseconds(instant);
                return true;
            default:
                return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
        }
    }

    static readonly string[] Instants = ["yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'"];
}
