using Exchange.Bus.Catalogue;

namespace Exchange.Bus.Scheduling;

internal enum ReadKind
{
    None,
    /// <summary>What changed.</summary>
    Incremental,
    /// <summary>Everything.</summary>
    Full,
}

/// <summary>One cron expression of one subscription.</summary>
/// <param name="Subscription">Its name.</param>
/// <param name="Kind">What it reads.</param>
internal readonly record struct ScheduleKey(string Subscription, ReadKind Kind);

/// <summary>What the catalogue says of a schedule.</summary>
internal sealed record ScheduleDefinition
{
    public required ScheduleKey Key { get; init; }
    public required string Resource { get; init; }
    /// <summary>As the manifest says it.</summary>
    public required string Cron { get; init; }
    /// <summary>As Quartz resolves it: what all nodes fire by, also while an older and a newer program run side by side.</summary>
    public required string Expression { get; init; }
    public required string Zone { get; init; }
    public required MisfirePolicy Misfire { get; init; }

    /// <summary>Every schedule of a catalogue, by subscription and kind.</summary>
    /// <param name="catalogue">The catalogue.</param>
    /// <param name="hubZone">Zone of those that name none.</param>
    public static IEnumerable<ScheduleDefinition> Of(CatalogueSnapshot catalogue, string hubZone) =>
        from subscription in catalogue.Subscriptions.Values.OrderBy(subscription => subscription.Name, StringComparer.Ordinal)
        where subscription.Schedule is not null && catalogue.Resources[subscription.Resource].Source is not null
        from cron in new[] { (Kind: ReadKind.Incremental, Text: subscription.Schedule!.Incremental), (Kind: ReadKind.Full, Text: subscription.Schedule!.Full) }
        where cron.Text is not null
        select One(subscription, subscription.Schedule!, cron.Kind, cron.Text!, hubZone);

    static ScheduleDefinition One(Subscription subscription, Schedule schedule, ReadKind kind, string cron, string hubZone) => new()
    {
        Key = new ScheduleKey(subscription.Name, kind),
        Resource = subscription.Resource,
        Cron = cron,
        Expression = Scheduling.Cron.Parse(cron, $"{subscription.Name}/{kind}", schedule.TimeZone ?? hubZone).Text,
        Zone = schedule.TimeZone ?? hubZone,
        Misfire = schedule.Misfire,
    };

    /// <summary>Resources that are read by their schedules only (semantics 21): some subscription of theirs says when what changed is read.</summary>
    public static HashSet<string> ReadOnlyBySchedule(CatalogueSnapshot catalogue) =>
        [.. catalogue.Subscriptions.Values.Where(subscription => subscription.Schedule?.Incremental is not null).Select(subscription => subscription.Resource)];
}

/// <summary>What became of the newest fire.</summary>
internal enum FireOutcome
{
    /// <summary>Has not fired yet.</summary>
    None,
    /// <summary>Its reading is about to begin.</summary>
    Waiting,
    Running,
    Done,
    /// <summary>Ended by a fault, and tried again.</summary>
    Failed,
    /// <summary>Ended by a fault that a person must remove, and tried again now and then.</summary>
    Held,
    /// <summary>Broke an error limit; the next fire reads again.</summary>
    Stopped,
    /// <summary>A full was going on, which takes up what it would have read.</summary>
    Dropped,
    /// <summary>Passed while no hub ran, and not made up for.</summary>
    Missed,
    /// <summary>`capture remove` has taken the source's triggers; a sync by hand puts them back.</summary>
    Removed,
}

/// <summary>A schedule as the store keeps it.</summary>
internal sealed record ScheduleEntry
{
    public required ScheduleDefinition Definition { get; init; }

    public ScheduleKey Key => Definition.Key;

    /// <summary>When it fires next; null: never again.</summary>
    public DateTimeOffset? Next { get; init; }

    /// <summary>The time for which it fired last.</summary>
    public DateTimeOffset? Last { get; init; }

    /// <summary>When that was noticed, by the store's clock.</summary>
    public DateTimeOffset? NoticedAt { get; init; }

    /// <summary>How often it fired.</summary>
    public long Fires { get; init; }

    public FireOutcome Outcome { get; init; }

    /// <summary>The run that the newest fire led to; 0: none yet.</summary>
    public long Run { get; init; }

    /// <summary>The node that noticed the fire, later the one that read.</summary>
    public string? Node { get; init; }
}
