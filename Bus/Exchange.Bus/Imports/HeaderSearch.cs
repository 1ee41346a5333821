using Exchange.Bus.Catalogue;
using Exchange.Contracts.Files;

namespace Exchange.Bus.Imports;

/// <summary>
/// The header is the first of a file's first rows that names every item which rows need. What stands above it must not be able to be a row, and no second header may follow:
/// otherwise a row would be lost, or a header be taken for a row, so the file is refused. Immutable, safe for concurrent callers.
/// </summary>
internal sealed class HeaderSearch(Resource resource, string file) : IHeaderSearch
{
    /// <summary>Titles above a header are few.</summary>
    public const int MostRows = 10;

    /// <summary>Names above this, of all rows together, are none; the first row is always looked at.</summary>
    const long MostCharacters = 1 << 20;

    readonly ItemNames _names = new(resource);

    public FoundHeader? Find(IEnumerable<FileRow> rows)
    {
        var head = Head(rows);
        if (head.Count == 0) return null;
        var items = head.Select(row => row.Cells.Select(_names.Find).ToList()).ToList();
        var at = items.FindIndex(named => _names.Needed.All(named.Contains));
        if (at < 0) return Nearest(head, items);
        for (var above = 0; above < at; above++)
            if (MayBeRow(head[above].Cells, items[at])) throw new FileFormException($"{file}: {head[at].Place} names the columns, and {head[above].Place} may be a row.",
                "Delete what is no row above the header, and put what is one below it. If no line is a header, say --no-header. Nothing was changed.");
        for (var below = at + 1; below < head.Count; below++)
            if (IsCopy(items[below], items[at])) throw new FileFormException($"{file}: {head[at].Place} and {head[below].Place} both name the columns.",
                "Take one of them out. If the first line that holds something is the header and the other a row, say --header. Nothing was changed.");
        return new FoundHeader(head[at], at, true);
    }

    static List<FileRow> Head(IEnumerable<FileRow> rows)
    {
        var (head, characters) = (new List<FileRow>(), 0L);
        foreach (var row in rows)
        {
            // A cell without anything takes memory too.
            characters += row.Cells.Sum(cell => cell.Length + 1L);
            if (head.Count > 0 && characters > MostCharacters) break;
            head.Add(row);
            if (head.Count == MostRows || characters > MostCharacters) break;
        }

        return head;
    }

    /// <summary>The row that an error tells of: one name alone may stand in a row by chance.</summary>
    static FoundHeader Nearest(List<FileRow> head, List<List<Item?>> items)
    {
        var counts = items.Select(Count).ToList();
        var at = counts.Max() > 1 ? counts.IndexOf(counts.Max()) : 0;
        return new FoundHeader(head[at], at, false);
    }

    /// <summary>Without its key a row is none. A title stands alone in its line, and is told from a row that has nothing but its key if the header is sure beyond one name.</summary>
    bool MayBeRow(IReadOnlyList<string> cells, List<Item?> header)
    {
        var key = resource.Key.All(name => header.FindIndex(item => item?.Name == name) is var at && at < cells.Count && !string.IsNullOrWhiteSpace(cells[at]));
        return key && (cells.Count(cell => !string.IsNullOrWhiteSpace(cell)) > 1 || Count(header) == 1);
    }

    /// <summary>Whether a row names the same items in the same columns.</summary>
    static bool IsCopy(List<Item?> row, List<Item?> header) => Enumerable.Range(0, header.Count).All(at => header[at] is null || (at < row.Count && row[at] == header[at]));

    static int Count(List<Item?> items) => items.OfType<Item>().Distinct().Count();
}
