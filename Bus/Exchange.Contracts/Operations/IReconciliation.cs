namespace Exchange.Contracts.Operations;

/// <param name="Subscription">Whose source and target are compared.</param>
/// <param name="Repair">Bring what differs to the target, through the log.</param>
/// <param name="MostKeys">So many differing keys are told; the rest is counted.</param>
/// <param name="Wait">How long keys are given to settle while something is on its way.</param>
public sealed record ReconcileRequest(string Subscription, bool Repair, int MostKeys, TimeSpan Wait);

public enum DifferenceKind
{
    /// <summary>The source has the row, the target has not.</summary>
    Missing,
    /// <summary>The target has the row, the source has not.</summary>
    Extra,
    /// <summary>Both have it, with other values.</summary>
    Different,
}

/// <summary>A row that differs.</summary>
/// <param name="Kind">How.</param>
/// <param name="Key">Values of the target's key columns as canonical text.</param>
public sealed record KeyDifference(DifferenceKind Kind, IReadOnlyList<string?> Key);

/// <summary>What a comparison found, and what was repaired of it. Counts are of rows.</summary>
public sealed record ReconcileResult
{
    public required string Subscription { get; init; }
    public required string Resource { get; init; }
    /// <summary>Where checksums were computed: database or hub.</summary>
    public required string Computed { get; init; }
    /// <summary>Rows that the target should hold by the source, as read by the last comparison.</summary>
    public required long SourceRows { get; init; }
    /// <summary>Rows that the target held then, with what was repaired since; those marked as deleted or of another subscription not counted.</summary>
    public required long TargetRows { get; init; }
    /// <summary>Rows in quarantine, or that the rules or the map refuse: the subscriber keeps their last good version, so they are not compared.</summary>
    public required long LeftOut { get; init; }
    public required long Missing { get; init; }
    public required long Extra { get; init; }
    public required long Different { get; init; }
    /// <summary>Rows that writers changed again and again while they were looked at: neither equal nor known to differ.</summary>
    public required long Unsettled { get; init; }
    /// <summary>Rows that differed and were repaired; not counted above.</summary>
    public required long Repaired { get; init; }
    /// <summary>Rows counted above that no repair through the log can reach: their key can't be told at the source.</summary>
    public required long OutOfReach { get; init; }
    /// <summary>The target's key columns.</summary>
    public required IReadOnlyList<string> KeyColumns { get; init; }
    /// <summary>The first of the rows that (still) differ.</summary>
    public required IReadOnlyList<KeyDifference> Keys { get; init; }
    public bool Equal => Missing + Extra + Different == 0;
}

/// <summary>
/// Compares what a subscriber should hold by the source as it is now with what its target holds. Only reads, unless asked to repair; safe beside a running hub and concurrent callers. Repairing reads the
/// differing keys anew by the resource's intake, appends them in the transaction that moves its position, and delivers them as any batch: killed at any moment it leaves whole batches that are delivered as usual.
/// </summary>
public interface IReconciliation
{
    /// <exception cref="Errors.ExchangeException">hub.subscription.unknown; hub.manifest.invalid: the resource has no source to compare with; what a database says.</exception>
    Task<ReconcileResult> ReconcileAsync(ReconcileRequest request, IProgress<SyncProgress>? progress, CancellationToken cancel);
}
