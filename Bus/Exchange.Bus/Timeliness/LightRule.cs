using Exchange.Bus.Catalogue;

namespace Exchange.Bus.Timeliness;

internal enum Light
{
    /// <summary>No frequency class, no light.</summary>
    None,
    Green,
    /// <summary>The gap is longer than the class allows.</summary>
    Yellow,
    /// <summary>It is longer by more than a day.</summary>
    Red,
}

/// <summary>Frequency classes of DB23/T 2835 §7.2.2 and the lights that they show.</summary>
internal static class LightRule
{
    /// <summary>From yellow to red.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromDays(1);

    /// <summary>Longest gap between two exchanges: a, b and d one day; c real time, and one day at least; e seven days.</summary>
    public static TimeSpan Allowed(FrequencyClass frequency) => frequency == FrequencyClass.E ? TimeSpan.FromDays(7) : TimeSpan.FromDays(1);

    /// <summary>The light at a moment, and since when it shows; green and none: since the exchange that the gap counts from.</summary>
    /// <param name="frequency">Null: none.</param>
    /// <param name="from">The last success, or when it was applied.</param>
    /// <param name="now">The moment.</param>
    public static (Light Light, DateTimeOffset Since) Of(FrequencyClass? frequency, DateTimeOffset from, DateTimeOffset now)
    {
        if (frequency is not { } known) return (Light.None, from);
        var yellow = from + Allowed(known);
        var red = yellow + Grace;
        return now > red ? (Light.Red, red) : now > yellow ? (Light.Yellow, yellow) : (Light.Green, from);
    }
}
