namespace Exchange.Contracts.Operations;

/// <summary>How long the hub keeps what it no longer needs.</summary>
/// <param name="Keep">Rows of batches that a newer full has taken the place of and that every subscriber has applied.</param>
/// <param name="Budget">Bytes that the rows of all logs, and the contents of attachments, may take; null: as many as there is room for. Over it, <paramref name="Keep"/> counts no more, and what then is too much holds the reading of sources.</param>
/// <param name="RunKeep">Records of runs.</param>
public sealed record LogKeeping(TimeSpan Keep, long? Budget, TimeSpan RunKeep)
{
    /// <summary>Contents of attachments at targets that no row refers to any more: who has read a row a moment ago may still come for them.</summary>
    public TimeSpan ContentsKeep { get; init; } = TimeSpan.FromDays(1);
}

/// <summary>The log of one resource.</summary>
public sealed record LogView
{
    public required string Resource { get; init; }
    /// <summary>Number of the newest batch.</summary>
    public required long Newest { get; init; }
    /// <summary>Number of the oldest batch whose rows are still there; 0: none is.</summary>
    public required long OldestKept { get; init; }
    /// <summary>Batches whose rows are still there.</summary>
    public required long Kept { get; init; }
    /// <summary>Bytes of their payloads.</summary>
    public required long Bytes { get; init; }
    /// <summary>Bytes of the contents of attachments that they refer to, each once.</summary>
    public required long Contents { get; init; }
    /// <summary>Batches of which only the entry is left: number, counts and digest.</summary>
    public required long Dropped { get; init; }
    /// <summary>The newest complete full's first batch; 0: there is none, and nothing is dropped.</summary>
    public required long FullStart { get; init; }
    /// <summary>The subscription that is farthest behind the newest full and keeps the rows before it; null: none does.</summary>
    public string? NeededBy { get; init; }
}

/// <summary>The logs of resources as a store of bytes: what they hold and how long. Safe for concurrent callers and beside a running hub.</summary>
public interface ILogs
{
    Task<LogKeeping> KeepingAsync(CancellationToken cancel);

    /// <summary>Running hubs follow within seconds.</summary>
    Task SetKeepingAsync(LogKeeping keeping, CancellationToken cancel);

    /// <param name="resource">Null: all.</param>
    /// <param name="cancel">Stops.</param>
    Task<IReadOnlyList<LogView>> ListAsync(string? resource, CancellationToken cancel);
}
