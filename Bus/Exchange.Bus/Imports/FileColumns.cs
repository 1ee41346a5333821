using Exchange.Bus.Catalogue;
using Exchange.Bus.Catalogue.Documents;
using Exchange.Contracts.Files;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Imports;

/// <summary>Which column of a file holds which item, by <see cref="ItemNames"/>. Immutable, safe for concurrent callers.</summary>
internal sealed class FileColumns
{
    readonly IReadOnlyList<Item?> _items;
    readonly int _wholeRow;

    FileColumns(IReadOnlyList<string> names, IReadOnlyList<Item?> items, int wholeRow)
    {
        (Names, _items, _wholeRow) = (names, items, wholeRow);
        Ignored = [.. names.Where((_, at) => items[at] is null)];
    }

    /// <summary>As they stand in the file.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Columns that are no items.</summary>
    public IReadOnlyList<string> Ignored { get; }

    /// <exception cref="FileFormException">Names stand twice, or items that every row needs have no column, or a column is likely a misspelt item.</exception>
    public static FileColumns Of(Resource resource, IFileSource source)
    {
        var (header, names) = (source.Columns, new ItemNames(resource));
        // A file without a header holds the items in their order.
        if (header.Count == 0) return Create(resource, [.. resource.Items.Select(item => item.Name)], [.. resource.Items]);
        var problems = new List<string>();
        var items = header.Select(names.Find).ToList();
        problems.AddRange(items.OfType<Item>().GroupBy(item => item.Name).Where(group => group.Count() > 1)
            .Select(group => $"the item '{group.Key}' has {group.Count()} columns: {string.Join(", ", header.Where((_, at) => items[at]?.Name == group.Key).Select(name => $"'{name}'"))}"));
        var absent = resource.Items.Where(item => !items.Contains(item)).ToList();
        problems.AddRange(absent.Where(item => names.Needed.Contains(item)).Select(item => $"there is no column for '{item.Name}'{(item.Title is { } title ? $" ({title})" : "")}, which every row needs"));
        var free = absent.SelectMany(item => new[] { item.Name, item.Title }).OfType<string>().ToList();
        for (var at = 0; at < header.Count; at++)
            if (items[at] is null && NearestName.Of(header[at], free) is { } near) problems.Add($"the column '{header[at]}' is no item; did you mean '{near}'?");
        return problems.Count == 0 ? Create(resource, header, items) : throw new FileFormException($"{source.Name}{(source.Header is { } place ? $", {place}," : "")} does not fit the resource {resource.Name}: {string.Join("; ", problems)}.",
            $"{Next(resource, source, items)} Nothing was changed.");
    }

    static string Next(Resource resource, IFileSource source, List<Item?> items)
    {
        var known = $"Its items are {string.Join(", ", resource.Items.Select(item => item.Name))}.";
        if (source.Header is not { } place || items.Any(item => item is not null)) return $"{known} Name the columns like them or their titles.";
        // What names no item may well be a row.
        return items.Count == resource.Items.Count
            ? $"{known} If the file has a header, name its columns like them or their titles; if it has none, say --no-header: {place} is a row then."
            : $"{known} If the file has a header, name its columns like them or their titles; if it has none, give it a column for each of them in this order, and say --no-header: {place} is a row then.";
    }

    /// <summary>The page with items for columns; what is wrong with a row as a whole stands as a fault of one of its cells, if there is one outside of the key.</summary>
    public SourcePage Items(FilePage page, SharedRows? shared = null)
    {
        var places = new int[_items.Count];
        var columns = new List<Column>();
        for (var at = 0; at < _items.Count; at++)
        {
            places[at] = _items[at] is null ? -1 : columns.Count;
            if (_items[at] is { } item) columns.Add(page.Rows.Rows.Columns[at].As(item.Name, page.Rows.Rows.Columns[at].Type));
        }

        var faults = page.Rows.Faults.Where(fault => places[fault.Column] >= 0).Select(fault => fault with { Column = places[fault.Column] })
            .Concat(page.Broken.Select(broken => new CellFault(broken.Row, places[_wholeRow], broken.Rule, null, broken.Message)));
        return new SourcePage { Rows = RowBatch.OfColumns(columns, page.Rows.Rows.Count), Faults = [.. faults], Copies = shared?.Copies, Merged = shared?.Merged };
    }

    static FileColumns Create(Resource resource, IReadOnlyList<string> names, IReadOnlyList<Item?> items)
    {
        var outside = items.ToList().FindIndex(item => item is not null && !resource.Key.Contains(item.Name));
        return new FileColumns(names, items, outside >= 0 ? outside : items.ToList().FindIndex(item => item is not null));
    }
}
