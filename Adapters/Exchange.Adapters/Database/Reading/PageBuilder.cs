using System.Buffers;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Reading;

/// <summary>
/// Takes a page's rows from an engine: for each row first the order columns' exact texts (<see cref="Order"/>, <see cref="Begin"/>), then the values in column order, then
/// <see cref="End"/>. Values that do not hold become null with a <see cref="CellFault"/>. One user at a time.
/// </summary>
internal sealed partial class PageBuilder
{
    List<CellFault> _faults = [];
    readonly OrderText[] _order;
    readonly int _rows;
    readonly long _bytes;
    readonly LocalTime _local;
    readonly ColumnShape[] _shapes;
    Column[] _columns;
    long _read;

    public PageBuilder(IReadOnlyList<ColumnShape> shapes, int orderColumns, SourceQuery query, int rows, long bytes, LocalTime local)
    {
        _shapes = [.. shapes];
        _columns = [.. shapes.Select(shape => Column.Create(shape.Item, shape.Type, Math.Clamp(rows, 16, 20_000)))];
        Rows = new RowBatch(_columns);
        LargestCell = query.LargestCell;
        _order = [.. Enumerable.Range(0, orderColumns).Select(_ => new OrderText())];
        (_rows, _bytes, _local) = (rows, bytes, local);
    }

    public IReadOnlyList<ColumnShape> Shapes => _shapes;

    public RowBatch Rows { get; private set; }

    /// <summary>Takes pages that are full while reading goes on; null: reading ends with one page. Answers whether another page is wanted.</summary>
    public Func<SourcePage, CancellationToken, ValueTask<bool>>? Next { get; init; }

    /// <summary>Rows of all pages so far.</summary>
    public long Total { get; private set; }

    public int LargestCell { get; }

    public IReadOnlyList<CellFault> Faults => _faults;

    public List<int>? Copies { get; init; }

    public List<int>? Ties { get; init; }

    /// <summary>Rows that stand at one place in the order are not parted: the page ends only before a row that stands elsewhere.</summary>
    public bool KeepTogether { get; init; }

    /// <summary>Whether the page was ended before the rows were.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Number of order columns that come before the values.</summary>
    public int OrderColumns => _order.Length;

    /// <summary>The exact text of an order column of the row that comes.</summary>
    public void Order(int column, ReadOnlySpan<byte> text) => _order[column].Set(text);

    public void OrderNull(int column) => _order[column].SetNull();

    /// <summary>Whether the row is wanted; when not, reading ends here.</summary>
    public bool Begin()
    {
        if (Rows.Count > 0 && (Rows.Count >= _rows || _read >= _bytes) && !(KeepTogether && Array.TrueForAll(_order, order => order.SameAsBefore())))
        {
            Stopped = true;
            return false;
        }

        foreach (var order in _order) order.Keep();
        return true;
    }

    public void End()
    {
        Rows.EndRow();
        Total++;
    }

    /// <summary>After <see cref="Begin"/> has said no: hands the page on, and begins the row that comes as the first of another page where one is wanted.</summary>
    public async ValueTask<bool> TurnAsync(CancellationToken cancel)
    {
        if (Next is null || !await Next(Page(Place()), cancel)) return false;
        _columns = [.. _columns.Select(column => column.EmptyLike())];
        Rows = new RowBatch(_columns, Rows.Count);
        (_faults, _read, Stopped) = ([], 0, false);
        return Begin();
    }

    /// <summary>The place after the last row.</summary>
    public string Place() => ResumeToken.AfterKey(_order.Select(order => order.Kept));

    /// <summary>The exact text of an order column of the last row; null for NULL.</summary>
    public ReadOnlyMemory<byte>? Kept(int column) => _order[column].Kept;

    public SourcePage Page(string? resume) => new() { Rows = Rows, Faults = _faults, Copies = Copies, Ties = Ties, Resume = resume };

    /// <summary>The text of one order column, of the row that comes and of the row before.</summary>
    sealed class OrderText
    {
        ArrayBufferWriter<byte> _next = new(64);
        ArrayBufferWriter<byte> _kept = new(64);
        bool _nextNull;
        bool _keptNull;

        public ReadOnlyMemory<byte>? Kept => _keptNull ? null : _kept.WrittenMemory;

        public void Set(ReadOnlySpan<byte> text)
        {
            _next.ResetWrittenCount();
            _next.Write(text);
            _nextNull = false;
        }

        public void SetNull()
        {
            _next.ResetWrittenCount();
            _nextNull = true;
        }

        public void Keep()
        {
            (_kept, _next) = (_next, _kept);
            _keptNull = _nextNull;
        }

        public bool SameAsBefore() => _keptNull == _nextNull && _kept.WrittenSpan.SequenceEqual(_next.WrittenSpan);
    }
}
