using System.Globalization;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Transformation.Conversion;

/// <summary>Dates and instants against a time zone and against texts with a format. Safe for concurrent callers.</summary>
internal static class Moments
{
    const string DateLetters = "yMd";
    const string TimeLetters = "Hmsf";

    /// <summary>Formats are made of yyyy MM dd HH mm ss f… and signs; anything else depends on culture or is a slip.</summary>
    /// <param name="format">As written.</param>
    /// <param name="time">Whether the time of day may (reading: can) occur.</param>
    /// <returns>Null, or what is wrong.</returns>
    public static string? CheckFormat(string format, bool time)
    {
        if (format.Length is 0 or > 40) return "A format has 1 to 40 characters, as in yyyy-MM-dd.";
        var runs = 0;
        for (var at = 0; at < format.Length;)
        {
            var letter = format[at];
            var length = 1;
            while (at + length < format.Length && format[at + length] == letter) length++;
            if (letter is '\'' or '"' or '\\' or '%') return $"'{letter}' has no place in a format; signs such as - / . : and Chinese letters stand for themselves.";
            if (char.IsAsciiLetter(letter) && !(letter is 'T' or 'Z' && length == 1))
            {
                var known = DateLetters.Contains(letter, StringComparison.Ordinal) || (time && TimeLetters.Contains(letter, StringComparison.Ordinal));
                if (!known) return $"'{letter}' is no part of a {(time ? "format; the parts are yyyy MM dd HH mm ss f" : "date's format; the parts are yyyy MM dd")}.";
                var largest = letter switch { 'y' => 4, 'f' => 6, _ => 2 };
                if (length > largest || (letter == 'y' && length != 4)) return $"'{new string(letter, length)}' is no part of a format; years are yyyy, months MM or M, days dd or d.";
                runs++;
            }

            at += length;
        }

        return runs == 0 ? "A format has at least one part, as in yyyy-MM-dd." : null;
    }

    public static bool TryDate(ReadOnlySpan<char> text, string format, out long days)
    {
        var read = DateTime.TryParseExact(text, Escaped(format), CultureInfo.InvariantCulture, DateTimeStyles.None, out var moment) && moment.TimeOfDay == TimeSpan.Zero;
        days = read ? Temporal.Days(DateOnly.FromDateTime(moment)) : 0;
        return read;
    }

    /// <summary>Reads a local date and time of the zone, or of UTC when the format ends with Z. A local time that does not exist is refused; of two that are the same the earlier is meant.</summary>
    public static bool TryTimestamp(ReadOnlySpan<char> text, string format, TimeZoneInfo zone, out long microseconds)
    {
        microseconds = 0;
        return DateTime.TryParseExact(text, Escaped(format), CultureInfo.InvariantCulture, DateTimeStyles.None, out var local)
            && TryInstant(local, format.EndsWith('Z') ? TimeZoneInfo.Utc : zone, out microseconds);
    }

    /// <summary>ISO 8601 with Z or an offset: 2026-07-01T10:00:00Z, with at most six digits of fraction.</summary>
    public static bool TryIsoTimestamp(ReadOnlySpan<char> text, out long microseconds)
    {
        microseconds = 0;
        string[] formats = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFK", "yyyy-MM-dd HH:mm:ssK", "yyyy-MM-dd HH:mm:ss.FFFFFFK"];
        if (text.Length < 20 || !(text[^1] is 'Z' || text[^6] is '+' or '-')) return false;
        if (!DateTimeOffset.TryParseExact(text, formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var instant)) return false;
        microseconds = Temporal.Microseconds(instant);
        return true;
    }

    public static string DateText(long days, string format) => Temporal.Date(days).ToDateTime(TimeOnly.MinValue).ToString(Escaped(format), CultureInfo.InvariantCulture);

    public static string TimestampText(long microseconds, string format, TimeZoneInfo zone) =>
        Local(microseconds, format.EndsWith('Z') ? TimeZoneInfo.Utc : zone).ToString(Escaped(format), CultureInfo.InvariantCulture);

    /// <summary>The zone's wall clock at an instant; at the ends of the calendar the clock stands still.</summary>
    public static DateTime Local(long microseconds, TimeZoneInfo zone)
    {
        if (ReferenceEquals(zone, TimeZoneInfo.Utc)) return Temporal.Instant(microseconds);
        var local = Math.Clamp(microseconds + WallClock.Offset(microseconds, zone), Temporal.SmallestMicrosecond, Temporal.LargestMicrosecond);
        return DateTime.SpecifyKind(Temporal.Instant(local), DateTimeKind.Unspecified);
    }

    /// <summary>The calendar day of an instant in the zone.</summary>
    public static long Day(long microseconds, TimeZoneInfo zone) => Temporal.Days(DateOnly.FromDateTime(Local(microseconds, zone)));

    /// <summary>The instant at which a day begins in the zone; where the clock leaps over midnight, the first instant after. At the ends of the calendar the clock stands still.</summary>
    public static long StartOfDay(long days, TimeZoneInfo zone)
    {
        var midnight = days * Temporal.DayMicroseconds;
        return ReferenceEquals(zone, TimeZoneInfo.Utc) ? midnight : Math.Clamp(WallClock.First(midnight, zone), Temporal.SmallestMicrosecond, Temporal.LargestMicrosecond);
    }

    static bool TryInstant(DateTime local, TimeZoneInfo zone, out long microseconds)
    {
        var wall = (local.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
        return WallClock.Instants(wall, zone, out microseconds, out _) > 0 && microseconds >= Temporal.SmallestMicrosecond && microseconds <= Temporal.LargestMicrosecond;
    }

    /// <summary>.NET takes a single letter for a standard format and / and : for culture's signs: all signs are quoted, a single letter made a custom format.</summary>
    static string Escaped(string format)
    {
        var escaped = new System.Text.StringBuilder(format.Length + 8);
        foreach (var letter in format)
        {
            if (DateLetters.Contains(letter, StringComparison.Ordinal) || TimeLetters.Contains(letter, StringComparison.Ordinal)) escaped.Append(letter);
            else escaped.Append('\\').Append(letter);
        }

        return escaped.Length == 1 ? "%" + escaped : escaped.ToString();
    }
}
