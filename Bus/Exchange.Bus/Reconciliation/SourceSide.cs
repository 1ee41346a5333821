using System.Runtime.CompilerServices;
using Exchange.Bus.Intake;
using Exchange.Bus.Limits;
using Exchange.Bus.Quality;
using Exchange.Bus.Transformation;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Reconciliation;

/// <summary>What the target should hold by the source as it is now: read, converted and routed as an exchange does it.</summary>
/// <param name="plan">The source.</param>
/// <param name="route">The subscription's.</param>
/// <param name="converts">Judges nothing but whether values are of their items' types: what the rules refuse stands in quarantine, and looking rules up for every row would cost more than the comparison.</param>
internal sealed class SourceSide(SourcePlan plan, IRoute route, IRowJudge converts)
{
    const int PagesTogether = 64;

    public SourcePlan Plan => plan;

    /// <summary>The right to use the source's connection now.</summary>
    public ConnectionTurn Turn
    {
        get => plan.Paced.Turn;
        set => plan.Paced.Turn = value;
    }

    /// <summary>All rows, or those of a statement that selects some of the same columns.</summary>
    public async IAsyncEnumerable<SideRows> ReadAsync(string? statement, [EnumeratorCancellation] CancellationToken cancel)
    {
        var query = statement is null ? plan.Query : plan.Query with { Table = null, Query = statement };
        string? next = null;
        do
        {
            await foreach (var page in plan.Reader.ReadPagesAsync(query, next, plan.Resource.BatchRows, KeyTexts.PageBytes, PagesTogether, cancel))
            {
                next = page.Resume;
                yield return await RoutedAsync(page, converts, cancel);
            }
        }
        while (next is not null);
    }

    /// <summary>The rows of those keys as they are now, judged by all rules.</summary>
    /// <param name="naturals">Key texts as the source has them.</param>
    /// <param name="cancel">Stops.</param>
    public async IAsyncEnumerable<SideRows> ReadKeysAsync(IReadOnlyList<string> naturals, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var page in KeyTexts.PagesAsync(plan.Reader, plan.Query, Keys(naturals), cancel)) yield return await RoutedAsync(page, plan.Judge, cancel);
    }

    /// <summary>Key columns in the source's own types.</summary>
    public RowBatch Keys(IReadOnlyList<string> naturals)
    {
        var types = plan.Query.Key.Select(item => (item, plan.Table.Find(SourcePlan.ColumnOf(plan.Source, item))!.Type)).ToList();
        return KeyTexts.Read(naturals, types);
    }

    async Task<SideRows> RoutedAsync(SourcePage page, IRowJudge judge, CancellationToken cancel)
    {
        var sorted = plan.FollowsControl ? ControlOperations.Sort(page) : new SortedPage(page, [], [], []);
        var judged = await judge.JudgeAsync(sorted.Upserts, null, cancel);
        var routed = route.Route(judged.Accepted);
        var naturalKeys = plan.Query.Key.Select(sorted.Upserts.Rows.Ordinal).ToList();
        var keys = plan.Resource.Key.Select(judged.Accepted.Ordinal).ToList();
        var kept = routed.Rows.OperationSpan.Contains(RowOperation.Delete) ? RowBatch.Empty(routed.Rows.Columns.Select(column => (column.Name, column.Type)), routed.Rows.Count) : null;
        var naturals = new List<string>(routed.Rows.Count);
        for (var row = 0; row < routed.Rows.Count; row++)
        {
            if (routed.Rows.Operations[row] == RowOperation.Delete) continue; // it does not pass the filter
            kept?.AppendRow(routed.Rows, row);
            naturals.Add(RowKey.Text(sorted.Upserts.Rows, naturalKeys, judged.AcceptedRows[routed.SourceRows[row]]));
        }

        var refused = judged.Rejected.Select(row => row.Key).OfType<string>()
            .Concat(routed.Refused.Select(row => RowKey.Text(judged.Accepted, keys, row.Row))).ToList();
        return new SideRows(kept ?? routed.Rows, naturals, null, refused.Count == 0 ? null : route.TargetKeys(refused));
    }
}
