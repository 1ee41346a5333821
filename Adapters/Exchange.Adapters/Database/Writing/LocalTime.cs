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
        // The whole past counts: Monrovia has UTC's offset and no daylight saving time, but stood at -00:44:30 until 1972.
        return zone.HasSameRules(TimeZoneInfo.Utc) ? null : zone;
    }

    /// <summary>The local time, kind unspecified.</summary>
    /// <exception cref="FrontEndException">Row: the local time stands for two instants and would be read back as the other one, or is beyond the calendar.</exception>
    public static DateTime From(long microseconds, TimeZoneInfo? zone)
    {
        if (zone is null) return DateTime.SpecifyKind(Temporal.Instant(microseconds), DateTimeKind.Unspecified);
        var local = microseconds + WallClock.Offset(microseconds, zone);
        if (local < Temporal.SmallestMicrosecond || local > Temporal.LargestMicrosecond) throw Unfit(microseconds, zone, "lies beyond the calendar in the local time of");
        if (WallClock.Standard(local, zone) != microseconds) throw Unfit(microseconds, zone, "has a local time that stands for two instants in");
        return DateTime.SpecifyKind(Temporal.Instant(local), DateTimeKind.Unspecified);
    }

    static FrontEndException Unfit(long microseconds, TimeZoneInfo zone, string why) => new(
        FrontEndFault.Row, ErrorCodes.FrontEndFailed, Party.Subscriber, $"{Temporal.TimestampText(microseconds)} {why} {zone.Id}, and the target's column keeps no zone.",
        "Give the target a column with a time zone, or the connection timeZone: UTC.");
}
