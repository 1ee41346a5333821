using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Sqlite;

/// <summary>Dates and times as ISO 8601 text: yyyy-MM-dd, then T or a blank, HH:mm[:ss[.f…]], then Z, an offset or nothing. Digits past the microsecond are left out.</summary>
internal static class SqliteTime
{
    const int DateLength = 10;

    /// <summary>Microseconds since 1970 and, when the text says it, that they are UTC; null when the text is none. Zero dates answer <see cref="ZeroDate"/>.</summary>
    public static (long Microseconds, bool Utc)? Parse(ReadOnlySpan<byte> text)
    {
        if (text.Length < DateLength || text[4] != '-' || text[7] != '-' || Digits(text[..4]) is not { } year || Digits(text[5..7]) is not { } month || Digits(text[8..10]) is not { } day) return null;
        if (year == 0 || month == 0 || day == 0) return (ZeroDate, true);
        if (month > 12 || day > DateTime.DaysInMonth(year, month)) return null;
        var microseconds = Temporal.Days(new DateOnly(year, month, day)) * Temporal.DayMicroseconds;
        var rest = text[DateLength..];
        if (rest.Length == 0) return (microseconds, false);
        if (rest.Length < 6 || rest[0] is not ((byte)'T' or (byte)' ' or (byte)'t') || rest[3] != ':' || Digits(rest[1..3]) is not (< 24 and var hour) || Digits(rest[4..6]) is not (< 60 and var minute)) return null;
        microseconds += ((hour * 60L) + minute) * 60_000_000;
        rest = rest[6..];
        if (rest is [(byte)':', ..])
        {
            if (rest.Length < 3 || Digits(rest[1..3]) is not (< 60 and var second)) return null;
            microseconds += second * 1_000_000L;
            rest = rest[3..];
            if (rest is [(byte)'.' or (byte)',', ..]) rest = Fraction(rest[1..], ref microseconds);
        }

        return Offset(rest) is { } offset ? (microseconds - ((offset.Minutes ?? 0) * 60_000_000L), offset.Minutes is not null) : null;
    }

    /// <summary>Stands for 0000-00-00 and its like.</summary>
    public const long ZeroDate = long.MinValue;

    static ReadOnlySpan<byte> Fraction(ReadOnlySpan<byte> text, scoped ref long microseconds)
    {
        var at = 0;
        for (long unit = 100_000; at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9'; at++, unit /= 10) microseconds += (text[at] - '0') * unit;
        return text[at..];
    }

    /// <summary>Null: not an offset; Minutes null: none is given.</summary>
    static (int? Minutes, bool Given)? Offset(ReadOnlySpan<byte> text)
    {
        if (text.Length > 0 && text[0] == ' ') text = text[1..];
        if (text.Length == 0) return (null, false);
        if (text is [(byte)'Z' or (byte)'z']) return (0, true);
        if (text[0] is not ((byte)'+' or (byte)'-') || text.Length is not (3 or 5 or 6)) return null;
        var minutes = text.Length == 3 ? 0 : Digits(text[^2..]);
        if (Digits(text[1..3]) is not (< 24 and var hours) || minutes is not (< 60 and var rest) || (text.Length == 6 && text[3] != ':')) return null;
        return ((text[0] == '-' ? -1 : 1) * ((hours * 60) + rest), true);
    }

    static int? Digits(ReadOnlySpan<byte> text)
    {
        var value = 0;
        foreach (var digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'9') return null;
            value = (value * 10) + (digit - '0');
        }

        return value;
    }
}
