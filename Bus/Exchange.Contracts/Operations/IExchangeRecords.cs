using Exchange.Contracts.Errors;

namespace Exchange.Contracts.Operations;

/// <summary>What exchanges have left behind: runs, batches, refused rows, holds. Reading only; safe for concurrent callers.</summary>
public interface IExchangeRecords
{
    /// <summary>Newest first.</summary>
    Task<IReadOnlyList<RunView>> RunsAsync(string? resource, string? subscription, int most, CancellationToken cancel);

    Task<RunView?> RunAsync(long id, CancellationToken cancel);

    /// <summary>Newest first; null: of all resources.</summary>
    Task<IReadOnlyList<BatchView>> BatchesAsync(string? resource, int most, CancellationToken cancel);

    Task<BatchView?> BatchAsync(string resource, long number, CancellationToken cancel);

    /// <summary>Newest first.</summary>
    Task<IReadOnlyList<RefusedRowView>> RefusedRowsAsync(string? resource, string? subscription, bool openOnly, int most, CancellationToken cancel);

    /// <summary>Sources and subscriptions that are held, with what to do.</summary>
    Task<IReadOnlyList<HoldView>> HoldsAsync(CancellationToken cancel);
}

/// <summary>A run: one reading of a source (full, incremental) or one delivery of a subscription.</summary>
public sealed record RunView
{
    public required long Id { get; init; }
    public required string Resource { get; init; }
    /// <summary>Null: intake.</summary>
    public string? Subscription { get; init; }
    /// <summary>full, incremental or delivery.</summary>
    public required string Kind { get; init; }
    /// <summary>running, done, failed, held, stopped or abandoned.</summary>
    public required string State { get; init; }
    /// <summary>UTC.</summary>
    public required DateTimeOffset Started { get; init; }
    /// <summary>UTC; null while running.</summary>
    public DateTimeOffset? Ended { get; init; }
    /// <summary>Rows and deletions met at the source.</summary>
    public long Read { get; init; }
    public long Accepted { get; init; }
    public long Rejected { get; init; }
    public long Deleted { get; init; }
    public long Closed { get; init; }
    /// <summary>Rows upserted and deleted at the target.</summary>
    public long Delivered { get; init; }
    public long Batches { get; init; }
    /// <summary>Bytes of the payloads, compressed.</summary>
    public long Bytes { get; init; }
    /// <summary>Milliseconds spent waiting for the source.</summary>
    public long SourceMilliseconds { get; init; }
    /// <summary>Milliseconds spent waiting for the target.</summary>
    public long TargetMilliseconds { get; init; }
    /// <summary>Machine and process that did it.</summary>
    public required string Node { get; init; }
    public string? ErrorCode { get; init; }
    public string? Error { get; init; }
    public string? Next { get; init; }
}

/// <summary>A batch of a resource's log.</summary>
public sealed record BatchView
{
    public required string Resource { get; init; }
    public required long Number { get; init; }
    /// <summary>snapshot, change or mark.</summary>
    public required string Kind { get; init; }
    /// <summary>visible, pending or discarded.</summary>
    public required string State { get; init; }
    public required long Run { get; init; }
    public required long Upserts { get; init; }
    public required long Deletes { get; init; }
    public required long Bytes { get; init; }
    public required string Digest { get; init; }
    public required DateTimeOffset Appended { get; init; }
}

/// <summary>A refused row.</summary>
public sealed record RefusedRowView
{
    public required long Id { get; init; }
    public required string Resource { get; init; }
    /// <summary>Null: refused at intake, for everyone.</summary>
    public string? Subscription { get; init; }
    /// <summary>The key as a JSON array of texts; null where the key itself is broken.</summary>
    public string? Key { get; init; }
    public required IReadOnlyList<KeyValuePair<string, string?>> Values { get; init; }
    public required IReadOnlyList<BrokenRuleView> Broken { get; init; }
    public required long Batch { get; init; }
    public required long Run { get; init; }
    public required DateTimeOffset Refused { get; init; }
    /// <summary>Number of the batch that closed it; null while open.</summary>
    public long? ClosedBatch { get; init; }
}

public sealed record BrokenRuleView(string Rule, string? Item, string? Value, string Message);

/// <summary>Something that is held until a person has acted; each run tries again.</summary>
/// <param name="Kind">resource or subscription.</param>
/// <param name="Name">Its name.</param>
/// <param name="Code">Error code.</param>
/// <param name="Party">Who is at fault.</param>
/// <param name="Message">Why.</param>
/// <param name="Next">What to do.</param>
/// <param name="Since">UTC.</param>
public sealed record HoldView(string Kind, string Name, string Code, Party Party, string Message, string Next, DateTimeOffset Since);
