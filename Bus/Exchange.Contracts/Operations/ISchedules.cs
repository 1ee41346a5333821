namespace Exchange.Contracts.Operations;

/// <summary>The schedules by which sources are read, as a running hub keeps them. Safe for concurrent callers, with or without a running hub.</summary>
public interface ISchedules
{
    /// <summary>By resource, subscription and kind.</summary>
    Task<IReadOnlyList<ScheduleView>> ListAsync(CancellationToken cancel);

    /// <summary>IANA zone of schedules that name none, and of the days by which timeliness is told; UTC until it is set.</summary>
    Task<string> TimeZoneAsync(CancellationToken cancel);

    /// <summary>Sets that zone, an IANA name this machine knows, for all nodes; running hubs follow within seconds.</summary>
    Task SetTimeZoneAsync(string name, CancellationToken cancel);
}

/// <summary>A cron expression of a subscription.</summary>
public sealed record ScheduleView
{
    public required string Resource { get; init; }
    public required string Subscription { get; init; }
    /// <summary>incremental or full.</summary>
    public required string Kind { get; init; }
    /// <summary>As the manifest says it.</summary>
    public required string Cron { get; init; }
    /// <summary>As it is resolved: `H` and `@daily` are times here.</summary>
    public required string Expression { get; init; }
    /// <summary>IANA name.</summary>
    public required string TimeZone { get; init; }
    /// <summary>UTC; null: never again.</summary>
    public DateTimeOffset? Next { get; init; }
    /// <summary>The next fire has passed: no hub runs.</summary>
    public bool Overdue { get; init; }
    /// <summary>The time for which it fired last, UTC; null: it has not fired yet.</summary>
    public DateTimeOffset? Last { get; init; }
    /// <summary>When that was noticed, UTC: later where no hub ran.</summary>
    public DateTimeOffset? NoticedAt { get; init; }
    /// <summary>How often it fired.</summary>
    public long Fires { get; init; }
    /// <summary>What the last fire came to: none, waiting, running, done, failed, held, stopped, dropped, missed or removed.</summary>
    public required string Outcome { get; init; }
    /// <summary>The run that it led to; null: none yet.</summary>
    public long? Run { get; init; }
    /// <summary>Machine and process that read, or noticed the fire.</summary>
    public string? Node { get; init; }
}
