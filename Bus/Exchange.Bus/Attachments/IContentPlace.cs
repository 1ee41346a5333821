using Exchange.Contracts.Rows;

namespace Exchange.Bus.Attachments;

/// <summary>Where the hub keeps contents. A place is used once: no two contents share one, so that what is removed can't be what another has just put there. Safe for concurrent callers.</summary>
internal interface IContentPlace
{
    /// <summary>Begins new contents, outside any transaction.</summary>
    Task<PlacedContents> BeginAsync(CancellationToken cancel);

    /// <summary>Makes finished contents durable, names too.</summary>
    Task SyncAsync(IReadOnlyCollection<string> places, CancellationToken cancel);

    /// <summary>The contents in parts of <see cref="AttachmentReference.PartBytes"/>, each valid until the next is asked for; none when they are missing. Empty contents are one empty part.</summary>
    IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string place, CancellationToken cancel);

    /// <summary>Removes contents that nothing names any more; those that are gone already are passed over.</summary>
    Task RemoveAsync(IReadOnlyCollection<string> places, CancellationToken cancel);

    /// <summary>Places older than that which no entry of contents names: of processes that were killed.</summary>
    IAsyncEnumerable<IReadOnlyList<string>> FindStrayAsync(DateTimeOffset before, CancellationToken cancel);
}

/// <summary>Contents that are being put somewhere. Disposed before they are finished they are gone. One user at a time.</summary>
internal abstract class PlacedContents : IAsyncDisposable
{
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> piece, CancellationToken cancel);

    /// <summary>No more is written.</summary>
    /// <returns>The place; durable after <see cref="IContentPlace.SyncAsync"/>.</returns>
    public abstract Task<string> FinishAsync(AttachmentReference reference, CancellationToken cancel);

    public abstract ValueTask DisposeAsync();
}
