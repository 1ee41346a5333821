using Exchange.Contracts.Rows;

namespace Exchange.Bus.Transformation.Conversion;

/// <summary>A value that a type cannot hold.</summary>
/// <param name="Rule">type (it is none of that type), length or range.</param>
/// <param name="Message">What and why, without the column's name.</param>
internal sealed record Misfit(string Rule, string Message);

/// <summary>
/// Appends the value of a row, which is not null, in the target's type; or appends nothing and says why it does not fit. Never loses anything: a value that
/// would be rounded, cut or shifted does not fit.
/// </summary>
internal delegate Misfit? ValueConverter(Column source, int row, Column target);

/// <summary>
/// Conversions between item types, the one place for routes. Texts read and write dates by a format, ISO 8601 without one; local times are those of the zone.
/// Safe for concurrent callers.
/// </summary>
internal static class ValueConversion
{
    /// <summary>Whether every value of the one type is, in the same physical form, a value of the other: no conversion is needed.</summary>
    public static bool IsWidening(ItemType from, ItemType to) => from == to || (from.Kind, to.Kind) switch
    {
        (ItemKind.String, ItemKind.Text) or (ItemKind.Int32, ItemKind.Int64) => true,
        (ItemKind.String, ItemKind.String) => from.Length <= to.Length,
        (ItemKind.Decimal, ItemKind.Decimal) => from.Scale <= to.Scale && from.Precision - from.Scale <= to.Precision - to.Scale,
        _ => false,
    };

    /// <summary>Null: values of the one type are never converted to the other.</summary>
    /// <param name="from">Type of the source column.</param>
    /// <param name="to">Type of the target column.</param>
    /// <param name="format">Of a date or timestamp as text, on either side; checked by <see cref="Moments.CheckFormat"/>.</param>
    /// <param name="zone">Zone of local times.</param>
    public static ValueConverter? Create(ItemType from, ItemType to, string? format, TimeZoneInfo zone)
    {
        if (IsWidening(from, to)) return static (source, row, target) => { target.AppendFrom(source, row); return null; };
        if (to.IsText) return ToText(from, to, format, zone);
        if (from.IsText) return TextReading.Create(to, format, zone);
        return (from.Kind, to.Kind) switch
        {
            (ItemKind.Int32 or ItemKind.Int64, ItemKind.Int32) => static (source, row, target) => AppendWhole(((LongColumn)source)[row], target),
            (ItemKind.Int32 or ItemKind.Int64 or ItemKind.Boolean, ItemKind.Int32 or ItemKind.Int64) => static (source, row, target) => AppendWhole(((LongColumn)source)[row], target),
            (ItemKind.Int32 or ItemKind.Int64, ItemKind.Boolean) => static (source, row, target) => AppendFlag(((LongColumn)source)[row], target),
            (ItemKind.Int32 or ItemKind.Int64, ItemKind.Decimal) => static (source, row, target) => AppendDecimal(((LongColumn)source)[row], target),
            (ItemKind.Int32 or ItemKind.Int64, ItemKind.Double) => static (source, row, target) => AppendDouble(((LongColumn)source)[row], target),
            (ItemKind.Decimal, ItemKind.Int32 or ItemKind.Int64) => static (source, row, target) => AppendWhole(((DecimalColumn)source)[row], target),
            (ItemKind.Decimal, ItemKind.Decimal) => static (source, row, target) => AppendDecimal(((DecimalColumn)source)[row], target),
            (ItemKind.Decimal, ItemKind.Double) => static (source, row, target) => AppendDouble(((DecimalColumn)source)[row], target),
            (ItemKind.Double, ItemKind.Int32 or ItemKind.Int64) => static (source, row, target) => FromDouble(((DoubleColumn)source)[row], target, AppendWhole),
            (ItemKind.Double, ItemKind.Decimal) => static (source, row, target) => FromDouble(((DoubleColumn)source)[row], target, AppendDecimal),
            (ItemKind.Date, ItemKind.Timestamp) => (source, row, target) =>
            {
                ((LongColumn)target).Append(Moments.StartOfDay(((LongColumn)source)[row], zone));
                return null;
            },
            (ItemKind.Timestamp, ItemKind.Date) => (source, row, target) => AppendDay(((LongColumn)source)[row], target, zone),
            _ => null,
        };
    }

    /// <summary>Appends a text if it is not longer than the target's type allows.</summary>
    public static Misfit? AppendText(ReadOnlySpan<byte> text, Column target)
    {
        var length = target.Type.Kind == ItemKind.String && text.Length > target.Type.Length ? Expressions.CodePoints.Count(text) : 0;
        if (length > target.Type.Length) return new Misfit("length", $"has {length} characters where {target.Type} is asked");
        ((BytesColumn)target).Append(text);
        return null;
    }

    public static Misfit? AppendWhole(decimal number, Column target)
    {
        var (least, most) = target.Type.Kind == ItemKind.Int32 ? (int.MinValue, int.MaxValue) : ((decimal)long.MinValue, long.MaxValue);
        if (number != decimal.Truncate(number)) return new Misfit("type", $"is no whole number where {target.Type} is asked");
        if (number < least || number > most) return new Misfit("range", $"lies outside of {target.Type}");
        ((LongColumn)target).Append((long)number);
        return null;
    }

    /// <summary>Digits beyond the scale do not fit: rounding is for the map to say.</summary>
    public static Misfit? AppendDecimal(decimal number, Column target)
    {
        var type = target.Type;
        if (!DecimalRange.FitsExactly(number, type.Precision, type.Scale))
        {
            return new Misfit("range", decimal.Round(number, type.Scale) == number
                ? $"has more than {type.Precision - type.Scale} digits before the point, {type} is asked"
                : $"has more than {type.Scale} digits after the point, {type} is asked; an expression with round(…, {type.Scale}) rounds it");
        }

        ((DecimalColumn)target).Append(number);
        return null;
    }

    /// <summary>Only numbers that come back the same.</summary>
    public static Misfit? AppendDouble(decimal number, Column target)
    {
        var near = (double)number;
        if (Math.Abs(near) >= 7.9e28 || (decimal)near != number) return new Misfit("range", "has more digits than a double holds");
        ((DoubleColumn)target).Append(near);
        return null;
    }

    public static Misfit? AppendFlag(long number, Column target)
    {
        if (number is not (0 or 1)) return new Misfit("type", "is neither 0 nor 1 where boolean is asked");
        ((LongColumn)target).Append(number);
        return null;
    }

    static Misfit? FromDouble(double number, Column target, Func<decimal, Column, Misfit?> append)
    {
        if (Math.Abs(number) >= 7.9e28) return new Misfit("range", $"lies outside of {target.Type}");
        var exact = (decimal)number;
        return (double)exact == number ? append(exact, target) : new Misfit("range", $"has more digits than {target.Type} takes from a double");
    }

    static Misfit? AppendDay(long microseconds, Column target, TimeZoneInfo zone)
    {
        var day = Moments.Day(microseconds, zone);
        if (Moments.StartOfDay(day, zone) != microseconds) return new Misfit("type", "has a time of day where a date is asked; an expression with to_date(…) drops it");
        ((LongColumn)target).Append(day);
        return null;
    }

    static ValueConverter? ToText(ItemType from, ItemType to, string? format, TimeZoneInfo zone)
    {
        if (from.IsText) return static (source, row, target) => AppendText(((BytesColumn)source)[row], target);
        if (from.Kind == ItemKind.Binary) return null;
        Func<Column, int, string> text = from.Kind switch
        {
            ItemKind.Date when format is not null => (source, row) => Moments.DateText(((LongColumn)source)[row], format),
            ItemKind.Timestamp when format is not null => (source, row) => Moments.TimestampText(((LongColumn)source)[row], format, zone),
            _ => static (source, row) => source.TextAt(row)!,
        };
        return (source, row, target) =>
        {
            var written = text(source, row);
            if (to.Kind == ItemKind.String && written.Length > to.Length && written.EnumerateRunes().Count() is var length && length > to.Length)
                return new Misfit("length", $"has {length} characters as text where {to} is asked");
            ((BytesColumn)target).Append(written);
            return null;
        };
    }
}
