using System.Globalization;
using System.Runtime.CompilerServices;
using Exchange.Bus.Intake;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Attachments;

/// <summary>
/// Reads a source whose rows have attachments: contents go into a <see cref="ContentIntake"/>, references into the rows, so that all that follows (rules, log, digests, delivery, comparison) sees a short
/// text. Contents up to the largest cell come with their row, in one statement. For a larger one the whole row is read anew together with it, as of one moment, and takes the place of the row of the
/// page: contents always belong to the row that refers to them. Contents of a page are durable before the page is given. Used by one flow of control.
/// </summary>
/// <param name="inner">The source's own reader.</param>
/// <param name="limits">The attachment items, and how many bytes each may have.</param>
/// <param name="begin">Makes the intake of a page; may refuse.</param>
/// <param name="steps">Told of steps; null: nothing is kept, so there are none.</param>
/// <param name="subject">The resource.</param>
internal sealed class AttachmentSource(ISourceReader inner, IReadOnlyDictionary<string, long> limits, Func<CancellationToken, Task<ContentIntake>> begin, ExchangeSteps? steps, string subject) : ISourceReader
{
    /// <summary>No item's name holds a control character.</summary>
    const string SizeMark = "\u0001size";

    long _bytes;

    /// <summary>Bytes of contents since it was asked last; for who must not read too fast.</summary>
    public long TakeBytes() => Interlocked.Exchange(ref _bytes, 0);

    public async Task<SourcePage> ReadPageAsync(SourceQuery query, string? resume, int rows, long bytes, CancellationToken cancel) => await TakeAsync(query, await inner.ReadPageAsync(Widened(query), resume, rows, bytes, cancel), cancel);

    public async IAsyncEnumerable<SourcePage> ReadPagesAsync(SourceQuery query, string? resume, int rows, long bytes, int most, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var page in inner.ReadPagesAsync(Widened(query), resume, rows, bytes, most, cancel)) yield return await TakeAsync(query, page, cancel);
    }

    public async Task<SourcePage> ReadKeysAsync(SourceQuery query, RowBatch keys, long bytes, CancellationToken cancel)
    {
        var page = await inner.ReadKeysAsync(Widened(query), keys, bytes, cancel);
        return page.Cut ? page : await TakeAsync(query, page, cancel);
    }

    public Task<SourcePage> ReadContentsAsync(SourceQuery query, RowBatch key, IContentTaker taker, CancellationToken cancel) => inner.ReadContentsAsync(query, key, taker, cancel);

    public Task<TrackPoint> TrackAsync(SourceQuery query, string column, CancellationToken cancel) => inner.TrackAsync(query, column, cancel);

    public async Task<SourcePage> ReadTrackedAsync(SourceQuery query, TrackBound bound, string? resume, int rows, long bytes, CancellationToken cancel) =>
        await TakeAsync(query, await inner.ReadTrackedAsync(Widened(query), bound, resume, rows, bytes, cancel), cancel);

    /// <summary>Columns of attachments as two: what is small, and the size.</summary>
    SourceQuery Widened(SourceQuery query) => query with
    {
        Columns = [.. query.Columns.SelectMany(column => limits.ContainsKey(column.Item)
            ? [column with { Part = CellPart.Small }, new SourceColumn(column.Item + SizeMark, column.Column) { Part = CellPart.Size }]
            : new[] { column })],
    };

    async Task<SourcePage> TakeAsync(SourceQuery query, SourcePage page, CancellationToken cancel)
    {
        await using var intake = await begin(cancel);
        var references = new Dictionary<(int Row, string Item), string>();
        page = await ReadApartAsync(query, page, intake, references, cancel);
        var places = new List<(int Row, string Item)>();
        var contents = new List<ReadOnlyMemory<byte>>();
        foreach (var (item, limit) in Attachments(query))
        {
            var small = (BytesColumn)page.Rows[item];
            for (var row = 0; row < small.Count; row++)
            {
                if (small.IsNull(row) || small[row].Length > limit) continue;
                places.Add((row, item));
                contents.Add(small.Memory(row));
            }
        }

        var added = await intake.AddAsync(contents, cancel);
        for (var at = 0; at < added.Count; at++) references[places[at]] = added[at];
        Interlocked.Add(ref _bytes, contents.Sum(one => (long)one.Length));
        await intake.SealAsync(cancel);
        if (references.Count > 0) steps?.Reached(ExchangeStep.Contents, subject);
        return Narrowed(query, page, references);
    }

    IEnumerable<KeyValuePair<string, long>> Attachments(SourceQuery query) => limits.Where(limit => query.Columns.Any(column => column.Item == limit.Key));

    /// <summary>Rows with contents that did not come with them are read anew, one by one, and take the old ones' place; rows that are gone by now fall away.</summary>
    async Task<SourcePage> ReadApartAsync(SourceQuery query, SourcePage page, ContentIntake intake, Dictionary<(int Row, string Item), string> references, CancellationToken cancel)
    {
        var apart = Enumerable.Range(0, page.Rows.Count).Where(row => Attachments(query).Any(attachment => IsApart(page, attachment.Key, row) && Size(page, attachment.Key, row) <= attachment.Value)).ToHashSet();
        var keys = query.Key.Select(page.Rows.Ordinal).ToList();
        apart.RemoveWhere(row => keys.Any(at => page.Rows.Columns[at].IsNull(row))); // it can't be asked for, and is refused for its key
        if (apart.Count == 0) return page;
        var rows = RowBatch.Empty(page.Rows.Columns.Select(column => (column.Name, column.Type)), page.Rows.Count);
        var faults = new List<CellFault>();
        for (var row = 0; row < page.Rows.Count; row++)
        {
            var (from, at) = (page, row);
            if (apart.Contains(row))
            {
                await using var taker = new Taker(intake, limits, steps, subject);
                (from, at) = (await inner.ReadContentsAsync(Widened(query), KeyOf(page.Rows, keys, row), taker, cancel), 0);
                if (from.Rows.Count == 0) continue;
                foreach (var (item, reference) in await taker.FinishAsync(cancel)) references[(rows.Count, item)] = reference;
                Interlocked.Add(ref _bytes, taker.Bytes);
            }

            faults.AddRange(from.Faults.Where(fault => fault.Row == at).Select(fault => fault with { Row = rows.Count }));
            rows.AppendRow(from.Rows, at);
        }

        return new SourcePage { Rows = rows, Faults = faults, Resume = page.Resume };
    }

    static bool IsApart(SourcePage page, string item, int row) => page.Rows[item].IsNull(row) && !page.Rows[item + SizeMark].IsNull(row);

    static long Size(SourcePage page, string item, int row) => ((LongColumn)page.Rows[item + SizeMark])[row];

    static RowBatch KeyOf(RowBatch rows, List<int> keys, int row)
    {
        var key = RowBatch.Empty(keys.Select(at => (rows.Columns[at].Name, rows.Columns[at].Type)), 1);
        for (var at = 0; at < keys.Count; at++) key.Columns[at].AppendFrom(rows.Columns[keys[at]], row);
        key.EndRow();
        return key;
    }

    /// <summary>The page in the query's own columns, references in the place of contents.</summary>
    SourcePage Narrowed(SourceQuery query, SourcePage page, Dictionary<(int Row, string Item), string> references)
    {
        var columns = new List<Column>();
        var faults = new List<CellFault>();
        for (var at = 0; at < query.Columns.Count; at++)
        {
            var item = query.Columns[at].Item;
            var place = page.Rows.Ordinal(item);
            faults.AddRange(page.Faults.Where(fault => fault.Column == place).Select(fault => fault with { Column = at }));
            columns.Add(limits.TryGetValue(item, out var limit) ? References(page, item, at, limit, references, faults) : page.Rows.Columns[place]);
        }

        return new SourcePage { Rows = RowBatch.OfColumns(columns, page.Rows.Count), Faults = faults, Copies = page.Copies, Ties = page.Ties, Resume = page.Resume };
    }

    static BytesColumn References(SourcePage page, string item, int column, long limit, Dictionary<(int Row, string Item), string> references, List<CellFault> faults)
    {
        var filled = new BytesColumn(item, ItemType.Attachment, page.Rows.Count);
        for (var row = 0; row < page.Rows.Count; row++)
        {
            if (references.TryGetValue((row, item), out var reference))
            {
                filled.Append(reference);
                continue;
            }

            filled.AppendNull();
            if (page.Rows[item + SizeMark].IsNull(row) || faults.Any(fault => fault.Row == row && fault.Column == column)) continue;
            faults.Add(new CellFault(row, column, "size", null, string.Create(CultureInfo.InvariantCulture, $"The attachment has {Size(page, item, row)} bytes; at most {limit} are allowed (maxAttachmentBytes).")));
        }

        return filled;
    }

    /// <summary>Takes the large contents of one row.</summary>
    sealed class Taker(ContentIntake intake, IReadOnlyDictionary<string, long> limits, ExchangeSteps? steps, string subject) : IContentTaker, IAsyncDisposable
    {
        readonly List<(string Item, string Reference)> _taken = [];
        string? _item;
        ContentWriter? _writer;

        public long Bytes { get; private set; }

        public bool Wants(string item, long size) => size <= limits[item];

        public async ValueTask TakeAsync(string item, ReadOnlyMemory<byte> piece, CancellationToken cancel)
        {
            if (item != _item)
            {
                await EndAsync(cancel);
                (_item, _writer) = (item, await intake.BeginAsync(cancel));
            }

            if (_writer is null) return;
            await _writer.WriteAsync(piece, cancel);
            Bytes += piece.Length;
            steps?.Reached(ExchangeStep.ContentsPart, subject);
            if (_writer.Size <= limits[item]) return;
            // A text may have more bytes than its engine said. What is too large is not kept.
            await _writer.DisposeAsync();
            _writer = null;
        }

        /// <returns>What was taken whole.</returns>
        public async Task<IReadOnlyList<(string Item, string Reference)>> FinishAsync(CancellationToken cancel)
        {
            await EndAsync(cancel);
            return _taken;
        }

        public async ValueTask DisposeAsync()
        {
            if (_writer is not null) await _writer.DisposeAsync();
        }

        async Task EndAsync(CancellationToken cancel)
        {
            if (_writer is null) return;
            await using var writer = _writer;
            _writer = null;
            _taken.Add((_item!, await writer.FinishAsync(cancel)));
        }
    }
}
