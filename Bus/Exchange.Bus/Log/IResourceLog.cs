using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Log;

internal enum BatchKind
{
    /// <summary>A chunk of a full.</summary>
    Snapshot,
    /// <summary>Changes, read anew by key.</summary>
    Change,
    /// <summary>Ends a full: keys that it has not seen are gone. No rows.</summary>
    Mark,
}

internal enum BatchState
{
    /// <summary>May be delivered.</summary>
    Visible,
    /// <summary>Its run has an error limit and has not ended; nothing at or after it is delivered yet.</summary>
    Pending,
    /// <summary>Its run broke the limit; deliveries pass over it.</summary>
    Discarded,
}

/// <summary>An immutable entry of a resource's log.</summary>
internal sealed record LogBatch
{
    public required string Resource { get; init; }
    /// <summary>1, 2, 3 … without gaps.</summary>
    public required long Number { get; init; }
    public required BatchKind Kind { get; init; }
    public required BatchState State { get; init; }
    /// <summary>The run that appended it.</summary>
    public required long Run { get; init; }
    /// <summary>Whether it is part of a re-organised full: delivered with its mark, all batches from the full's first on in one transaction of the target.</summary>
    public bool Staged { get; init; }
    /// <summary>Whether its rows are gone, since nobody needed them any more; the entry stays.</summary>
    public bool Dropped { get; init; }
    /// <summary>Snapshot and mark: number of the full's first batch; else 0.</summary>
    public required long FullStart { get; init; }
    public required long Upserts { get; init; }
    public required long Deletes { get; init; }
    public required long PayloadBytes { get; init; }
    /// <summary>SHA-256 of the payload, hexadecimal.</summary>
    public required string PayloadDigest { get; init; }
    /// <summary>SHA-256 over the digest before it, number, kind and payload digest: a chain.</summary>
    public required string Digest { get; init; }
    public required string PreviousDigest { get; init; }
    public required DateTimeOffset AppendedAt { get; init; }
}

/// <summary>What a batch that is to be appended is.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Run">The run that appends it.</param>
/// <param name="FullStart">The full's first batch; -1: this very batch is it; 0: none.</param>
/// <param name="Pending">Whether it waits for its run's end.</param>
/// <param name="Staged">See <see cref="LogBatch.Staged"/>.</param>
internal sealed record BatchHeader(BatchKind Kind, long Run, long FullStart = 0, bool Pending = false, bool Staged = false);

/// <summary>What the log of a resource holds.</summary>
/// <param name="Resource">The resource.</param>
/// <param name="Newest">Number of its newest batch.</param>
/// <param name="OldestKept">Number of the oldest batch whose rows are there; 0: none.</param>
/// <param name="Kept">How many have theirs.</param>
/// <param name="Bytes">Of the payloads.</param>
/// <param name="Dropped">How many have theirs no more.</param>
internal sealed record LogUsage(string Resource, long Newest, long OldestKept, long Kept, long Bytes, long Dropped);

/// <summary>A payload that is encoded and (SQLite store) already durable in the data folder, waiting to be appended. Dropped, it is swept away later.</summary>
internal sealed record PreparedPayload(string Digest, long Bytes, long Upserts, long Deletes, string? File, ReadOnlyMemory<byte> Content)
{
    /// <summary>The rows it was made of; not changed any more.</summary>
    public required RowBatch Rows { get; init; }
}

/// <summary>
/// The log of each resource. One appender at a time holds the resource's lease; readers are many. After kill -9 either a batch with its payload is
/// there or nothing is. Payloads are Arrow IPC files, zstd-compressed, one record batch, the column <c>exchange_operation</c> (uint8) first; any Arrow tool opens them.
/// </summary>
internal interface IResourceLog
{
    /// <summary>Encodes rows; with SQLite writes and fsyncs the payload file. Outside any transaction. To be appended within 30 minutes.</summary>
    /// <exception cref="OverflowException">A decimal has more digits than its item type (judging refuses such rows).</exception>
    Task<PreparedPayload> PrepareAsync(string resource, RowBatch rows, CancellationToken cancel);

    /// <summary>Appends as the next number, inside the caller's transaction.</summary>
    /// <param name="session">A write.</param>
    /// <param name="resource">The resource.</param>
    /// <param name="header">What it is.</param>
    /// <param name="payload">From <see cref="PrepareAsync"/>.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="InvalidOperationException">The payload's file is older than 30 minutes or gone: prepare it again.</exception>
    Task<LogBatch> AppendAsync(StoreSession session, string resource, BatchHeader header, PreparedPayload payload, CancellationToken cancel);

    /// <summary>Makes a run's pending batches visible, or discards them.</summary>
    Task SettleAsync(StoreSession session, string resource, long run, BatchState state, CancellationToken cancel);

    /// <summary>The newest batch, whatever its state; null when there is none.</summary>
    Task<LogBatch?> HeadAsync(string resource, CancellationToken cancel);

    /// <summary>Numbers of the newest batches of many resources, in one question; resources without a batch are missing.</summary>
    Task<IReadOnlyDictionary<string, long>> HeadsAsync(IReadOnlyCollection<string> resources, CancellationToken cancel);

    /// <summary>Batches after a number, in order, at most so many, whatever their state.</summary>
    Task<IReadOnlyList<LogBatch>> ReadAsync(string resource, long after, int most, CancellationToken cancel);

    Task<LogBatch?> FindAsync(string resource, long number, CancellationToken cancel);

    /// <summary>The newest mark that is visible: the end of the newest complete full.</summary>
    Task<LogBatch?> NewestMarkAsync(string resource, CancellationToken cancel);

    /// <summary>The first batch of the newest full, complete or not, discarded ones passed over; 0: there is none.</summary>
    Task<long> NewestFullStartAsync(string resource, CancellationToken cancel);

    /// <summary>The mark of the full that begins with that batch; null: it has none, or not yet.</summary>
    Task<LogBatch?> FindMarkAsync(string resource, long fullStart, CancellationToken cancel);

    /// <summary>
    /// The rows of a batch, not to be changed: those that this process has just appended, or the payload's, whose digest is checked (hub.store.damaged when it differs or is missing).
    /// </summary>
    Task<RowBatch> LoadAsync(LogBatch batch, CancellationToken cancel);

    /// <summary>What each log holds, by name.</summary>
    Task<IReadOnlyList<LogUsage>> UsageAsync(CancellationToken cancel);

    /// <summary>
    /// Drops the rows of batches, a piece at a time: those of smaller numbers than <paramref name="below"/> that were appended before <paramref name="before"/>, and discarded ones that were
    /// appended before <paramref name="discardedBefore"/>. Their entries stay. Killed at any moment, a batch has its rows or is marked as dropped.
    /// </summary>
    /// <returns>Bytes of the payloads that are gone.</returns>
    Task<long> DropAsync(string resource, long below, DateTimeOffset before, DateTimeOffset discardedBefore, CancellationToken cancel);
}
