using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Writing;

/// <summary>Instants as the local time of a zone, for columns that keep no zone.</summary>
internal static class LocalTime
{
    /// <summary>The zone of a connection's columns without one; null where local time is UTC.</summary>
    public static TimeZoneInfo? Zone(FrontEndConnection connection)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(connection.TimeZone);
        return zone.BaseUtcOffset == TimeSpan.Zero && !zone.SupportsDaylightSavingTime ? null : zone;
    }

    /// <summary>The local time, kind unspecified.</summary>
    /// <exception cref="FrontEndException">Row: the local time stands for two instants and would be read back as the other one, or is beyond the calendar.</exception>
    public static DateTime From(long microseconds, TimeZoneInfo? zone)
    {
        var instant = Temporal.Instant(microseconds);
        if (zone is null) return DateTime.SpecifyKind(instant, DateTimeKind.Unspecified);
        var offset = zone.GetUtcOffset(instant);
        var ticks = instant.Ticks + offset.Ticks;
        if (ticks < 0 || ticks > DateTime.MaxValue.Ticks) throw Unfit(microseconds, zone, "lies beyond the calendar in the local time of");
        var local = new DateTime(ticks, DateTimeKind.Unspecified);
        if (TimeZoneInfo.ConvertTimeToUtc(local, zone) != instant) throw Unfit(microseconds, zone, "has a local time that stands for two instants in");
        return local;
    }

    static FrontEndException Unfit(long microseconds, TimeZoneInfo zone, string why) => new(
        FrontEndFault.Row, ErrorCodes.FrontEndFailed, Party.Subscriber, $"{Temporal.TimestampText(microseconds)} {why} {zone.Id}, and the target's column keeps no zone.",
        "Give the target a column with a time zone, or the connection timeZone: UTC.");
}
