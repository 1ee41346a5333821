using System.Globalization;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Reading;

/// <summary>What engines share of tracked columns.</summary>
internal static class TrackedInstant
{
    /// <summary>The instant of a tracked value: a date stands for the end of its day, but not past now.</summary>
    /// <param name="kind">The column's kind.</param>
    /// <param name="microseconds">Since 1970, of the wall clock or in UTC; null when the column is empty or neither date nor timestamp.</param>
    /// <param name="utc">Whether they are UTC.</param>
    /// <param name="local">The connection's zone.</param>
    /// <param name="now">The server's clock.</param>
    public static DateTimeOffset? Of(ItemKind kind, long? microseconds, bool utc, LocalTime local, DateTimeOffset now)
    {
        if (microseconds is not { } value || kind is not (ItemKind.Date or ItemKind.Timestamp)) return null;
        if (kind == ItemKind.Date) value += Temporal.DayMicroseconds - 1;
        value = Math.Clamp(value, Temporal.SmallestMicrosecond, Temporal.LargestMicrosecond);
        if (!utc && local.TryInstant(value, out var instant) != "range") value = instant;
        var at = new DateTimeOffset(Temporal.Instant(value));
        return kind == ItemKind.Date && at > now ? now : at;
    }

    /// <summary>A bound moved lower: an integer by so many, stopping at the smallest; a batch number to the day before. Other kinds as they are.</summary>
    public static string Lowered(ItemKind kind, string from, long lower)
    {
        if (lower == 0) return from;
        if (kind is ItemKind.String or ItemKind.Text) return BatchNumber.DayBefore(from);
        if (kind is not (ItemKind.Int32 or ItemKind.Int64) || !long.TryParse(from, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)) return from;
        return (value < long.MinValue + lower ? long.MinValue : value - lower).ToString(CultureInfo.InvariantCulture);
    }
}
