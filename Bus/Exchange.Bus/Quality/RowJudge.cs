using Exchange.Bus.Quality.Rules;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality;

/// <summary>
/// Judges pages column by column: items first, then keys, then rules of the whole row, and last those that other rows of the page decide.
/// </summary>
/// <param name="items">In the resource's order.</param>
/// <param name="keyOrdinals">Places of the key items.</param>
/// <param name="rules">Expressions, references to other resources, `unique`, references to the resource itself, in this order.</param>
internal sealed class RowJudge(IReadOnlyList<ItemJudge> items, IReadOnlyList<int> keyOrdinals, IReadOnlyList<ResourceRule> rules) : IRowJudge
{
    public bool AsksOwnRows { get; } = rules.Any(rule => rule is UniqueRule or ReferenceRule { IsToOwnResource: true });

    public async Task<JudgedPage> JudgeAsync(SourcePage page, IReadOnlySet<string>? leaving, CancellationToken cancel)
    {
        var count = page.Rows.Count;
        var findings = new Findings(count);
        var faults = page.Faults.ToLookup(fault => fault.Column);
        var columns = new Column[items.Count];
        for (var at = 0; at < columns.Length; at++)
        {
            cancel.ThrowIfCancellationRequested();
            columns[at] = items[at].Judge(page, faults, findings);
        }

        var rows = new JudgedRows(RowBatch.OfColumns(columns, count), keyOrdinals, findings, leaving);
        KeyRule.Judge(page, rows, keyOrdinals.Any(ordinal => items[ordinal].MayMerge(page)), findings);
        var dependants = new Dependants();
        foreach (var rule in rules) await rule.JudgeAsync(rows, findings, dependants, cancel);
        dependants.Settle(findings);
        return findings.BrokenRows == 0 ? new JudgedPage(rows.Rows, [.. Enumerable.Range(0, count)], []) : Split(rows, findings);
    }

    public ConvertedKeys ConvertKeys(RowBatch rows)
    {
        var page = new SourcePage { Rows = rows };
        var faults = page.Faults.ToLookup(fault => fault.Column);
        var findings = new Findings(rows.Count); // rules that a key breaks do not matter: what no good row had, nobody has
        Column[] columns = [.. keyOrdinals.Select(ordinal => items[ordinal].Judge(page, faults, findings))];
        var keys = RowBatch.Empty(columns.Select(column => (column.Name, column.Type)), rows.Count);
        var converted = RowBatch.OfColumns(columns, rows.Count);
        var places = new int?[rows.Count];
        for (var row = 0; row < rows.Count; row++)
        {
            if (columns.Any(column => column.IsNull(row))) continue;
            places[row] = keys.Count;
            keys.AppendRow(converted, row);
        }

        return new ConvertedKeys(keys, places);
    }

    static JudgedPage Split(JudgedRows rows, Findings findings)
    {
        var accepted = new List<int>(rows.Count - findings.BrokenRows);
        var rejected = new List<RejectedRow>(findings.BrokenRows);
        for (var row = 0; row < rows.Count; row++)
        {
            if (findings.IsBroken(row)) rejected.Add(new RejectedRow(row, rows.KeyText(row), findings.Of(row)));
            else accepted.Add(row);
        }

        Column[] columns = [.. rows.Rows.Columns.Select(column => Pick(column, accepted))];
        return new JudgedPage(RowBatch.OfColumns(columns, accepted.Count), accepted, rejected);
    }

    static Column Pick(Column source, List<int> rows)
    {
        var target = Column.Create(source.Name, source.Type, rows.Count);
        if (source is LongColumn longs && !source.HasNulls)
        {
            var picked = (LongColumn)target;
            foreach (var row in rows) picked.Append(longs[row]);
            return target;
        }

        if (source is BytesColumn bytes)
        {
            var picked = (BytesColumn)target;
            picked.Reserve(bytes.Data.Length); // room for all at once: growing by doubling would copy the texts several times
            foreach (var row in rows)
            {
                if (bytes.IsNull(row)) picked.AppendNull();
                else picked.Append(bytes[row]);
            }

            return target;
        }

        foreach (var row in rows) target.AppendFrom(source, row);
        return target;
    }
}
