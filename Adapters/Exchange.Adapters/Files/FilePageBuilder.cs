using System.Globalization;
using System.Text;
using Exchange.Contracts.Files;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Files;

/// <summary>Gathers rows into a page: what no cell may hold is null there and a fault beside it. For one writer.</summary>
/// <param name="columns">Names and types, in order.</param>
/// <param name="largestCell">In bytes of UTF-8.</param>
internal sealed class FilePageBuilder(IReadOnlyList<(string Name, ItemType Type)> columns, int largestCell)
{
    const int MostShown = 200;

    static readonly ItemType AnyText = new(ItemKind.Text);

    readonly List<CellFault> _faults = [];
    readonly List<long> _places = [];
    readonly List<BrokenFileRow> _broken = [];
    readonly List<GivenRow> _given = [];
    RowBatch _rows = Empty(columns);

    /// <summary>Of a form that has text alone.</summary>
    public FilePageBuilder(IReadOnlyList<string> columns, int largestCell) : this([.. columns.Select(column => (column, AnyText))], largestCell)
    {
    }

    public int Count => _rows.Count;

    /// <summary>Of the values so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Appends the next cell of the row that is being made.</summary>
    public void Add(int column, string? text)
    {
        var target = (BytesColumn)_rows.Columns[column];
        if (text is null)
        {
            target.AppendNull();
        }
        else if (text.Contains('\0', StringComparison.Ordinal))
        {
            Fault(column, "nul", text, "holds a NUL character, which no text may");
        }
        else if (text.Length > largestCell || (text.Length > largestCell / 3 && Encoding.UTF8.GetByteCount(text) > largestCell))
        {
            Fault(column, "size", text, $"is larger than {largestCell} bytes");
        }
        else
        {
            target.Append(text);
            Bytes += text.Length;
        }
    }

    /// <summary>Bytes of a binary column.</summary>
    public void AddBytes(int column, ReadOnlySpan<byte> value)
    {
        if (value.Length > largestCell)
        {
            Fault(column, "size", "", $"is larger than {largestCell} bytes");
            return;
        }

        ((BytesColumn)_rows.Columns[column]).Append(value);
        Bytes += value.Length;
    }

    /// <summary>A value of a column of <see cref="LongColumn"/>'s kinds.</summary>
    public void Add(int column, long value)
    {
        ((LongColumn)_rows.Columns[column]).Append(value);
        Bytes += sizeof(long);
    }

    public void Add(int column, decimal value)
    {
        ((DecimalColumn)_rows.Columns[column]).Append(value);
        Bytes += sizeof(decimal);
    }

    /// <summary>NaN and the infinities are faults.</summary>
    public void Add(int column, double value)
    {
        if (!double.IsFinite(value))
        {
            Fault(column, "not-finite", value.ToString(CultureInfo.InvariantCulture), "is not a finite number");
            return;
        }

        ((DoubleColumn)_rows.Columns[column]).Append(value);
        Bytes += sizeof(double);
    }

    public void AddNull(int column) => _rows.Columns[column].AppendNull();

    /// <summary>A cell that can't be read.</summary>
    public void Fault(int column, string rule, string value, string message)
    {
        _rows.Columns[column].AppendNull();
        _faults.Add(new CellFault(_rows.Count, column, rule, value.Length > MostShown ? value[..MostShown] : value, message));
    }

    public void Break(string rule, string message) => _broken.Add(new BrokenFileRow(_rows.Count, rule, message));

    /// <summary>Whether the row that is being made is wrong.</summary>
    public bool IsWrong => (_faults.Count > 0 && _faults[^1].Row == _rows.Count) || (_broken.Count > 0 && _broken[^1].Row == _rows.Count);

    /// <summary>The text of a wrong row.</summary>
    public void Given(string record) => Given(record, []);

    /// <summary>Values of a wrong row that are in no column.</summary>
    public void Given(IReadOnlyList<string> further) => Given(null, further);

    public void EndRow(long place)
    {
        _rows.EndRow();
        _places.Add(place);
    }

    /// <summary>The page so far; a new one is begun.</summary>
    public FilePage Take()
    {
        var page = new FilePage(new SourcePage { Rows = _rows, Faults = [.. _faults] }, [.. _places], [.. _broken], [.. _given]);
        _rows = Empty(columns);
        _faults.Clear();
        _places.Clear();
        _broken.Clear();
        _given.Clear();
        Bytes = 0;
        return page;
    }

    void Given(string? record, IReadOnlyList<string> further)
    {
        _given.Add(new GivenRow(_rows.Count, record, further));
        Bytes += (record?.Length ?? 0) + further.Sum(value => (long)value.Length);
    }

    static RowBatch Empty(IReadOnlyList<(string Name, ItemType Type)> columns) => RowBatch.Empty(columns);
}
