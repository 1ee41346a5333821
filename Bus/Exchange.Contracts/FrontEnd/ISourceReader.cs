using Exchange.Contracts.Rows;

namespace Exchange.Contracts.FrontEnd;

/// <summary>A column that is read, and the name that it has in the hub.</summary>
/// <param name="Item">Name in the batch: an item's name, or a control column's own name.</param>
/// <param name="Column">Name in the table.</param>
public sealed record SourceColumn(string Item, string Column)
{
    /// <summary>What is read of its values.</summary>
    public CellPart Part { get; init; }
}

/// <summary>What is read of a column's values.</summary>
public enum CellPart
{
    /// <summary>The value.</summary>
    Whole,
    /// <summary>Its bytes (of a text: UTF-8), as binary, where they are at most <see cref="SourceQuery.LargestCell"/>; else null, and the engine does not send them.</summary>
    Small,
    /// <summary>How many bytes the value has, about; null where it is null. Counts as so many bytes of a page.</summary>
    Size,
}

/// <summary>Takes contents that are read in pieces. Used by one reader at a time.</summary>
public interface IContentTaker
{
    /// <summary>Whether contents of about so many bytes are to be read.</summary>
    bool Wants(string item, long size);

    /// <summary>The next piece of the item's contents; valid until this returns. At least one piece, which may be empty.</summary>
    ValueTask TakeAsync(string item, ReadOnlyMemory<byte> piece, CancellationToken cancel);
}

/// <summary>What is read from a source: one row for each key.</summary>
public sealed record SourceQuery
{
    /// <summary>The table or view; null when <see cref="Query"/> is set.</summary>
    public TableName? Table { get; init; }

    /// <summary>A SELECT of the department's own IT, read as a derived table; null when <see cref="Table"/> is set.</summary>
    public string? Query { get; init; }

    /// <summary>Columns in the order of the batch.</summary>
    public required IReadOnlyList<SourceColumn> Columns { get; init; }

    /// <summary>The resource's key, as names of <see cref="SourceColumn.Item"/>.</summary>
    public required IReadOnlyList<string> Key { get; init; }

    /// <summary>
    /// Whether a unique index covers the key (then plain keyset reads serve). When not, rows are grouped by key, compared by code point,
    /// and one row stands for each key: the first by <see cref="Latest"/>, or any when that is empty; <see cref="SourcePage.Copies"/> counts them.
    /// </summary>
    public required bool KeyIsUnique { get; init; }

    /// <summary>Columns (by item name) whose greatest tuple marks the winner among rows of one key; empty: no winner is defined.</summary>
    public IReadOnlyList<string> Latest { get; init; } = [];

    /// <summary>Largest cell in bytes (default 16 MiB); a larger one is a <see cref="CellFault"/> and is not read into memory whole where the driver allows.</summary>
    public int LargestCell { get; init; } = 16 * 1024 * 1024;
}

/// <summary>
/// Rows as read: columns in their natural types (see <see cref="TableColumn.Type"/>), in the order of <see cref="SourceQuery.Columns"/>.
/// A value that its type cannot hold (NUL in text, NaN, infinity, zero date, a local time that does not exist, too many digits, text in
/// a date column of SQLite, invalid UTF-8, too large a cell) is null in its column and stands in <see cref="Faults"/>.
/// SQLite: a column's declared type gives the kind; a value of another storage class that does not convert without loss is a fault.
/// </summary>
public sealed class SourcePage
{
    public required RowBatch Rows { get; init; }

    public IReadOnlyList<CellFault> Faults { get; init; } = [];

    /// <summary>For each row how many rows share its key; null when keys are unique.</summary>
    public IReadOnlyList<int>? Copies { get; init; }

    /// <summary>
    /// Rows of a key that <see cref="Copies"/> counted in item types, over all of the source: true where the shared key is one only once it is normalised or converted. Null: copies
    /// were counted as they stand in the source, and keys that become one are looked for in the page.
    /// </summary>
    public IReadOnlyList<bool>? Merged { get; init; }

    /// <summary>For each row how many rows share its key and its place in <see cref="SourceQuery.Latest"/> (1: a clear winner); null when keys are unique or no order is given.</summary>
    public IReadOnlyList<int>? Ties { get; init; }

    /// <summary>Keys were asked for whose rows are more than was allowed: these are some of them, and which others there are is not said.</summary>
    public bool Cut { get; init; }

    /// <summary>Where the next page begins, opaque, durable and fit to be stored; null: this was the last page.</summary>
    public string? Resume { get; init; }
}

/// <summary>A value that could not be read as its column's type.</summary>
/// <param name="Row">Row of the page.</param>
/// <param name="Column">Column of the page.</param>
/// <param name="Rule">type, nul, not-finite, zero-date, local-time, range, encoding or size.</param>
/// <param name="Value">What stood there, as text, cut at 200 characters.</param>
/// <param name="Message">What is wrong with it.</param>
public sealed record CellFault(int Row, int Column, string Rule, string? Value, string Message);

/// <summary>Where a tracked column stands (capture mode `cursor` and `control`).</summary>
/// <param name="Greatest">The greatest value as text that <see cref="ISourceReader.ReadTrackedAsync"/> takes back; null when the table is empty. Of a date or timestamp the
/// greatest that is not after the server's clock: a wrong year must not move a horizon past what is still to come.</param>
/// <param name="GreatestInstant">The same as an instant where the column is a date or timestamp, else null.</param>
/// <param name="ServerNow">The server's clock.</param>
/// <param name="OldestOpen">PostgreSQL: pg_snapshot_xmin, all lower transaction ids have ended. Others null.</param>
/// <param name="NextOpen">PostgreSQL: pg_snapshot_xmax, no id from here on had started. Others null.</param>
public sealed record TrackPoint(string? Greatest, DateTimeOffset? GreatestInstant, DateTimeOffset ServerNow, long? OldestOpen, long? NextOpen);

/// <summary>From where a tracked column is read.</summary>
public sealed record TrackBound
{
    /// <summary>The tracked columns by item name, most significant first: [updated_at], or [cd_batch, cd_time, cd_id].</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>Lowest value (inclusive) of the first tracked column, in the form of <see cref="TrackPoint.Greatest"/>; null: from the beginning.</summary>
    public string? From { get; init; }

    /// <summary>Moves <see cref="From"/> earlier by this much where the column is a date or timestamp.</summary>
    public TimeSpan Earlier { get; init; }

    /// <summary>Moves <see cref="From"/> lower by this much where the column is an integer; where it holds <see cref="BatchNumber"/>s, to the day before unless this is 0.</summary>
    public long Lower { get; init; }

    /// <summary>PostgreSQL only: rows written by this transaction id or a later one are read too, whatever their tracked value.</summary>
    public long? WrittenSince { get; init; }
}

/// <summary>Reads a source. Reading changes nothing; every call reads what is committed at that moment.</summary>
public interface ISourceReader
{
    /// <summary>
    /// A page in key order after <paramref name="resume"/> (null: from the beginning), at most <paramref name="rows"/> rows and about
    /// <paramref name="bytes"/> bytes, never none unless the source ended. Rows whose key holds NULL come last, so that none is passed over.
    /// </summary>
    Task<SourcePage> ReadPageAsync(SourceQuery query, string? resume, int rows, long bytes, CancellationToken cancel);

    /// <summary>
    /// Pages as <see cref="ReadPageAsync"/> gives them, read ahead while the caller works at the one before: each later page was read after it was asked for the first and before it
    /// is given, so what the caller reads elsewhere between two pages may be newer than the next page. Ends after <paramref name="most"/> pages, at the source's end (the last page's
    /// <see cref="SourcePage.Resume"/> is null), or earlier where a long read would keep the source's own writers waiting; the caller goes on from the last page's place. At least
    /// one page; at most two are held beside the caller's.
    /// </summary>
    IAsyncEnumerable<SourcePage> ReadPagesAsync(SourceQuery query, string? resume, int rows, long bytes, int most, CancellationToken cancel);

    /// <summary>The rows of those keys as they are now, one a key; keys that are gone are not in the answer. Keys are matched by the engine's
    /// own collation, so the caller compares by code point.</summary>
    /// <param name="query">What is read.</param>
    /// <param name="keys">Key columns only, in key order, in the source's natural types; at most 20,000 rows.</param>
    /// <param name="bytes">About how many bytes of rows are read at most, but at least one row; more: the answer is <see cref="SourcePage.Cut"/>.</param>
    /// <param name="cancel">Stops.</param>
    Task<SourcePage> ReadKeysAsync(SourceQuery query, RowBatch keys, long bytes, CancellationToken cancel);

    /// <summary>
    /// The row of a key as it is now, and the contents of those cells that <see cref="CellPart.Small"/> leaves out, in pieces: all of it as of one moment, so that contents belong to the row they are
    /// given with. Memory does not follow the contents' size.
    /// </summary>
    /// <param name="query">Its key is unique. A column that is read as <see cref="CellPart.Small"/> is followed by the same as <see cref="CellPart.Size"/>.</param>
    /// <param name="key">One row of key columns, as in <see cref="ReadKeysAsync"/>.</param>
    /// <param name="taker">Takes the contents; what it throws comes through as it is.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>One row, or none where the key is gone.</returns>
    Task<SourcePage> ReadContentsAsync(SourceQuery query, RowBatch key, IContentTaker taker, CancellationToken cancel);

    /// <summary>Where the tracked column stands now.</summary>
    Task<TrackPoint> TrackAsync(SourceQuery query, string column, CancellationToken cancel);

    /// <summary>
    /// Rows with a tracked value at or above the bound, in order of the tracked columns then key, not grouped by key; a page at a time as in
    /// <see cref="ReadPageAsync"/>. Rows whose first tracked value is NULL are not among them.
    /// </summary>
    Task<SourcePage> ReadTrackedAsync(SourceQuery query, TrackBound bound, string? resume, int rows, long bytes, CancellationToken cancel);
}
