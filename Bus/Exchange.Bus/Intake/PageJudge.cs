using Exchange.Bus.Quality;
using Exchange.Bus.Quarantine;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Intake;

/// <summary>
/// Turns a page of a source into what a batch needs: good rows and deletions in item types, refused rows with the text of the provider's own columns.
/// </summary>
internal sealed class PageJudge(IQuarantine quarantine, TimeProvider time)
{
    /// <param name="plan">The source.</param>
    /// <param name="page">Rows as they are now, one a key.</param>
    /// <param name="gone">Keys that were asked for and are not there any more: deletions. Key columns in natural types.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<(RowBatch Rows, IReadOnlyList<QuarantinedRow> Refused)> JudgeAsync(SourcePlan plan, SourcePage page, RowBatch? gone, CancellationToken cancel)
    {
        var sorted = plan.FollowsControl ? ControlOperations.Sort(page) : new SortedPage(page, [.. Enumerable.Range(0, page.Rows.Count)], [], []);
        // Read before judging: what grows from here on has the refused rows judged again.
        var against = await quarantine.DependencyVersionsAsync(cancel);
        var judged = await plan.Judge.JudgeAsync(sorted.Upserts, Leaving(plan, page, sorted.DeletedRows, gone), cancel);
        var rows = judged.Accepted;
        var keys = plan.Resource.Key.Select(rows.Ordinal).ToList();
        var rejected = judged.Rejected.Select(row => row with { Row = sorted.UpsertRows[row.Row] }).Concat(WithKeys(plan, page, sorted.Refused)).ToList();
        AppendDeletes(plan, rows, keys, page.Rows, sorted.DeletedRows);
        if (gone is not null) AppendDeletes(plan, rows, keys, gone, [.. Enumerable.Range(0, gone.Count)]);
        return (rows, rejected.Count == 0 ? [] : await DescribeAsync(plan, page, rejected, against, cancel));
    }

    static IEnumerable<RejectedRow> WithKeys(SourcePlan plan, SourcePage page, IReadOnlyList<RejectedRow> refused)
    {
        if (refused.Count == 0) return [];
        var converted = plan.Judge.ConvertKeys(page.Rows);
        int[] all = [.. Enumerable.Range(0, converted.Keys.Columns.Count)];
        return refused.Select(row => row with { Key = converted.Places[row.Row] is { } at ? RowKey.Text(converted.Keys, all, at) : null });
    }

    /// <summary>Digests of the keys that are deleted with this page, where rules ask for rows of the resource itself.</summary>
    static HashSet<string>? Leaving(SourcePlan plan, SourcePage page, IReadOnlyList<int> deletedRows, RowBatch? gone)
    {
        if (!plan.Judge.AsksOwnRows || (deletedRows.Count == 0 && gone is not { Count: > 0 })) return null;
        var leaving = new HashSet<string>(StringComparer.Ordinal);
        if (deletedRows.Count > 0) Add(page.Rows, deletedRows);
        if (gone is { Count: > 0 }) Add(gone, [.. Enumerable.Range(0, gone.Count)]);
        return leaving;

        void Add(RowBatch rows, IReadOnlyList<int> which)
        {
            var converted = plan.Judge.ConvertKeys(rows);
            int[] all = [.. plan.Resource.Key.Select(converted.Keys.Ordinal)];
            foreach (var row in which)
                if (converted.Places[row] is { } at) leaving.Add(RowKey.Digest(RowKey.Text(converted.Keys, all, at)));
        }
    }

    /// <summary>Deletions of keys that stand in the batch as upserts are left out: the newer version was read.</summary>
    static void AppendDeletes(SourcePlan plan, RowBatch rows, List<int> keys, RowBatch source, IReadOnlyList<int> deleted)
    {
        if (deleted.Count == 0) return;
        var present = new HashSet<string>(StringComparer.Ordinal);
        for (var row = 0; row < rows.Count; row++) present.Add(RowKey.Text(rows, keys, row));
        var converted = plan.Judge.ConvertKeys(source);
        var convertedKeys = plan.Resource.Key.Select(converted.Keys.Ordinal).ToList();
        foreach (var row in deleted)
        {
            if (converted.Places[row] is not { } at || !present.Add(RowKey.Text(converted.Keys, convertedKeys, at))) continue;
            foreach (var column in rows.Columns)
            {
                if (converted.Keys.Ordinal(column.Name) is var ordinal and >= 0) column.AppendFrom(converted.Keys.Columns[ordinal], at);
                else column.AppendNull();
            }

            rows.EndRow(RowOperation.Delete);
        }
    }

    async Task<IReadOnlyList<QuarantinedRow>> DescribeAsync(SourcePlan plan, SourcePage page, List<RejectedRow> rejected, IReadOnlyDictionary<string, long> against, CancellationToken cancel)
    {
        var further = await FurtherColumnsAsync(plan, page.Rows, rejected, cancel);
        var faults = page.Faults.ToLookup(fault => (fault.Row, fault.Column));
        var now = time.GetUtcNow();
        var keys = plan.Query.Key.Select(page.Rows.Ordinal).ToList();
        return [.. rejected.Select(row => new QuarantinedRow
        {
            Resource = plan.Resource.Name,
            Key = row.Key,
            Values = Values(plan, page, faults, row.Row, further?.GetValueOrDefault(RowKey.Text(page.Rows, keys, row.Row))),
            Broken = row.Broken,
            JudgedAgainst = against,
            Batch = 0,
            Run = 0,
            RefusedAt = now,
        })];
    }

    static List<KeyValuePair<string, string?>> Values(SourcePlan plan, SourcePage page, ILookup<(int, int), CellFault> faults, int row, Dictionary<string, string?>? further)
    {
        var values = new List<KeyValuePair<string, string?>>();
        foreach (var column in plan.Table.Columns)
        {
            var at = -1;
            for (var candidate = 0; candidate < plan.Query.Columns.Count && at < 0; candidate++)
                if (plan.Query.Columns[candidate].Column == column.Name) at = candidate;
            var value = at < 0
                ? further?.GetValueOrDefault(column.Name)
                : page.Rows.Columns[at].TextAt(row) ?? faults[(row, at)].FirstOrDefault()?.Value;
            values.Add(new(column.Name, value?.Replace("\0", "\uFFFD", StringComparison.Ordinal)));
        }

        return values;
    }

    /// <summary>The provider gets back its whole rows; columns that are no items are read for the refused ones alone.</summary>
    static async Task<Dictionary<string, Dictionary<string, string?>>?> FurtherColumnsAsync(SourcePlan plan, RowBatch rows, List<RejectedRow> rejected, CancellationToken cancel)
    {
        if (plan.WholeRows is not { } query || plan.ErrorTable is null) return null;
        var ordinals = plan.Query.Key.Select(rows.Ordinal).ToList();
        var keys = RowBatch.Empty(ordinals.Select(at => (rows.Columns[at].Name, rows.Columns[at].Type)), rejected.Count);
        foreach (var row in rejected.Select(rejection => rejection.Row).Distinct())
        {
            if (ordinals.Any(at => rows.Columns[at].IsNull(row))) continue;
            for (var at = 0; at < ordinals.Count; at++) keys.Columns[at].AppendFrom(rows.Columns[ordinals[at]], row);
            keys.EndRow();
        }

        if (keys.Count == 0) return null;
        var found = new Dictionary<string, Dictionary<string, string?>>(StringComparer.Ordinal);
        for (var start = 0; start < keys.Count; start += KeyReader.KeysAtOnce)
        {
            var whole = (await plan.Paced.ReadKeysAsync(query, keys.Slice(start, Math.Min(KeyReader.KeysAtOnce, keys.Count - start)), long.MaxValue, cancel)).Rows;
            var wholeKeys = query.Key.Select(whole.Ordinal).ToList();
            for (var row = 0; row < whole.Count; row++)
            {
                var values = new Dictionary<string, string?>(StringComparer.Ordinal);
                for (var at = plan.Query.Columns.Count; at < query.Columns.Count; at++) values[query.Columns[at].Column] = whole.Columns[at].TextAt(row);
                found[RowKey.Text(whole, wholeKeys, row)] = values;
            }
        }

        return found;
    }
}
