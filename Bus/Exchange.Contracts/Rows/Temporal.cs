using System.Globalization;

namespace Exchange.Contracts.Rows;

/// <summary>How dates and instants stand in a <see cref="LongColumn"/>, and their canonical text (ISO 8601).</summary>
public static class Temporal
{
    /// <summary>Microseconds of a day.</summary>
    public const long DayMicroseconds = 86_400_000_000;

    static readonly int EpochDay = new DateOnly(1970, 1, 1).DayNumber;

    /// <summary>0001-01-01 as days since 1970-01-01.</summary>
    public static long SmallestDay { get; } = -EpochDay;

    /// <summary>9999-12-31 as days since 1970-01-01.</summary>
    public static long LargestDay { get; } = DateOnly.MaxValue.DayNumber - EpochDay;

    /// <summary>0001-01-01T00:00:00Z as microseconds since 1970.</summary>
    public static long SmallestMicrosecond { get; } = SmallestDay * DayMicroseconds;

    /// <summary>9999-12-31T23:59:59.999999Z as microseconds since 1970.</summary>
    public static long LargestMicrosecond { get; } = ((LargestDay + 1) * DayMicroseconds) - 1;

    public static long Days(DateOnly date) => date.DayNumber - EpochDay;

    public static DateOnly Date(long days) => DateOnly.FromDayNumber(checked((int)(days + EpochDay)));

    public static long Microseconds(DateTimeOffset instant) =>
        (instant.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>The instant, kind UTC.</summary>
    public static DateTime Instant(long microseconds) =>
        new(DateTime.UnixEpoch.Ticks + (microseconds * TimeSpan.TicksPerMicrosecond), DateTimeKind.Utc);

    /// <summary>A date of any year in the Gregorian calendar, for messages about dates that are out of range: 20000-01-01, -4712-01-01 (years before 1 as astronomers count them).</summary>
    public static string FarDateText(long days)
    {
        // Counted from 0000-03-01, so that the leap day is a year's last and 400 years have one length.
        const long DaysOf400Years = 146_097;
        var since = days + 719_468;
        var (cycle, day) = (Math.DivRem(since, DaysOf400Years).Quotient - (since < 0 && since % DaysOf400Years != 0 ? 1 : 0), ((since % DaysOf400Years) + DaysOf400Years) % DaysOf400Years);
        var year = (day - (day / 1_460) + (day / 36_524) - (day / 146_096)) / 365;
        var dayOfYear = day - ((365 * year) + (year / 4) - (year / 100));
        var month = ((5 * dayOfYear) + 2) / 153;
        var dayOfMonth = dayOfYear - (((153 * month) + 2) / 5) + 1;
        month = month < 10 ? month + 3 : month - 9;
        return string.Create(CultureInfo.InvariantCulture, $"{year + (cycle * 400) + (month <= 2 ? 1 : 0):0000}-{month:00}-{dayOfMonth:00}");
    }

    public static string DateText(long days) => Date(days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>yyyy-MM-ddTHH:mm:ssZ, with six digits of fraction when there is one.</summary>
    public static string TimestampText(long microseconds)
    {
        var format = microseconds % 1_000_000 == 0 ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";
        return Instant(microseconds).ToString(format, CultureInfo.InvariantCulture);
    }
}
