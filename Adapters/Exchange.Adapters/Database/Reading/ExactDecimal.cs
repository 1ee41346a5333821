using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Reading;

/// <summary>Decimals without loss: a value that 28 digits do not hold is refused, never rounded.</summary>
internal static class ExactDecimal
{
    /// <summary>Ten to the power of <see cref="ItemType.LargestPrecision"/>.</summary>
    static readonly UInt128 Limit = UInt128.Parse("1" + new string('0', ItemType.LargestPrecision), System.Globalization.CultureInfo.InvariantCulture);

    static readonly UInt128 Room = UInt128.MaxValue / 10;

    /// <summary>mantissa × 10^-scale.</summary>
    public static bool TryMake(UInt128 mantissa, int scale, bool negative, out decimal value)
    {
        value = 0;
        if (mantissa == 0) return true;
        while (scale > 0 && (scale > ItemType.LargestPrecision || mantissa >= Limit) && mantissa % 10 == 0)
        {
            mantissa /= 10;
            scale--;
        }

        for (; scale < 0 && mantissa < Limit; scale++) mantissa *= 10;
        if (mantissa >= Limit || scale is < 0 or > ItemType.LargestPrecision) return false;
        var low = (ulong)mantissa;
        value = new decimal((int)low, (int)(low >> 32), (int)(ulong)(mantissa >> 64), negative, (byte)scale);
        return true;
    }

    /// <summary>Digits with sign, point and exponent as databases print them.</summary>
    /// <returns>Null when it was read, else the rule that is broken: type, range or not-finite.</returns>
    public static string? TryParse(ReadOnlySpan<byte> text, out decimal value)
    {
        value = 0;
        var at = 0;
        var negative = false;
        if (text.Length > 0 && text[0] is (byte)'-' or (byte)'+') negative = text[at++] == '-';
        if (at < text.Length && (text[at] | 0x20) is 'n' or 'i') return IsWord(text[at..]) ? "not-finite" : "type";
        UInt128 mantissa = 0;
        int scale = 0, digits = 0, pending = 0;
        var point = false;
        for (; at < text.Length; at++)
        {
            var c = text[at];
            if (c == '.' && !point) point = true;
            else if (c is >= (byte)'0' and <= (byte)'9')
            {
                digits++;
                if (point) scale++;
                if (c == '0')
                {
                    pending++; // zeros count only when a digit follows
                    continue;
                }

                for (; pending >= 0; pending--)
                {
                    if (mantissa > Room) return "range";
                    mantissa *= 10;
                }

                pending = 0;
                mantissa += (uint)(c - '0');
            }
            else break;
        }

        if (digits == 0) return "type";
        scale -= pending;
        if (at < text.Length)
        {
            if ((text[at] | 0x20) != 'e' || !System.Buffers.Text.Utf8Parser.TryParse(text[(at + 1)..], out int exponent, out var used) || at + 1 + used != text.Length) return "type";
            if (exponent is > 1000 or < -1000) return mantissa == 0 ? null : "range";
            scale -= exponent;
        }

        return TryMake(mantissa, scale, negative, out value) ? null : "range";
    }

    static bool IsWord(ReadOnlySpan<byte> text) =>
        System.Text.Ascii.EqualsIgnoreCase(text, "nan"u8) || System.Text.Ascii.EqualsIgnoreCase(text, "infinity"u8) || System.Text.Ascii.EqualsIgnoreCase(text, "inf"u8);
}
