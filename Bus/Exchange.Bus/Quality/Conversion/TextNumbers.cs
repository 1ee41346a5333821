using System.Globalization;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality.Conversion;

/// <summary>
/// Numbers written as text, read strictly: ASCII digits, a minus sign, a point. No plus sign, no white space, no group separators; an exponent
/// only for doubles. What does not fit exactly is a problem, never a rounded number.
/// </summary>
internal static class TextNumbers
{
    /// <summary>Digits that a double gives back as they were written.</summary>
    const int DoubleDigits = 17;

    public static CellProblem? Whole(ReadOnlySpan<byte> text, long least, long greatest, out long value)
    {
        value = 0;
        if (!TryShape(text, out var shape) || shape.HasPoint || shape.HasExponent) return CellProblem.Type("is not a whole number (digits, with a minus sign in front when negative)");
        var negative = text[0] == '-';
        foreach (var digit in text[(negative ? 1 : 0)..])
        {
            // Built up below zero, where there is room for one more value.
            var next = (Int128)value * 10 - (digit - '0');
            if (next < long.MinValue) return OutOfRange(least, greatest);
            value = (long)next;
        }

        if (!negative && value == long.MinValue) return OutOfRange(least, greatest);
        if (!negative) value = -value;
        return value < least || value > greatest ? OutOfRange(least, greatest) : null;
    }

    public static CellProblem? Decimal(ReadOnlySpan<byte> text, ItemType type, out decimal value)
    {
        value = 0;
        if (!TryShape(text, out var shape) || shape.HasExponent) return CellProblem.Type("is not a decimal number (digits, with a point before decimal places and a minus sign in front when negative)");
        if (shape.Fraction > type.Scale) return TooFine(shape.Fraction, type.Scale);
        if (shape.Whole > type.Precision - type.Scale) return TooLarge(shape.Whole, type);
        // Without the zeros that carry no meaning the number has at most 28 digits, which decimal holds exactly.
        var significant = text[..(text.Length - shape.TrailingZeros)];
        return decimal.TryParse(significant, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value)
            ? null
            : CellProblem.Type("is not a decimal number");
    }

    public static CellProblem? Double(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        if (!TryShape(text, out var shape)) return CellProblem.Type("is not a number (digits, a point, an exponent such as e-5, a minus sign in front when negative)");
        if (shape.Significant > DoubleDigits) return CellProblem.Type($"has {shape.Significant} significant digits; a double holds at most {DoubleDigits}");
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) || !double.IsFinite(value) || (value == 0 && shape.Significant > 0))
            return CellProblem.Range("is too large or too small for a double");
        return null;
    }

    /// <summary>Whether a decimal fits a declared type exactly.</summary>
    public static CellProblem? Fit(decimal value, ItemType type)
    {
        if (value.Scale > type.Scale && decimal.Round(value, type.Scale) != value) return TooFine(SignificantScale(value), type.Scale);
        return decimal.Abs(value) >= Limit(type) ? TooLarge(WholeDigits(value), type) : null;
    }

    /// <summary>The smallest number that a decimal(p,s) cannot hold: 10 to the power of p − s.</summary>
    public static decimal Limit(ItemType type)
    {
        var limit = 1m;
        for (var digits = type.Precision - type.Scale; digits > 0; digits--) limit *= 10;
        return limit;
    }

    /// <summary>Digits without leading zeros and without zeros at the end of the fraction.</summary>
    public static int SignificantDigits(decimal value)
    {
        Span<byte> text = stackalloc byte[40];
        value.TryFormat(text, out var written, default, CultureInfo.InvariantCulture);
        return TryShape(text[..written], out var shape) ? shape.Significant : 0;
    }

    public static CellProblem OutOfRange(long least, long greatest) =>
        CellProblem.Range(string.Create(CultureInfo.InvariantCulture, $"is outside the range {least} to {greatest}"));

    static CellProblem TooFine(int digits, int scale) =>
        CellProblem.Type(string.Create(CultureInfo.InvariantCulture, $"has {digits} decimal places; at most {scale} are allowed, and the hub does not round"));

    static CellProblem TooLarge(int digits, ItemType type) =>
        CellProblem.Range(string.Create(CultureInfo.InvariantCulture, $"has {digits} digits before the point; {type} holds at most {type.Precision - type.Scale}"));

    static int SignificantScale(decimal value)
    {
        var scale = 0;
        while (decimal.Round(value, scale) != value) scale++;
        return scale;
    }

    static int WholeDigits(decimal value)
    {
        var digits = 0;
        for (var rest = decimal.Truncate(decimal.Abs(value)); rest >= 1; rest = decimal.Truncate(rest / 10)) digits++;
        return digits;
    }


    static bool TryShape(ReadOnlySpan<byte> text, out Shape shape)
    {
        shape = default;
        var at = text.Length > 0 && text[0] == '-' ? 1 : 0;
        var whole = Run(text, ref at);
        if (whole.Length == 0) return false;
        var hasPoint = at < text.Length && text[at] == '.';
        ReadOnlySpan<byte> fraction = default;
        if (hasPoint)
        {
            at++;
            fraction = Run(text, ref at);
            if (fraction.Length == 0) return false;
        }

        var hasExponent = at < text.Length && text[at] is (byte)'e' or (byte)'E';
        if (hasExponent)
        {
            at++;
            if (at < text.Length && text[at] is (byte)'-' or (byte)'+') at++;
            if (Run(text, ref at).Length == 0) return false;
        }

        if (at != text.Length) return false;
        var fractionDigits = fraction.TrimEnd((byte)'0').Length;
        var wholeDigits = whole.TrimStart((byte)'0').Length;
        var significant = wholeDigits > 0
            ? (fractionDigits > 0 ? wholeDigits + fractionDigits : whole.Trim((byte)'0').Length)
            : fraction.Trim((byte)'0').Length;
        shape = new Shape(wholeDigits, fractionDigits, fraction.Length - fractionDigits + (hasPoint && fractionDigits == 0 ? 1 : 0), significant, hasPoint, hasExponent);
        return true;
    }

    static ReadOnlySpan<byte> Run(ReadOnlySpan<byte> text, scoped ref int at)
    {
        var start = at;
        while (at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9') at++;
        return text[start..at];
    }

    /// <param name="Whole">Digits before the point, leading zeros not counted.</param>
    /// <param name="Fraction">Digits after it, trailing zeros not counted.</param>
    /// <param name="TrailingZeros">Characters at the end that carry no meaning (the point too when only zeros follow it).</param>
    /// <param name="Significant">Digits from the first to the last that is not zero.</param>
    /// <param name="HasPoint">Whether a point is written.</param>
    /// <param name="HasExponent">Whether an exponent is written.</param>
    readonly record struct Shape(int Whole, int Fraction, int TrailingZeros, int Significant, bool HasPoint, bool HasExponent);
}
