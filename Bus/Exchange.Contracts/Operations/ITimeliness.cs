namespace Exchange.Contracts.Operations;

/// <summary>
/// Whether what should be exchanged is exchanged in time (DB23/T 2835 §7.2.2), and how much and how well (T/CHIA 49 §6.8.3). Computed from the records of runs by the store's clock.
/// Reading only; safe for concurrent callers, with or without a running hub.
/// </summary>
public interface ITimeliness
{
    /// <summary>The light of every resource (its reading) and every subscription (its delivery).</summary>
    /// <param name="at">As it will be at that moment if nothing is exchanged until then; null: now.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="Errors.ExchangeException">The moment has passed.</exception>
    Task<IReadOnlyList<LightView>> LightsAsync(DateTimeOffset? at, CancellationToken cancel);

    /// <summary>Volume, accuracy and timeliness of resources.</summary>
    /// <param name="resource">Null: all.</param>
    /// <param name="period">How far back, from the beginning of that day in the hub's zone; at most 366 days.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="Errors.ExchangeException">hub.resource.unknown.</exception>
    Task<IReadOnlyList<StatisticsView>> StatisticsAsync(string? resource, TimeSpan period, CancellationToken cancel);
}

/// <summary>How late something is.</summary>
public sealed record LightView
{
    /// <summary>resource or subscription.</summary>
    public required string Kind { get; init; }
    public required string Name { get; init; }
    /// <summary>Frequency class a–e; null: none was given, and no light is shown.</summary>
    public string? Class { get; init; }
    /// <summary>When it was last exchanged well, or last known to have nothing to exchange. UTC; null: never.</summary>
    public DateTimeOffset? LastSuccess { get; init; }
    /// <summary>Since the last success, or since it was applied where there was none.</summary>
    public required double GapSeconds { get; init; }
    /// <summary>Longest gap that the class allows; null: no class.</summary>
    public double? AllowedSeconds { get; init; }
    /// <summary>green; yellow: the gap is longer than the class allows; red: longer by more than a day; none: no class.</summary>
    public required string Light { get; init; }
    /// <summary>Since when it shows that light, UTC.</summary>
    public required DateTimeOffset Since { get; init; }
    /// <summary>Code of the hold; null: not held.</summary>
    public string? Hold { get; init; }
    /// <summary>What to do; null: nothing.</summary>
    public string? Next { get; init; }
}

/// <summary>What was exchanged of a resource in a period.</summary>
public sealed record StatisticsView
{
    public required string Resource { get; init; }
    public string? Class { get; init; }
    /// <summary>Begin of the period, UTC.</summary>
    public required DateTimeOffset Since { get; init; }
    /// <summary>Readings that were begun in the period.</summary>
    public required long Runs { get; init; }
    /// <summary>数据量: rows and deletions that they read.</summary>
    public required long Volume { get; init; }
    public required long Rejected { get; init; }
    /// <summary>准确率: of a hundred read, how many were not rejected; null: none was read.</summary>
    public decimal? AccuracyPercent { get; init; }
    /// <summary>Days (weeks for class e) in which an exchange was due.</summary>
    public required int Due { get; init; }
    /// <summary>Those in which one succeeded.</summary>
    public required int InTime { get; init; }
    /// <summary>及时率: of a hundred due, how many were in time; null: no class, or nothing was due yet.</summary>
    public decimal? TimelinessPercent { get; init; }
}
