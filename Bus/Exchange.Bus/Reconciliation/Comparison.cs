using Exchange.Bus.Catalogue;
using Exchange.Bus.Quarantine;
using Exchange.Bus.Transformation;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Reconciliation;

/// <summary>
/// Compares two sides: first their whole counts and sums, where both databases can sum by the same form; where those differ, or the databases can't, counts and sums by ranges of key hashes; then row by
/// row within the ranges that differ, as many at once as memory allows. Both sides are summed at once. Holds prints, never tables.
/// </summary>
internal sealed class Comparison(Subscription subscription, IRoute route, SourceSide source, TargetSide target, IQuarantine quarantine)
{
    /// <summary>Rows of differing ranges that are held at once, about 200 bytes each.</summary>
    const long RowsAtOnce = 250_000;

    /// <summary>Differing keys that are held to be looked at again; further ones are counted only.</summary>
    public const int MostHeld = 100_000;

    const int KeysAtOnce = 20_000;

    readonly RowPrint _print = new();
    readonly int[] _keys = [.. route.Target.Key.Select(key => route.Target.Columns.TakeWhile(column => column.Name != key).Count())];

    /// <param name="behind">The target is known to lack something: its whole sum would only say so.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<Found> RunAsync(bool behind, CancellationToken cancel)
    {
        var sums = await DatabaseSums.TryAsync(route, source, target, cancel);
        var leftOut = await LeftOutAsync(cancel);
        // Rows in quarantine stand at the source alone, or are older at the target: they make the wholes differ.
        if (sums is not null && leftOut.Count == 0 && !behind && await sums.WholeAsync(cancel) is var (all, there) && all == there)
            return new Found([], [], all.Rows, there.Rows, leftOut, InDatabase: true);
        var (ofSource, ofTarget) = sums is not null
            ? await sums.BothAsync(cancel)
            : await BothAsync(SumAsync(source.ReadAsync(null, cancel), leftOut), SumAsync(target.ReadAsync(null, cancel), leftOut));
        var found = new Found([], [], ofSource.Whole.Rows, ofTarget.Whole.Rows, leftOut, sums is not null);
        foreach (var ranges in Grouped(ofSource.Differing(ofTarget), range => ofSource.CountOf(range) + ofTarget.CountOf(range)))
            await CompareAsync(ranges, sums, found, cancel);
        return found;
    }

    /// <summary>Keys that stand open in quarantine, refused by the resource's rules or for this subscription.</summary>
    public async Task<LeftOut> LeftOutAsync(CancellationToken cancel)
    {
        var leftOut = new LeftOut();
        foreach (var of in new[] { null, subscription.Name })
        {
            for (string? after = null; await quarantine.OpenKeysAsync(subscription.Resource, of, after, KeysAtOnce, cancel) is { Count: > 0 } open; after = open[^1])
                leftOut.Add(route.TargetKeys(open));
        }

        return leftOut;
    }

    /// <summary>Looks at those rows again: what they are like on either side now. Differences that are none any more are taken out.</summary>
    /// <returns>Differences whose rows were just as before.</returns>
    public async Task<HashSet<Difference>> LookAsync(Dictionary<UInt128, Difference> differences, CancellationToken cancel)
    {
        var unmoved = new HashSet<Difference>();
        var leftOut = await LeftOutAsync(cancel);
        foreach (var part in differences.Where(entry => !entry.Value.Confirmed).Chunk(KeysAtOnce))
        {
            var naturals = part.Select(entry => entry.Value.Natural).OfType<string>().ToList();
            var now = await PrintsAsync(source.ReadKeysAsync(naturals, cancel), leftOut);
            var there = await PrintsAsync(target.ReadKeysAsync([.. part.Select(entry => entry.Value.Key)], cancel), leftOut);
            foreach (var (key, difference) in part)
            {
                // Nobody knows how to ask the source for it: what the first look saw stands.
                ulong? before = difference.Source, print = difference.Natural is null ? before : now.TryGetValue(key, out var read) ? read : null;
                ulong? held = there.TryGetValue(key, out var holds) ? holds : null;
                if (leftOut.Has(key) || print == held || IsKept(print)) differences.Remove(key);
                else if (print == before && held == difference.Target) unmoved.Add(difference);
                (difference.Source, difference.Target) = (print, held);
            }
        }

        return unmoved;
    }

    /// <summary>A row that the source has no more, where deletions are not brought to the target.</summary>
    bool IsKept(ulong? print) => print is null && route.Target.Deletes == DeletePolicy.Ignore;

    async Task CompareAsync(IReadOnlyList<int> ranges, DatabaseSums? sums, Found found, CancellationToken cancel)
    {
        var wanted = new bool[RangeSums.Ranges];
        foreach (var range in ranges) wanted[range] = true;
        var open = new Dictionary<UInt128, Difference>();
        // The whole of the source first: what it refuses must be known before the target is looked at.
        await foreach (var rows in source.ReadAsync(sums?.OfSource(ranges), cancel))
        {
            found.LeftOut.Add(rows.Refused);
            for (var row = 0; row < rows.Rows.Count; row++)
            {
                var key = _print.Key(rows.Rows, _keys, row);
                if (!Wanted(key)) continue;
                open[key] = new Difference { Key = RowKey.Text(rows.Rows, _keys, row), Natural = rows.Naturals![row], Source = _print.Row(rows.Rows, row) };
            }
        }

        await foreach (var rows in target.ReadAsync(sums?.OfTarget(ranges), cancel))
        {
            for (var row = 0; row < rows.Rows.Count; row++)
                Meet(_print.Key(rows.Rows, _keys, row), () => RowKey.Text(rows.Rows, _keys, row), _print.Row(rows.Rows, row));
            if (rows.Misfits is not { } misfits) continue;
            int[] all = [.. Enumerable.Range(0, misfits.Columns.Count)];
            for (var row = 0; row < misfits.Count; row++) Meet(_print.Key(misfits, all, row), () => RowKey.Text(misfits, all, row), Misfit);
        }

        Take(open, found);

        bool Wanted(UInt128 key) => (sums is not null || wanted[RowPrint.RangeOf(key)]) && !found.LeftOut.Has(key);

        void Meet(UInt128 key, Func<string> text, ulong print)
        {
            if (!Wanted(key)) return;
            if (!open.TryGetValue(key, out var met)) open[key] = new Difference { Key = text(), Target = print };
            else if (met.Source == print) open.Remove(key);
            else met.Target = print;
        }
    }

    void Take(Dictionary<UInt128, Difference> open, Found found)
    {
        foreach (var (key, difference) in open)
        {
            if (found.LeftOut.Has(key) || IsKept(difference.Source)) continue;
            if (found.Held.Count < MostHeld) found.Held[key] = difference;
            else found.Further[difference.Kind] = found.Further.GetValueOrDefault(difference.Kind) + 1;
        }

        var extra = found.Held.Values.Where(difference => difference.Natural is null).ToList();
        var types = route.Target.Key.Select((key, at) => (key, route.Target.Columns[_keys[at]].Type)).ToList();
        var keys = route.ResourceKeys(KeyTexts.Read([.. extra.Select(difference => difference.Key)], types));
        // A key that is normalised or converted on its way in can't be turned back into the source's own.
        if (!source.Plan.KeysAreNatural || keys.Count != extra.Count) return;
        for (var at = 0; at < extra.Count; at++) extra[at].Natural = keys[at];
    }

    async Task<Dictionary<UInt128, ulong>> PrintsAsync(IAsyncEnumerable<SideRows> side, LeftOut leftOut)
    {
        var prints = new Dictionary<UInt128, ulong>();
        await foreach (var rows in side)
        {
            leftOut.Add(rows.Refused);
            for (var row = 0; row < rows.Rows.Count; row++) prints[_print.Key(rows.Rows, _keys, row)] = _print.Row(rows.Rows, row);
            if (rows.Misfits is not { } misfits) continue;
            int[] all = [.. Enumerable.Range(0, misfits.Columns.Count)];
            for (var row = 0; row < misfits.Count; row++) prints[_print.Key(misfits, all, row)] = Misfit;
        }

        return prints;
    }

    /// <summary>Stands for a row that can't be told in the target's types.</summary>
    const ulong Misfit = 0x6D69_7366_6974;

    async Task<RangeSums> SumAsync(IAsyncEnumerable<SideRows> side, LeftOut leftOut)
    {
        var (sums, print) = (new RangeSums(), new RowPrint());
        await foreach (var rows in side)
        {
            for (var row = 0; row < rows.Rows.Count; row++)
            {
                var key = print.Key(rows.Rows, _keys, row);
                if (!leftOut.Has(key)) sums.Add(RowPrint.RangeOf(key), 1, print.Row(rows.Rows, row));
            }

            if (rows.Misfits is not { } misfits) continue;
            int[] all = [.. Enumerable.Range(0, misfits.Columns.Count)];
            for (var row = 0; row < misfits.Count; row++)
                if (print.Key(misfits, all, row) is var key && !leftOut.Has(key)) sums.Add(RowPrint.RangeOf(key), 1, Misfit);
        }

        return sums;
    }

    static async Task<(RangeSums, RangeSums)> BothAsync(Task<RangeSums> source, Task<RangeSums> target)
    {
        await Task.WhenAll(source, target);
        return (await source, await target);
    }

    static IEnumerable<IReadOnlyList<int>> Grouped(IReadOnlyList<int> ranges, Func<int, long> rows)
    {
        var (group, held) = (new List<int>(), 0L);
        foreach (var range in ranges)
        {
            if (group.Count > 0 && held + rows(range) > RowsAtOnce)
            {
                yield return group;
                (group, held) = ([], 0);
            }

            group.Add(range);
            held += rows(range);
        }

        if (group.Count > 0) yield return group;
    }
}
