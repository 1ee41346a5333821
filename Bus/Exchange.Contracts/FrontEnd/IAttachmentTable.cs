namespace Exchange.Contracts.FrontEnd;

/// <summary>
/// Contents of attachments at a target: table <c>exchange_attachment (reference, part, content)</c> in the target table's schema, key (reference, part), parts of
/// <see cref="Rows.AttachmentReference.PartBytes"/>. Part 0 is written last: who finds it finds the whole. Safe for concurrent callers, who may write the same contents: parts of one reference are the same
/// whoever writes them. Not in a delivery's transaction: contents stand before rows refer to them, and what was written is kept when a caller is killed.
/// </summary>
public interface IAttachmentTable
{
    /// <summary>Removes what no row refers to any more.</summary>
    IAttachmentSweep Sweep { get; }

    /// <summary>Which of those references stand there whole.</summary>
    Task<IReadOnlySet<string>> WholeAsync(TargetTable target, IReadOnlyCollection<string> references, CancellationToken cancel);

    /// <summary>Writes contents of one part each, those that are missing, all in one transaction.</summary>
    Task WriteSmallAsync(TargetTable target, IReadOnlyList<(string Reference, ReadOnlyMemory<byte> Content)> contents, CancellationToken cancel);

    /// <summary>Writes the parts that are missing.</summary>
    /// <param name="target">Prepared by <see cref="ITargetWriter.EnsureAsync"/>.</param>
    /// <param name="reference">The reference.</param>
    /// <param name="parts">In order, at least one, each valid until the next is asked for. Where it throws, part 0 is not written.</param>
    /// <param name="cancel">Stops; parts that were written stay.</param>
    /// <exception cref="FrontEndException">Transient: parts were removed while others were written; part 0 is not written.</exception>
    Task WriteAsync(TargetTable target, string reference, IAsyncEnumerable<ReadOnlyMemory<byte>> parts, CancellationToken cancel);
}
