using System.Text;
using Exchange.Contracts.Files;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Files;

/// <summary>Gathers rows of text into a page: what no cell may hold is null there and a fault beside it. For one writer.</summary>
/// <param name="columns">Names, in order.</param>
/// <param name="largestCell">In bytes of UTF-8.</param>
internal sealed class FilePageBuilder(IReadOnlyList<string> columns, int largestCell)
{
    const int MostShown = 200;

    static readonly ItemType AnyText = new(ItemKind.Text);

    readonly List<CellFault> _faults = [];
    readonly List<long> _places = [];
    readonly List<BrokenFileRow> _broken = [];
    RowBatch _rows = Empty(columns);

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

    /// <summary>A cell that can't be read as text.</summary>
    public void Fault(int column, string rule, string value, string message)
    {
        _rows.Columns[column].AppendNull();
        _faults.Add(new CellFault(_rows.Count, column, rule, value.Length > MostShown ? value[..MostShown] : value, message));
    }

    public void Break(string rule, string message) => _broken.Add(new BrokenFileRow(_rows.Count, rule, message));

    public void EndRow(long place)
    {
        _rows.EndRow();
        _places.Add(place);
    }

    /// <summary>The page so far; a new one is begun.</summary>
    public FilePage Take()
    {
        var page = new FilePage(new SourcePage { Rows = _rows, Faults = [.. _faults] }, [.. _places], [.. _broken]);
        _rows = Empty(columns);
        _faults.Clear();
        _places.Clear();
        _broken.Clear();
        Bytes = 0;
        return page;
    }

    static RowBatch Empty(IReadOnlyList<string> columns) => RowBatch.Empty(columns.Select(column => (column, AnyText)));
}
