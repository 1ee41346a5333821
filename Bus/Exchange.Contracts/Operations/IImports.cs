using Exchange.Contracts.Errors;
using Exchange.Contracts.Files;

namespace Exchange.Contracts.Operations;

/// <param name="Resource">One without a source of its own.</param>
/// <param name="File">What is read.</param>
/// <param name="Full">The file holds every row: keys that are not in it are removed.</param>
/// <param name="Errors">Where the rows that the import refuses are written as CSV; null: nowhere.</param>
public sealed record ImportRequest(string Resource, FileRequest File, bool Full, string? Errors = null);

/// <summary>What an import did.</summary>
public sealed record ImportResult
{
    public required string Resource { get; init; }
    public required string File { get; init; }
    /// <summary>SHA-256 of the file.</summary>
    public required string Digest { get; init; }
    /// <summary>full or incremental.</summary>
    public required string Kind { get; init; }
    public long Read { get; init; }
    public long Accepted { get; init; }
    public long Rejected { get; init; }
    /// <summary>The file with the refused rows, if one was asked for.</summary>
    public string? Errors { get; init; }
    /// <summary>Errors closed by this import.</summary>
    public long Closed { get; init; }
    public long IntakeRun { get; init; }
    /// <summary>CSV and XLSX: where the header stands; what is above it was passed over. Null: there is none.</summary>
    public FilePlace? Header { get; init; }
    /// <summary>Columns of the file that are no items, passed over.</summary>
    public required IReadOnlyList<string> Ignored { get; init; }
    public string? ErrorCode { get; init; }
    /// <summary>Who is at fault; null where nothing failed.</summary>
    public Party? Party { get; init; }
    public string? Error { get; init; }
    public string? Next { get; init; }
    /// <summary>What was delivered, one for each subscription.</summary>
    public required IReadOnlyList<SyncResult> Subscriptions { get; init; }
}

/// <summary>
/// Takes files in: what `exchange import` calls. Safe beside a running hub and other imports: one at a time reads into a resource, others wait.
/// </summary>
public interface IImports
{
    /// <summary>
    /// Reads the whole file once to see that it can be read and fits, then again, batch by batch into the log, and delivers. Each batch is durable on its own. After kill -9 the
    /// batches so far stand, with --full nothing has been removed; importing the same file again converges, since rows are upserts by key.
    /// </summary>
    /// <exception cref="Errors.ExchangeException">The resource or the file is wrong: nothing was changed.</exception>
    Task<ImportResult> ImportAsync(ImportRequest request, IProgress<SyncProgress>? progress, CancellationToken cancel);
}
