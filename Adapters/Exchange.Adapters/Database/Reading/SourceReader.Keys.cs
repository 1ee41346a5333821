using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Reading;

internal sealed partial class SourceReader
{
    /// <summary>Most keys of one call.</summary>
    const int LargestKeySet = 20_000;

    public Task<SourcePage> ReadKeysAsync(SourceQuery query, RowBatch keys, long bytes, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(keys.Count, LargestKeySet);
        return GuardedAsync(query, async session =>
        {
            var plan = await PlanAsync(session, query, cancel);
            var page = new PageBuilder(plan.Columns, plan.Key.Count, query, int.MaxValue, bytes, _local.Value)
            {
                Copies = query.KeyIsUnique ? null : [],
                Ties = query.KeyIsUnique || query.Latest.Count == 0 ? null : [],
            };
            if (keys.Count > 0) await session.ReadKeysAsync(Rows, plan.From, plan.Key, keys, page, cancel);
            return page.Stopped ? new SourcePage { Rows = page.Rows, Cut = true } : Once(page, plan);

            string Rows(string from, string condition) => query.KeyIsUnique
                ? $"SELECT {ReadPlan.Texts(session, plan.Key)}, {plan.Values(session)} FROM {from} WHERE {condition}"
                : plan.Grouped(session, from, condition);
        }, cancel);
    }

    /// <summary>Keys that the engine takes for equal (A and a) find one row twice; it is answered once.</summary>
    static SourcePage Once(PageBuilder page, ReadPlan plan)
    {
        var ordinals = plan.Key.Select(column => page.Rows.Ordinal(column.Item)).ToList();
        var seen = new HashSet<string>(page.Rows.Count, StringComparer.Ordinal);
        var places = new List<int>(page.Rows.Count);
        for (var row = 0; row < page.Rows.Count; row++)
            if (ordinals.Exists(ordinal => page.Rows.Columns[ordinal].IsNull(row)) || seen.Add(RowKey.Text(page.Rows, ordinals, row))) places.Add(row);
        if (places.Count == page.Rows.Count) return page.Page(null);

        var rows = RowBatch.Empty(page.Rows.Columns.Select(column => (column.Name, column.Type)), places.Count);
        var moved = new Dictionary<int, int>(places.Count);
        foreach (var row in places)
        {
            moved[row] = rows.Count;
            rows.AppendRow(page.Rows, row);
        }

        return new SourcePage
        {
            Rows = rows,
            Faults = [.. page.Faults.Where(fault => moved.ContainsKey(fault.Row)).Select(fault => fault with { Row = moved[fault.Row] })],
            Copies = page.Copies is null ? null : [.. places.Select(row => page.Copies[row])],
            Ties = page.Ties is null ? null : [.. places.Select(row => page.Ties[row])],
        };
    }
}
