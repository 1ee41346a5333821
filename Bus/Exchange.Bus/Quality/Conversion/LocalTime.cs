using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality.Conversion;

/// <summary>Wall-clock times of the source's zone as instants. A time that the zone's clock skipped or showed twice is no instant.</summary>
internal static class LocalTime
{
    /// <param name="local">Microseconds since 1970-01-01T00:00:00 by the zone's own clock.</param>
    /// <param name="zone">The zone.</param>
    /// <param name="instant">Microseconds since 1970-01-01T00:00:00Z.</param>
    /// <returns>Null, or why there is no such instant.</returns>
    public static CellProblem? ToInstant(long local, TimeZoneInfo zone, out long instant)
    {
        instant = local;
        if (ReferenceEquals(zone, TimeZoneInfo.Utc)) return null;
        return WallClock.Instants(local, zone, out instant, out _) switch
        {
            0 => new("local-time", $"This time does not exist in the time zone {zone.Id}: clocks were put forward over it."),
            1 => InCalendar(instant),
            _ => new("local-time", $"This time occurs twice in the time zone {zone.Id}: clocks were put back over it. Write it with its offset."),
        };
    }

    /// <summary>Takes an offset from UTC off a wall-clock time.</summary>
    public static CellProblem? Shift(long local, TimeSpan offset, out long instant)
    {
        instant = local - (offset.Ticks / TimeSpan.TicksPerMicrosecond);
        return InCalendar(instant);
    }

    /// <summary>The zone's wall-clock time of an instant, as microseconds since 1970-01-01T00:00:00 by that clock.</summary>
    public static long FromInstant(long instant, TimeZoneInfo zone) => ReferenceEquals(zone, TimeZoneInfo.Utc)
        ? instant
        : instant + WallClock.Offset(instant, zone);

    static CellProblem? InCalendar(long instant) => instant < Temporal.SmallestMicrosecond || instant > Temporal.LargestMicrosecond
        ? CellProblem.Range("In UTC this time lies outside the years 0001 to 9999.")
        : null;
}
