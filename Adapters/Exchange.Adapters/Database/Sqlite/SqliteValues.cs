using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.Rows;
using SQLitePCL;

namespace Exchange.Adapters.Database.Sqlite;

/// <summary>A cell's storage class against the kind that its column declares. What does not convert without loss is a fault `type`.</summary>
internal static class SqliteValues
{
    /// <summary>Beyond this a double does not hold every integer.</summary>
    const double LargestExactInteger = 9_007_199_254_740_992;

    /// <summary>Digits that a double gives back as they were.</summary>
    const int ExactDigits = 15;

    public static void Read(PageBuilder page, int column, sqlite3_stmt row, int field)
    {
        switch (raw.sqlite3_column_type(row, field))
        {
            case raw.SQLITE_NULL:
                page.Null(column);
                break;
            case raw.SQLITE_INTEGER:
                Integer(page, column, raw.sqlite3_column_int64(row, field));
                break;
            case raw.SQLITE_FLOAT:
                Real(page, column, raw.sqlite3_column_double(row, field));
                break;
            case raw.SQLITE_TEXT:
                Text(page, column, raw.sqlite3_column_blob(row, field));
                break;
            default:
                var blob = raw.sqlite3_column_blob(row, field);
                if (page.Shapes[column].Type.Kind == ItemKind.Binary) page.Binary(column, blob);
                else page.Fault(column, "type", Convert.ToHexStringLower(blob[..Math.Min(blob.Length, 100)]), $"A blob stands where the column declares {page.Shapes[column].Type}.");
                break;
        }
    }

    /// <summary>Storage class and exact value, to be bound again.</summary>
    public static void Order(PageBuilder page, int column, sqlite3_stmt row, int field, ref byte[] buffer)
    {
        var type = raw.sqlite3_column_type(row, field);
        if (type == raw.SQLITE_NULL)
        {
            page.OrderNull(column);
            return;
        }

        var value = type is raw.SQLITE_TEXT or raw.SQLITE_BLOB ? raw.sqlite3_column_blob(row, field) : [];
        var length = Math.Max(value.Length, sizeof(long)) + 1;
        if (buffer.Length < length) buffer = new byte[length * 2];
        buffer[0] = (byte)type;
        if (type == raw.SQLITE_INTEGER) BinaryPrimitives.WriteInt64BigEndian(buffer.AsSpan(1), raw.sqlite3_column_int64(row, field));
        else if (type == raw.SQLITE_FLOAT) BinaryPrimitives.WriteDoubleBigEndian(buffer.AsSpan(1), raw.sqlite3_column_double(row, field));
        else value.CopyTo(buffer.AsSpan(1));
        page.Order(column, buffer.AsSpan(0, (type is raw.SQLITE_TEXT or raw.SQLITE_BLOB ? value.Length : sizeof(long)) + 1));
    }

    public static void Bind(sqlite3_stmt statement, int number, ReadOnlySpan<byte> value)
    {
        switch (value[0])
        {
            case raw.SQLITE_INTEGER:
                raw.sqlite3_bind_int64(statement, number, BinaryPrimitives.ReadInt64BigEndian(value[1..]));
                break;
            case raw.SQLITE_FLOAT:
                raw.sqlite3_bind_double(statement, number, BinaryPrimitives.ReadDoubleBigEndian(value[1..]));
                break;
            case raw.SQLITE_TEXT:
                raw.sqlite3_bind_text(statement, number, value[1..]);
                break;
            default:
                raw.sqlite3_bind_blob(statement, number, value[1..]);
                break;
        }
    }

    public static byte[] Tagged(string text) => [raw.SQLITE_TEXT, .. Encoding.UTF8.GetBytes(text)];

    public static byte[] Tagged(ReadOnlySpan<byte> blob) => [raw.SQLITE_BLOB, .. blob];

    public static byte[] Tagged(long number)
    {
        var tagged = new byte[sizeof(long) + 1];
        tagged[0] = raw.SQLITE_INTEGER;
        BinaryPrimitives.WriteInt64BigEndian(tagged.AsSpan(1), number);
        return tagged;
    }

    public static byte[] Tagged(double number)
    {
        var tagged = new byte[sizeof(double) + 1];
        tagged[0] = raw.SQLITE_FLOAT;
        BinaryPrimitives.WriteDoubleBigEndian(tagged.AsSpan(1), number);
        return tagged;
    }

    static void Integer(PageBuilder page, int column, long value)
    {
        switch (page.Shapes[column].Type.Kind)
        {
            case ItemKind.Int32 or ItemKind.Int64:
                page.Number(column, value);
                break;
            case ItemKind.Boolean:
                page.Flag(column, value);
                break;
            case ItemKind.Decimal:
                page.Decimal(column, value);
                break;
            case ItemKind.Double when Math.Abs((double)value) <= LargestExactInteger:
                page.Real(column, (double)value);
                break;
            case ItemKind.String or ItemKind.Text:
                Span<byte> digits = stackalloc byte[20];
                Utf8Formatter.TryFormat(value, digits, out var written);
                page.Text(column, digits[..written]);
                break;
            default:
                Wrong(page, column, value.ToString(CultureInfo.InvariantCulture), "An integer");
                break;
        }
    }

    static void Real(PageBuilder page, int column, double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        switch (page.Shapes[column].Type.Kind)
        {
            case ItemKind.Double:
                page.Real(column, value);
                break;
            case ItemKind.Int32 or ItemKind.Int64 when Math.Abs(value) <= LargestExactInteger && value == Math.Truncate(value):
                page.Number(column, (long)value);
                break;
            case ItemKind.Decimal when text.Split('E')[0].Count(char.IsAsciiDigit) <= ExactDigits + 1 && double.IsFinite(value) && Exact(value):
                page.Decimal(column, Encoding.UTF8.GetBytes(text));
                break;
            case ItemKind.Decimal when !double.IsFinite(value):
                page.Fault(column, "not-finite", text, "The number is not finite.");
                break;
            case ItemKind.Decimal:
                page.Fault(column, "type", text, "The number is kept as floating point and has lost digits; keep decimals as text.");
                break;
            case ItemKind.String or ItemKind.Text:
                page.Text(column, Encoding.UTF8.GetBytes(text));
                break;
            default:
                Wrong(page, column, text, "A floating-point number");
                break;
        }
    }

    /// <summary>Fifteen digits are enough to say it: then they are the ones that were written.</summary>
    static bool Exact(double value) => double.Parse(value.ToString("G15", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture).Equals(value);

    static void Text(PageBuilder page, int column, ReadOnlySpan<byte> text)
    {
        switch (page.Shapes[column].Type.Kind)
        {
            case ItemKind.String or ItemKind.Text:
                page.Text(column, text);
                break;
            case ItemKind.Int32 or ItemKind.Int64 when Utf8Parser.TryParse(text, out long number, out var used) && used == text.Length:
                page.Number(column, number);
                break;
            case ItemKind.Boolean when Flag(text) is { } flag:
                page.Number(column, flag);
                break;
            case ItemKind.Decimal:
                page.Decimal(column, text);
                break;
            case ItemKind.Date or ItemKind.Timestamp:
                Time(page, column, text);
                break;
            default:
                Wrong(page, column, PageBuilder.Shown(text), "Text");
                break;
        }
    }

    static void Time(PageBuilder page, int column, ReadOnlySpan<byte> text)
    {
        var kind = page.Shapes[column].Type.Kind;
        if (SqliteTime.Parse(text) is not var (microseconds, utc) || (kind == ItemKind.Date && microseconds != SqliteTime.ZeroDate && microseconds % Temporal.DayMicroseconds != 0))
            page.Fault(column, "type", PageBuilder.Shown(text), $"The text is no ISO 8601 {kind.ToString().ToLowerInvariant()}.");
        else if (microseconds == SqliteTime.ZeroDate) page.Fault(column, "zero-date", PageBuilder.Shown(text), "There is no such date.");
        else if (kind == ItemKind.Date) page.Date(column, microseconds / Temporal.DayMicroseconds);
        else if (utc) page.Instant(column, microseconds);
        else page.Wall(column, microseconds);
    }

    static long? Flag(ReadOnlySpan<byte> text) =>
        text is [(byte)'1'] || Ascii.EqualsIgnoreCase(text, "true"u8) ? 1 : text is [(byte)'0'] || Ascii.EqualsIgnoreCase(text, "false"u8) ? 0 : null;

    static void Wrong(PageBuilder page, int column, string shown, string what) => page.Fault(column, "type", shown, $"{what} stands where the column declares {page.Shapes[column].Type}.");
}
