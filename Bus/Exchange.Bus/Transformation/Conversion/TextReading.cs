using System.Globalization;
using System.Text;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Transformation.Conversion;

/// <summary>Texts read as other types, culture-free: the texts that <see cref="Column.TextAt"/> gives, or dates and timestamps of a format.</summary>
internal static class TextReading
{
    /// <summary>Longest text that can be a number or a moment; longer ones are not looked at.</summary>
    const int LongestText = 100;

    delegate Misfit? Reader(ReadOnlySpan<char> text, Column target);

    public static ValueConverter? Create(ItemType to, string? format, TimeZoneInfo zone)
    {
        Reader? reader = to.Kind switch
        {
            ItemKind.Int32 or ItemKind.Int64 => Whole,
            ItemKind.Decimal => Decimal,
            ItemKind.Double => Double,
            ItemKind.Boolean => Flag,
            ItemKind.Date => (text, target) => Moments.TryDate(text, format ?? "yyyy-MM-dd", out var days) ? Append(days, target) : None($"date of the form {format ?? "yyyy-MM-dd"}"),
            ItemKind.Timestamp when format is null => (text, target) => Moments.TryIsoTimestamp(text, out var instant) ? Append(instant, target) : None("timestamp of the form 2026-07-01T10:00:00Z"),
            ItemKind.Timestamp => (text, target) => Moments.TryTimestamp(text, format, zone, out var instant) ? Append(instant, target) : None($"timestamp of the form {format}, or a local time that does not exist"),
            _ => null,
        };
        if (reader is null) return null;
        return (source, row, target) =>
        {
            var bytes = ((BytesColumn)source)[row];
            if (bytes.Length > LongestText) return None(target.Type.ToString());
            Span<char> characters = stackalloc char[LongestText];
            return reader(characters[..Encoding.UTF8.GetChars(bytes, characters)], target);
        };
    }

    /// <summary>Appends a value given as its canonical text (<see cref="Column.TextAt"/>): keys, constants, codes. Binary is hexadecimal.</summary>
    public static Misfit? AppendCanonical(string text, Column target)
    {
        if (target.Type.IsText) return ValueConversion.AppendText(Encoding.UTF8.GetBytes(text), target);
        if (target.Type.Kind == ItemKind.Binary)
        {
            if (text.Length % 2 != 0 || !text.All(char.IsAsciiHexDigit)) return None("hexadecimal text");
            ((BytesColumn)target).Append(Convert.FromHexString(text));
            return null;
        }

        var source = new BytesColumn("text", new ItemType(ItemKind.Text), 1);
        source.Append(text);
        return Create(target.Type, null, TimeZoneInfo.Utc)!(source, 0, target);
    }

    static Misfit? Whole(ReadOnlySpan<char> text, Column target)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) return ValueConversion.AppendWhole(number, target);
        return text.TrimStart("+-").IndexOfAnyExceptInRange('0', '9') < 0 && text.Length > 18 ? new Misfit("range", $"lies outside of {target.Type}") : None("whole number");
    }

    static Misfit? Decimal(ReadOnlySpan<char> text, Column target)
    {
        // decimal.TryParse rounds what it cannot hold: more digits than it holds are refused before.
        var digits = text.Length - text.Count('.') - text.Count('-');
        if (!decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return None("number");
        return digits > ItemType.LargestPrecision ? new Misfit("range", $"has more than {ItemType.LargestPrecision} digits") : ValueConversion.AppendDecimal(number, target);
    }

    static Misfit? Double(ReadOnlySpan<char> text, Column target)
    {
        if (!double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)) return None("number");
        if (double.IsNaN(number) || text.TrimStart("+-") is ['I' or '∞', ..]) return None("number");
        if (!double.IsFinite(number)) return new Misfit("range", "lies outside of double");
        ((DoubleColumn)target).Append(number);
        return null;
    }

    static Misfit? Flag(ReadOnlySpan<char> text, Column target) => text switch
    {
        "true" or "1" => Append(1, target),
        "false" or "0" => Append(0, target),
        _ => None("boolean (true, false, 1 or 0)"),
    };

    static Misfit? Append(long value, Column target)
    {
        ((LongColumn)target).Append(value);
        return null;
    }

    static Misfit None(string what) => new("type", $"is no {what}");
}
