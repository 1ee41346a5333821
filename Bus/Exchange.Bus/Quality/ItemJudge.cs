using Exchange.Bus.Catalogue;
using Exchange.Bus.Quality.Conversion;
using Exchange.Bus.Quality.Rules;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality;

/// <summary>Everything that is judged on one item's column alone: faults of the reader, conversion, normalisation, its rules. Immutable.</summary>
internal sealed class ItemJudge(Item item, int ordinal, ItemConversion conversion, IReadOnlyList<ColumnRule> rules)
{
    public Item Item => item;

    /// <summary>Whether two source values of the page's column may become one value of the item.</summary>
    public bool MayMerge(SourcePage page) => page.Rows.Ordinal(item.Name) is var at and >= 0 && conversion.MayMerge(page.Rows.Columns[at].Type);

    /// <summary>The item's column; an item that the page does not have is NULL in every row.</summary>
    public Column Judge(SourcePage page, ILookup<int, CellFault> faults, Findings findings)
    {
        var mine = new ItemFindings(findings, item.Name, ordinal);
        var at = page.Rows.Ordinal(item.Name);
        Column column;
        if (at < 0)
        {
            column = Column.Create(item.Name, item.Type, page.Rows.Count);
            for (var row = 0; row < page.Rows.Count; row++) column.AppendNull();
        }
        else
        {
            foreach (var fault in faults[at]) mine.BreakValue(fault.Row, fault.Rule, fault.Value, fault.Message);
            column = conversion.Convert(page.Rows.Columns[at], mine);
        }

        foreach (var rule in rules) rule.Judge(column, mine);
        return column;
    }
}
