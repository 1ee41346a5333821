using Exchange.Bus.Catalogue;

namespace Exchange.Bus.Scheduling;

internal enum FireAction
{
    /// <summary>Not due.</summary>
    Wait,
    Fire,
    /// <summary>Passed while no hub ran, and is not made up for.</summary>
    Miss,
    /// <summary>The clock was set back: what was the next time is too far away now.</summary>
    Reset,
}

/// <param name="Action">What is to be done.</param>
/// <param name="Next">When the schedule fires after that; null: never again.</param>
internal readonly record struct FireDecision(FireAction Action, DateTimeOffset? Next);

/// <summary>Decides what a schedule does at a moment. Everything that passed since the last look is one fire: nothing piles up.</summary>
internal static class FireRule
{
    /// <summary>A fire that is noticed later than this was missed: no hub ran, or none could reach the store.</summary>
    public static readonly TimeSpan MissedAfter = TimeSpan.FromMinutes(1);

    /// <summary>A missed full is not made up for when its next fire is as near as this.</summary>
    public static readonly TimeSpan NearFull = TimeSpan.FromHours(1);

    /// <summary>
    /// A clock that is set back by less only pauses schedules for so long; set back by more, they begin anew from what it says, and times that it shows again fire again, once.
    /// </summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(1);

    public static FireDecision Decide(ScheduleEntry entry, Cron cron, DateTimeOffset now)
    {
        var next = cron.After(now);
        if (entry.Next is not { } due || due > now)
        {
            var setBack = entry.NoticedAt is not { } noticed || now < noticed - ClockTolerance;
            return setBack && next is not null && (entry.Next is null || next < entry.Next) ? new FireDecision(FireAction.Reset, next) : new FireDecision(FireAction.Wait, entry.Next);
        }

        var missed = now - due > MissedAfter;
        return new FireDecision(!missed || IsMadeUpFor(entry.Definition, now, next) ? FireAction.Fire : FireAction.Miss, next);
    }

    static bool IsMadeUpFor(ScheduleDefinition definition, DateTimeOffset now, DateTimeOffset? next) => definition.Misfire switch
    {
        MisfirePolicy.Skip => false,
        MisfirePolicy.Incremental => definition.Key.Kind == ReadKind.Incremental,
        _ => definition.Key.Kind == ReadKind.Incremental || next is null || next - now > NearFull,
    };
}
