namespace Exchange.Contracts.Rows;

/// <summary>
/// Local times and instants of a zone, in microseconds, exact. TimeZoneInfo alone is not: its offsets are whole minutes, while Shanghai stood at +08:05:43 until 1901, Amsterdam
/// at +00:19:32 until 1937. Safe for concurrent callers.
/// </summary>
public static class WallClock
{
    /// <summary>1973-01-01. The last offset with seconds ended in 1972 (Monrovia): from here on TimeZoneInfo is exact.</summary>
    const long Modern = 94_694_400_000_000;

    /// <summary>What the zone's clock is ahead of UTC at an instant.</summary>
    public static long Offset(long instant, TimeZoneInfo zone) =>
        instant < Modern && ZoneHistory.Of(zone) is { } history ? history.Offset(instant) : Microseconds(zone.GetUtcOffset(Temporal.Instant(instant)));

    /// <summary>The instants at which the zone's clock shows a local time.</summary>
    /// <param name="local">Microseconds since 1970-01-01T00:00:00 by that clock, within the years 0001…9999.</param>
    /// <param name="zone">The zone.</param>
    /// <param name="earlier">The first instant; the local time as it is where there is none.</param>
    /// <param name="later">The last instant; the same as the earlier where there is one only.</param>
    /// <returns>Their number: 0 when the clock passed over the time, 2 when it showed it twice. The instants can lie outside the calendar.</returns>
    public static int Instants(long local, TimeZoneInfo zone, out long earlier, out long later)
    {
        if (local < Modern && ZoneHistory.Of(zone) is { } history) return history.Instants(local, out earlier, out later);
        (earlier, later) = (local, local);
        var wall = Wall(local);
        if (zone.IsInvalidTime(wall)) return 0;
        if (zone.IsAmbiguousTime(wall))
        {
            var offsets = zone.GetAmbiguousTimeOffsets(wall);
            (earlier, later) = (local - Microseconds(offsets.Max()), local - Microseconds(offsets.Min()));
            return 2;
        }

        earlier = later = local - Microseconds(zone.GetUtcOffset(wall));
        return 1;
    }

    /// <summary>The first instant at which the zone's clock shows a local time or, where it passed over it, a later one.</summary>
    public static long First(long local, TimeZoneInfo zone)
    {
        if (Instants(local, zone, out var earlier, out _) > 0) return earlier;
        var (before, after) = (local - ZoneHistory.Widest, local + ZoneHistory.Widest);
        while (after - before > 1)
        {
            var middle = before + ((after - before) / 2);
            if (middle + Offset(middle, zone) < local) before = middle;
            else after = middle;
        }

        return after;
    }

    /// <summary>The instant that databases take an existing local time for: of two the one in standard time, the later.</summary>
    public static long Standard(long local, TimeZoneInfo zone)
    {
        if (local >= Modern || ZoneHistory.Of(zone) is not { } history) return (TimeZoneInfo.ConvertTimeToUtc(Wall(local), zone).Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
        history.Instants(local, out _, out var later);
        return later;
    }

    static DateTime Wall(long local) => DateTime.SpecifyKind(Temporal.Instant(local), DateTimeKind.Unspecified);

    static long Microseconds(TimeSpan offset) => offset.Ticks / TimeSpan.TicksPerMicrosecond;
}
