using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Reading;

/// <summary>One connection to a source inside one read-only transaction, so that the statements of a call see one moment. Ends without a trace.</summary>
internal abstract class ReadSession : IAsyncDisposable
{
    /// <summary>Whether (a, b) &gt; (x, y) is answered from an index.</summary>
    public abstract bool ComparesRows { get; }

    /// <summary>How long one statement may read before its reader begins anew: an engine whose readers keep writers waiting reads in short pieces.</summary>
    public virtual TimeSpan LongestRead => TimeSpan.FromSeconds(30);

    /// <summary>Where an ascending order puts NULL.</summary>
    public abstract bool NullsLast { get; }

    /// <summary>What stands after a table of the hub's own whose rows of open transactions are passed by instead of waited for; empty where nobody waits.</summary>
    public virtual string PassLocked => "";

    /// <summary>The columns as they read.</summary>
    /// <param name="from">A FROM item with the alias s.</param>
    /// <param name="columns">Null: all.</param>
    /// <param name="cancel">Stops.</param>
    public abstract Task<IReadOnlyList<ColumnShape>> ShapesAsync(string from, IReadOnlyList<SourceColumn>? columns, CancellationToken cancel);

    /// <summary>The expression in the select list from which <see cref="ReadAsync"/> takes the value.</summary>
    public abstract string Value(ColumnShape column);

    /// <summary>The bytes of a binary or text column (of a text: UTF-8), not sent by the engine before it has looked at their size.</summary>
    public abstract string Contents(ColumnShape column);

    /// <summary>How many bytes <see cref="Contents"/> has, about, by looking at as little of it as the engine can.</summary>
    public abstract string Size(ColumnShape column);

    /// <summary>How a part of a column travels.</summary>
    public abstract ColumnShape PartOf(ColumnShape column, CellPart part);

    /// <summary>Reads contents in pieces. The key's row was read before in this session.</summary>
    /// <param name="query">What is read.</param>
    /// <param name="plan">Its pieces of SQL.</param>
    /// <param name="key">One row of key columns.</param>
    /// <param name="column">The column itself.</param>
    /// <param name="take">Takes each piece, which is valid until it returns.</param>
    /// <param name="cancel">Stops.</param>
    public abstract Task ReadContentsAsync(SourceQuery query, ReadPlan plan, RowBatch key, ColumnShape column, Func<ReadOnlyMemory<byte>, ValueTask> take, CancellationToken cancel);

    /// <summary>What rows are ordered and compared by.</summary>
    /// <param name="column">The column.</param>
    /// <param name="codePoint">By code point where the value is text, else as the engine does by itself (and so by its index).</param>
    public abstract string Order(ColumnShape column, bool codePoint);

    /// <summary>The text of <see cref="Order"/> that <see cref="Parameter"/> takes back exactly, as bytes.</summary>
    public abstract string OrderText(ColumnShape column);

    /// <summary>The parameter of that number (from 0) in the type of <see cref="Order"/>.</summary>
    public abstract string Parameter(ColumnShape column, int number, bool codePoint);

    /// <summary>Runs a SELECT whose columns are the order texts, the values and, where the page counts them, copies and ties.</summary>
    public abstract Task ReadAsync(string sql, IReadOnlyList<byte[]> parameters, PageBuilder page, CancellationToken cancel);

    /// <summary>Reads the rows of keys into the page, each at least once.</summary>
    /// <param name="rows">Makes the SELECT from a FROM item with the alias s and a condition.</param>
    /// <param name="from">The source, with the alias s.</param>
    /// <param name="key">The key's columns.</param>
    /// <param name="keys">The key values.</param>
    /// <param name="page">Takes the rows.</param>
    /// <param name="cancel">Stops.</param>
    public abstract Task ReadKeysAsync(Func<string, string, string> rows, string from, IReadOnlyList<ColumnShape> key, RowBatch keys, PageBuilder page, CancellationToken cancel);

    /// <summary>Where a tracked column stands.</summary>
    public abstract Task<TrackPoint> TrackAsync(string from, ColumnShape column, CancellationToken cancel);

    /// <summary>The condition `at or above the bound`, with its parameters appended.</summary>
    public abstract Task<string> BoundAsync(SourceQuery query, TrackBound bound, ColumnShape first, List<byte[]> parameters, CancellationToken cancel);

    public abstract ValueTask DisposeAsync();
}
