namespace Exchange.Bus.Intake;

/// <summary>
/// Moves the safe horizon of a tracked column after each pass, so that a transaction that commits late with an older value is not passed over.
/// With PostgreSQL's transaction ids: the value of a pass is settled once every transaction that was open at that pass has ended. Numbers and texts, on every engine,
/// only once the declared lateness has gone by as well (an application may take numbers long before it writes them). Dates and timestamps are read from a lateness
/// earlier instead.
/// </summary>
internal static class SafeHorizon
{
    /// <summary>Numbers that are read again below an integer horizon before time has settled a first pass. Below a batch number it is the day and the day before, whatever the number here.</summary>
    public const long FirstIntegerOverlap = 100_000;

    /// <summary>Unsettled passes that are kept; beyond it every second one goes, which only makes the horizon move in larger steps.</summary>
    const int MostUnsettled = 512;

    /// <summary>The horizon with which increments begin after a full.</summary>
    /// <param name="start">Taken before the full's first page was read.</param>
    public static TrackedPosition AfterFull(TrackPass start)
    {
        var horizon = new TrackedPosition { From = start.Greatest, Unsettled = [start], Lower = FirstIntegerOverlap };
        return start.OldestOpen is { } oldest && start.NextOpen is { } next && oldest < next ? horizon with { WrittenSince = oldest, WrittenUntil = next } : horizon;
    }

    /// <summary>The horizon after a pass that has read everything it should.</summary>
    /// <param name="before">The horizon it read from.</param>
    /// <param name="pass">Taken before it read.</param>
    /// <param name="maxLateness">Declared for the source.</param>
    /// <param name="temporal">Whether the column is a date or timestamp: its own value tells its age.</param>
    public static TrackedPosition After(TrackedPosition before, TrackPass pass, TimeSpan maxLateness, bool temporal)
    {
        var passes = before.Unsettled.Append(pass).ToList();
        var settled = passes.FindLastIndex(seen => IsSettled(seen, pass, maxLateness, temporal));
        var horizon = before;
        if (settled >= 0)
        {
            horizon = before with { From = passes[settled].Greatest ?? before.From, Lower = 0 };
            passes.RemoveRange(0, settled + 1);
        }

        if (horizon.WrittenUntil is { } until && pass.OldestOpen >= until) horizon = horizon with { WrittenSince = null, WrittenUntil = null };
        if (passes.Count > MostUnsettled) passes = [.. passes.Where((_, at) => at % 2 == 1)];
        return horizon with { Unsettled = passes };
    }

    static bool IsSettled(TrackPass seen, TrackPass now, TimeSpan maxLateness, bool temporal)
    {
        var ended = now.OldestOpen is not { } oldest || seen.NextOpen is not { } next || next <= oldest;
        return ended && (temporal || seen.At <= now.At - maxLateness);
    }
}
