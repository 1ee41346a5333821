using Exchange.Bus.Quarantine;
using Exchange.Bus.Transformation.Conversion;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Transformation.Routes;

/// <summary>
/// A log batch's columns in the types that the items have now. Log batches keep the types of their day: a value that is not the same in the new type makes its row
/// refused where the item is read; a missing column reads as null. Not safe for concurrent use.
/// </summary>
internal sealed class ItemView
{
    readonly Dictionary<string, Dictionary<int, BrokenRule>> _misfits = new(StringComparer.Ordinal);

    ItemView(RowBatch batch) => Batch = batch;

    public bool HasMisfits => _misfits.Count > 0;

    /// <summary>The columns, without operations: rows are those of the log batch.</summary>
    public RowBatch Batch { get; private set; }

    public static ItemView Of(RowBatch batch, IReadOnlyList<(string Name, ItemType Type)> items, TimeZoneInfo zone)
    {
        var view = new ItemView(batch);
        var columns = new List<Column>(items.Count);
        foreach (var (name, type) in items)
        {
            var at = batch.Ordinal(name);
            if (at < 0) continue;
            var column = batch.Columns[at];
            columns.Add(ValueConversion.IsWidening(column.Type, type) ? column : view.Convert(column, type, batch.Count, zone));
        }

        view.Batch = new RowBatch(columns);
        return view;
    }

    /// <summary>Items of the list whose value in that row is not one of their type.</summary>
    public void AddMisfits(IReadOnlyList<string> items, int row, ref List<BrokenRule>? broken)
    {
        if (_misfits.Count == 0) return;
        foreach (var item in items)
            if (_misfits.TryGetValue(item, out var rows) && rows.TryGetValue(row, out var misfit)) (broken ??= []).Add(misfit);
    }

    Column Convert(Column source, ItemType type, int rows, TimeZoneInfo zone)
    {
        var target = Column.Create(source.Name, type, rows);
        var converter = ValueConversion.Create(source.Type, type, null, zone);
        for (var row = 0; row < rows; row++)
        {
            if (source.IsNull(row))
            {
                target.AppendNull();
                continue;
            }

            var misfit = converter is null ? new Misfit("type", $"is of type {source.Type}, which is never converted to {type}") : converter(source, row, target);
            if (misfit is null) continue;
            target.AppendNull();
            if (!_misfits.TryGetValue(source.Name, out var found)) _misfits.Add(source.Name, found = []);
            found.Add(row, new BrokenRule(misfit.Rule, source.Name, source.TextAt(row), $"'{source.Name}' was taken in as {source.Type} and {misfit.Message}."));
        }

        return target;
    }
}
