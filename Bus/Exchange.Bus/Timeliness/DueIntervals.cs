using Exchange.Bus.Catalogue;

namespace Exchange.Bus.Timeliness;

/// <summary>A day or week in which an exchange is due. Times in UTC.</summary>
/// <param name="Begins">Midnight that begins it.</param>
/// <param name="Ends">Midnight that ends it; not part of it.</param>
/// <param name="Whole">It has ended, and the resource was there from its beginning: it counts. Others count only when an exchange succeeded in them.</param>
internal readonly record struct DueInterval(DateTimeOffset Begins, DateTimeOffset Ends, bool Whole);

/// <summary>
/// "At least once per day" and "per 7 days" by the calendar of the hub's zone: days from midnight to midnight (23 or 25 hours when clocks move), weeks from Monday to Sunday. A job that runs
/// each day at two, a few seconds earlier or later, so meets each day once.
/// </summary>
internal static class DueIntervals
{
    /// <param name="frequency">The class.</param>
    /// <param name="zone">The hub's.</param>
    /// <param name="from">Begin of the period.</param>
    /// <param name="known">Since when the resource is there.</param>
    /// <param name="now">End of the period.</param>
    public static IReadOnlyList<DueInterval> Of(FrequencyClass frequency, TimeZoneInfo zone, DateTimeOffset from, DateTimeOffset known, DateTimeOffset now)
    {
        var days = LightRule.Allowed(frequency).Days;
        var day = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(from > known ? from : known, zone).DateTime);
        if (days == 7) day = day.AddDays(-(((int)day.DayOfWeek + 6) % 7)); // Monday
        var intervals = new List<DueInterval>();
        for (var begins = Midnight(day, zone); begins <= now;)
        {
            day = day.AddDays(days);
            var ends = Midnight(day, zone);
            intervals.Add(new DueInterval(begins, ends, ends <= now && begins >= known));
            begins = ends;
        }

        return intervals;
    }

    /// <summary>The first moment of a day, in UTC. Where clocks move at midnight the day begins when they have moved.</summary>
    public static DateTimeOffset Midnight(DateOnly day, TimeZoneInfo zone)
    {
        var local = day.ToDateTime(TimeOnly.MinValue);
        while (zone.IsInvalidTime(local)) local = local.AddMinutes(1);
        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return new DateTimeOffset(local, offset).ToUniversalTime();
    }
}
