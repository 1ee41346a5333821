using Exchange.Contracts.Rows;

namespace Exchange.Contracts.FrontEnd;

/// <summary>What happens at a target to a row that is deleted.</summary>
public enum DeletePolicy
{
    Apply,
    /// <summary>exchange_deleted and exchange_deleted_at are set.</summary>
    Tombstone,
    Ignore,
}

/// <summary>A column of a target.</summary>
/// <param name="Name">The column.</param>
/// <param name="Type">The type of the values that are written.</param>
/// <param name="Required">Whether the table, when the hub makes it, says NOT NULL.</param>
/// <param name="Title">Comment on the column, when the hub makes the table and the engine has comments.</param>
public sealed record TargetColumn(string Name, ItemType Type, bool Required, string? Title);

/// <summary>A subscription's table.</summary>
public sealed record TargetTable
{
    public required string Subscription { get; init; }

    public required TableName Table { get; init; }

    /// <summary>In the order of the batches that are applied.</summary>
    public required IReadOnlyList<TargetColumn> Columns { get; init; }

    /// <summary>Key column names, subset of <see cref="Columns"/>.</summary>
    public required IReadOnlyList<string> Key { get; init; }

    public DeletePolicy Deletes { get; init; }

    /// <summary>Constants in key columns that set this subscription's rows apart in a shared table; deletes by <see cref="ITargetTransaction.DeleteUnseenAsync"/> stay inside.
    /// Values as canonical text.</summary>
    public IReadOnlyDictionary<string, string> Scope { get; init; } = new Dictionary<string, string>();

    public string? Title { get; init; }

    /// <summary>Columns that hold references, alone or in what is computed of them: a table of contents (<see cref="IAttachmentTable"/>) stands beside the table.</summary>
    public IReadOnlyList<string> AttachmentColumns { get; init; } = [];

    public bool HasAttachments => AttachmentColumns.Count > 0;
}

/// <summary>An entry of exchange_applied.</summary>
/// <param name="Batch">The batch's number in its resource's log.</param>
/// <param name="Kind">snapshot, change, mark or reset.</param>
/// <param name="Upserted">Rows upserted.</param>
/// <param name="Deleted">Rows deleted or tombstoned.</param>
/// <param name="Digest">The batch's digest in the log.</param>
/// <param name="AppliedAt">UTC.</param>
public sealed record LedgerEntry(long Batch, string Kind, long Upserted, long Deleted, string Digest, DateTimeOffset AppliedAt);

/// <summary>What was done to rows.</summary>
public sealed record ApplyCount(long Upserted, long Deleted);

/// <summary>Prepares and writes targets.</summary>
public interface ITargetWriter
{
    /// <summary>
    /// Makes the table fit: creates it when missing and <paramref name="create"/> says so, adds nullable columns and tombstone columns to a table,
    /// makes exchange_applied and, where there are attachments, exchange_attachment and what its removal needs (<see cref="IAttachmentSweep"/>). Answers what does not fit (missing column, narrower or other type, not-null column that is not written, no unique
    /// index exactly on the key, key compared without case or padding, engine without transactions), empty when it fits. A table that does not fit is left untouched.
    /// Answers are whole sentences naming column, what is there, what is needed.
    /// </summary>
    Task<IReadOnlyList<string>> EnsureAsync(TargetTable target, bool create, CancellationToken cancel);

    /// <summary>Opens the one transaction in which batches and ledger are written. A second one for the same subscription waits at
    /// <see cref="ITargetTransaction.LastAppliedAsync"/> until the first has ended.</summary>
    Task<ITargetTransaction> BeginAsync(TargetTable target, CancellationToken cancel);
}

/// <summary>
/// One transaction at a target. Not safe for concurrent use. Disposed without commit, or killed, it leaves nothing. When a commit's answer is lost the
/// outcome is unknown: the caller begins anew and asks the ledger.
/// </summary>
public interface ITargetTransaction : IAsyncDisposable
{
    /// <summary>The subscription's entry with the greatest batch number, or null; holds other transactions of this subscription off until the end.</summary>
    Task<LedgerEntry?> LastAppliedAsync(CancellationToken cancel);

    /// <summary>
    /// Upserts and deletes by key; each key at most once in <paramref name="rows"/>. A row error (<see cref="FrontEndFault.Row"/>) undoes this call alone: the
    /// transaction goes on with what came before. Upserts clear a tombstone. Rows that stand as they should may be left untouched but count as upserted.
    /// </summary>
    Task<ApplyCount> ApplyAsync(RowBatch rows, CancellationToken cancel);

    /// <summary>Takes the marks off contents that rows are about to refer to: while this transaction goes on, and once its rows stand, they are not removed. Call it before the rows are applied.</summary>
    /// <returns>Those of which part 0 does not stand: they must be sent again, and this transaction given up.</returns>
    Task<IReadOnlyList<string>> KeepAsync(IReadOnlyCollection<string> references, CancellationToken cancel);

    /// <summary>How many rows stand inside the scope, those that are marked as deleted not counted.</summary>
    Task<long> CountAsync(CancellationToken cancel);

    /// <summary>How many tuples of those columns' values stand in more than one row of the scope, compared exactly; rows with a NULL in any of them, and those that are marked as deleted, not counted.</summary>
    Task<long> DuplicatesAsync(IReadOnlyList<string> columns, CancellationToken cancel);

    /// <summary>Collects keys (key columns only, in key order) that a full has seen, in a temporary table.</summary>
    Task AddSeenAsync(RowBatch keys, CancellationToken cancel);

    /// <summary>Deletes (as the policy says) the rows inside the scope whose keys were not added, compared by code point; answers how many, rows already tombstoned not counted.</summary>
    Task<long> DeleteUnseenAsync(CancellationToken cancel);

    Task WriteLedgerAsync(LedgerEntry entry, CancellationToken cancel);

    /// <summary>Removes all ledger entries of the subscription: it is delivered anew.</summary>
    Task ResetLedgerAsync(CancellationToken cancel);

    Task CommitAsync(CancellationToken cancel);
}
