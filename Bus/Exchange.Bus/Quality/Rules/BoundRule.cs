using Exchange.Bus.Quality.Conversion;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality.Rules;

/// <summary>The rules <c>min</c> and <c>max</c>: the smallest or greatest allowed number, date or timestamp, itself allowed.</summary>
internal sealed class BoundRule : ColumnRule
{
    public const string Min = "min", Max = "max";

    readonly bool _isMin;
    readonly string _text;
    readonly Column _bound;

    BoundRule(bool isMin, string text, Column bound)
    {
        _isMin = isMin;
        _text = text;
        _bound = bound;
    }

    public static string? Parse(string name, string? argument, ItemType type, out ColumnRule? rule)
    {
        rule = null;
        if (type.Kind is not (ItemKind.Int32 or ItemKind.Int64 or ItemKind.Decimal or ItemKind.Double or ItemKind.Date or ItemKind.Timestamp))
            return $"the rule {name} is for numbers, dates and timestamps; the item is of type {type}";
        if (string.IsNullOrEmpty(argument)) return $"{name} takes a value of the item's type {type}, as in '{name} {Example(type.Kind)}'";
        // The limit of a decimal may have any number of places; that of an integer must be one.
        var kind = type.Kind switch
        {
            ItemKind.Int32 => new ItemType(ItemKind.Int64),
            ItemKind.Decimal => ItemType.Decimal(ItemType.LargestPrecision, Math.Min(ItemType.LargestPrecision, Places(argument))),
            _ => type,
        };
        var text = new BytesColumn(name, new ItemType(ItemKind.Text), 1);
        text.Append(argument);
        var bound = Column.Create(name, kind, 1);
        if (CellConversions.Choose(ItemKind.Text, kind, new TimeReading([], TimeZoneInfo.Utc))!(text, 0, bound) is not null)
            return $"'{argument}' is no {type.Kind switch { ItemKind.Date => "date", ItemKind.Timestamp => "timestamp", _ => "number" }} that {name} could compare a {type} with; write for example '{name} {Example(type.Kind)}'";
        rule = new BoundRule(name == Min, argument, bound);
        return null;
    }

    public override void Judge(Column column, ItemFindings findings)
    {
        switch (column)
        {
            case LongColumn longs:
                var limit = ((LongColumn)_bound)[0];
                for (var row = 0; row < longs.Count; row++)
                    if ((_isMin ? longs[row] < limit : longs[row] > limit) && !longs.IsNull(row)) Break(column, row, findings);
                break;
            case DecimalColumn decimals:
                var exact = ((DecimalColumn)_bound)[0];
                for (var row = 0; row < decimals.Count; row++)
                    if ((_isMin ? decimals[row] < exact : decimals[row] > exact) && !decimals.IsNull(row)) Break(column, row, findings);
                break;
            case DoubleColumn doubles:
                var number = ((DoubleColumn)_bound)[0];
                for (var row = 0; row < doubles.Count; row++)
                    if ((_isMin ? doubles[row] < number : doubles[row] > number) && !doubles.IsNull(row)) Break(column, row, findings);
                break;
        }
    }

    void Break(Column column, int row, ItemFindings findings)
    {
        var value = column.TextAt(row);
        findings.Break(row, _isMin ? Min : Max, value, _isMin ? $"{value} is less than {_text}, the least that is allowed." : $"{value} is more than {_text}, the most that is allowed.");
    }

    static int Places(string number) => number.IndexOf('.', StringComparison.Ordinal) is var point and >= 0 ? number.Length - point - 1 : 0;

    static string Example(ItemKind kind) => kind switch
    {
        ItemKind.Date => "2020-01-01",
        ItemKind.Timestamp => "2020-01-01T00:00:00Z",
        _ => "0",
    };
}
