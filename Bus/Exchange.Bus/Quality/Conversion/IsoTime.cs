using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality.Conversion;

/// <summary>
/// Dates and times in the extended form of ISO 8601, read strictly: <c>yyyy-MM-dd</c> and <c>yyyy-MM-ddTHH:mm:ss[.fraction][Z|±hh:mm]</c>.
/// No leap seconds, no 24:00, at most six digits of fraction that are not zero.
/// </summary>
internal static class IsoTime
{
    const int DateLength = 10;
    const int SecondsLength = 19;

    /// <summary>Reads <c>yyyy-MM-dd</c>.</summary>
    public static bool TryDate(ReadOnlySpan<byte> text, out long days)
    {
        days = 0;
        if (text.Length != DateLength || !TryYearMonthDay(text, out var year, out var month, out var day)) return false;
        if (!Compose(year, month, day, 0, 0, 0, 0, out var local)) return false;
        days = local / Temporal.DayMicroseconds;
        return true;
    }

    /// <summary>Reads a date with a time.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="local">Microseconds since 1970-01-01T00:00:00 by the clock that the offset belongs to.</param>
    /// <param name="offset">The offset from UTC, null when none is written.</param>
    public static bool TryTime(ReadOnlySpan<byte> text, out long local, out TimeSpan? offset)
    {
        local = 0;
        offset = null;
        if (text.Length < SecondsLength || text[10] != 'T' || text[13] != ':' || text[16] != ':') return false;
        if (!TryYearMonthDay(text, out var year, out var month, out var day)) return false;
        if (!Two(text[11..], out var hour) || !Two(text[14..], out var minute) || !Two(text[17..], out var second)) return false;
        var rest = text[SecondsLength..];
        if (!TryFraction(ref rest, out var micro) || !TryOffset(rest, out offset)) return false;
        return Compose(year, month, day, hour, minute, second, micro, out local);
    }

    /// <summary>Whether the fields make a real date and time, and which.</summary>
    public static bool Compose(int year, int month, int day, int hour, int minute, int second, int micro, out long local)
    {
        local = 0;
        if (year is < 1 or > 9999 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)) return false;
        if (hour > 23 || minute > 59 || second > 59) return false;
        var days = Temporal.Days(new DateOnly(year, month, day));
        local = (days * Temporal.DayMicroseconds) + ((((((hour * 60L) + minute) * 60) + second) * 1_000_000) + micro);
        return true;
    }

    static bool TryYearMonthDay(ReadOnlySpan<byte> text, out int year, out int month, out int day)
    {
        year = month = day = 0;
        if (text[4] != '-' || text[7] != '-' || !Two(text, out var century) || !Two(text[2..], out var rest)) return false;
        year = (century * 100) + rest;
        return Two(text[5..], out month) && Two(text[8..], out day);
    }

    static bool TryFraction(ref ReadOnlySpan<byte> rest, out int micro)
    {
        micro = 0;
        if (rest.Length == 0 || rest[0] != '.') return true;
        var at = 1;
        var weight = 100_000;
        for (; at < rest.Length && rest[at] is >= (byte)'0' and <= (byte)'9'; at++)
        {
            if (weight == 0 && rest[at] != '0') return false; // finer than the hub keeps
            micro += (rest[at] - '0') * weight;
            weight /= 10;
        }

        rest = rest[at..];
        return at > 1;
    }

    static bool TryOffset(ReadOnlySpan<byte> rest, out TimeSpan? offset)
    {
        offset = null;
        if (rest.Length == 0) return true;
        if (rest.Length == 1 && rest[0] == 'Z')
        {
            offset = TimeSpan.Zero;
            return true;
        }

        if (rest.Length != 6 || rest[0] is not ((byte)'+' or (byte)'-') || rest[3] != ':') return false;
        if (!Two(rest[1..], out var hours) || !Two(rest[4..], out var minutes) || hours > 14 || minutes > 59) return false;
        var size = new TimeSpan(hours, minutes, 0);
        offset = rest[0] == '-' ? -size : size;
        return true;
    }

    static bool Two(ReadOnlySpan<byte> text, out int value)
    {
        var (tens, ones) = (text[0] - '0', text[1] - '0');
        value = (tens * 10) + ones;
        return (uint)tens <= 9 && (uint)ones <= 9;
    }
}
