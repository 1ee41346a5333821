using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Contracts.Operations;

/// <summary>
/// Runs exchanges by hand: what `exchange sync` and `exchange capture` call. Safe beside a running hub and beside other processes: a source is read by
/// one at a time (a second caller waits), a subscription is delivered by one at a time.
/// </summary>
public interface IExchanges
{
    /// <summary>
    /// Reads the resource of each subscription once (incrementally, or in full where none is complete or <see cref="SyncRequest.Full"/> asks) and delivers.
    /// One subscription's fault does not hold the others: it stands in its result.
    /// </summary>
    /// <exception cref="Errors.ExchangeException">hub.subscription.unknown: nothing was done.</exception>
    Task<IReadOnlyList<SyncResult>> SyncAsync(SyncRequest request, IProgress<SyncProgress>? progress, CancellationToken cancel);

    /// <summary>The triggers of a `changelog` source: installs, removes or looks.</summary>
    Task<CaptureStatus> CaptureAsync(string resource, CaptureAction action, CancellationToken cancel);
}

public enum CaptureAction { Status, Install, Remove }

/// <param name="Subscriptions">Names; null: all.</param>
/// <param name="Full">Read anew.</param>
public sealed record SyncRequest(IReadOnlyList<string>? Subscriptions, bool Full);

/// <summary>How far a sync is; numbers only grow.</summary>
public sealed record SyncProgress
{
    public required string Resource { get; init; }
    /// <summary>Null: the source is being read; else the subscription that is being delivered.</summary>
    public string? Subscription { get; init; }
    /// <summary>What is going on, for people: waiting for the source, full, incremental, delivering, held.</summary>
    public required string Phase { get; init; }
    public long Read { get; init; }
    public long Accepted { get; init; }
    public long Rejected { get; init; }
    public long Batches { get; init; }
    /// <summary>Rows upserted and deleted at the target.</summary>
    public long Delivered { get; init; }
    /// <summary>Rows that the last full read: a hint of how many this one will; null when unknown.</summary>
    public long? Expected { get; init; }
    public bool Ended { get; init; }
    /// <summary>Rows and batches are not what this work does: only the phase tells something.</summary>
    public bool CountsNothing { get; init; }
}

public enum SyncOutcome
{
    Done,
    /// <summary>Done, and this run rejected rows.</summary>
    DoneWithRejects,
    Failed,
}

/// <summary>What a sync of one subscription did.</summary>
public sealed record SyncResult
{
    public required string Subscription { get; init; }
    public required string Resource { get; init; }
    public required SyncOutcome Outcome { get; init; }
    /// <summary>full or incremental; null where the resource has no source of its own.</summary>
    public string? Kind { get; init; }
    public long Read { get; init; }
    public long Accepted { get; init; }
    /// <summary>Refused at intake by the resource's rules.</summary>
    public long Rejected { get; init; }
    /// <summary>Deletions read from the source.</summary>
    public long Deleted { get; init; }
    public long Upserted { get; init; }
    public long DeletedAtTarget { get; init; }
    /// <summary>Refused for this subscription alone, by its map or target.</summary>
    public long Refused { get; init; }
    /// <summary>Errors closed by this run.</summary>
    public long Closed { get; init; }
    public long IntakeRun { get; init; }
    public long DeliveryRun { get; init; }
    public string? ErrorCode { get; init; }
    /// <summary>Who is at fault; null where nothing failed.</summary>
    public Party? Party { get; init; }
    public string? Error { get; init; }
    public string? Next { get; init; }
}
