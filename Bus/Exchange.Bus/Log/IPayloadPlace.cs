using Exchange.Storage;

namespace Exchange.Bus.Log;

/// <summary>Where the payloads of batches lie. Safe for concurrent callers.</summary>
internal interface IPayloadPlace
{
    /// <summary>Takes a payload in, outside any transaction; what it says of a file is durable when it returns.</summary>
    /// <returns>The file, relative to the data folder, or null when the payload travels in the append's transaction.</returns>
    Task<string?> PrepareAsync(string resource, ReadOnlyMemory<byte> content, CancellationToken cancel);

    /// <summary>Within the transaction that appends the batch: makes sure the payload will be there when it commits.</summary>
    Task AppendAsync(StoreSession session, string resource, long number, PreparedPayload payload, CancellationToken cancel);

    /// <summary>Within the transaction that marks batches as dropped: removes their payloads, or has them removed once it has committed.</summary>
    Task DropAsync(StoreSession session, string resource, IReadOnlyList<(long Number, string? File)> batches, CancellationToken cancel);

    /// <summary>The payload, or null when it is missing.</summary>
    Task<ReadOnlyMemory<byte>?> ReadAsync(LogBatch batch, CancellationToken cancel);
}
