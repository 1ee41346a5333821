namespace Exchange.Contracts.FrontEnd;

/// <summary>A column that may hold references, of a table in the schema of <c>exchange_attachment</c>.</summary>
/// <param name="Subscription">Whose deliveries write it; empty: the department's own, which it has entered itself.</param>
/// <param name="Table">The table.</param>
/// <param name="Column">The column.</param>
public sealed record AttachmentColumn(string Subscription, string Table, string Column);

/// <summary>Contents at a target, whole or not.</summary>
/// <param name="Reference">Their reference.</param>
/// <param name="MarkedAt">Since when no row has been seen to refer to them, in microseconds since 1970 (UTC); null: they are not marked.</param>
public sealed record AttachmentEntry(string Reference, long? MarkedAt);

/// <summary>
/// The pieces of which the removal of contents at a target is made. Two further tables stand beside <c>exchange_attachment</c>: <c>exchange_attachment_column (subscription, table_name, column_name)</c>,
/// the columns that may refer, entered by every hub before its first delivery and by the department for tables of its own; and <c>exchange_attachment_unused (reference, marked_at)</c>, the marks.
/// <para>
/// A delivery takes the mark off what its rows refer to, and then sees that it stands (<see cref="ITargetTransaction.KeepAsync"/>), under its subscription's lock; a writer of large contents does the same before
/// part 0. <see cref="RemoveAsync"/> removes mark and contents in one transaction, and only where the mark still is the one that it was told. So what was marked, then <see cref="PassAsync"/> went by every
/// subscription, then no column held it, and then its mark still stands, is referred to by no row and by none that is under way. Safe for concurrent callers, also of several hubs.
/// </para>
/// </summary>
public interface IAttachmentSweep
{
    /// <summary>Enters the target's columns, and makes the two tables where they are missing. Does nothing where there is no <c>exchange_attachment</c>, and enters no columns of a table that is not there yet.</summary>
    Task RegisterAsync(TargetTable target, CancellationToken cancel);

    /// <summary>All columns that were entered.</summary>
    Task<IReadOnlyList<AttachmentColumn>> ColumnsAsync(TableName beside, CancellationToken cancel);

    /// <summary>The next references in the order of the engine; none where there is no table.</summary>
    /// <param name="beside">A table of the schema.</param>
    /// <param name="after">The last one of the page before; empty at first.</param>
    /// <param name="most">How many.</param>
    /// <param name="cancel">Stops.</param>
    Task<IReadOnlyList<AttachmentEntry>> ListAsync(TableName beside, string after, int most, CancellationToken cancel);

    /// <summary>Whether no delivery of the subscription writes at this moment. What one wrote that had begun before is visible now, or undone; one that begins from now on sees the marks that stand.</summary>
    Task<bool> PassAsync(TableName beside, string subscription, CancellationToken cancel);

    /// <summary>All texts of a column, those that are NULL left out, as of now.</summary>
    /// <exception cref="FrontEndException">Standing: table or column is not there, or may not be read.</exception>
    IAsyncEnumerable<string> TextsAsync(TableName beside, AttachmentColumn column, CancellationToken cancel);

    /// <summary>Marks references; those that are marked already keep their time.</summary>
    Task MarkAsync(TableName beside, IReadOnlyList<string> references, long at, CancellationToken cancel);

    /// <summary>Takes marks off.</summary>
    Task UnmarkAsync(TableName beside, IReadOnlyList<string> references, CancellationToken cancel);

    /// <summary>Removes contents whose mark still is as it was listed, all parts in one transaction.</summary>
    /// <returns>False: the mark is gone or another's; nothing was removed.</returns>
    Task<bool> RemoveAsync(TableName beside, AttachmentEntry entry, CancellationToken cancel);
}
