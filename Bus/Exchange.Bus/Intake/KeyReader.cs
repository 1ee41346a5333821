using Exchange.Bus.Log;
using Exchange.Bus.Quality;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Intake;

/// <summary>Reads rows anew by key and appends them as changes: keys that are gone become deletions.</summary>
internal sealed class KeyReader(SourceStates states, BatchAppender appender, PageJudge judge, IKnownValues known, ExchangeSteps steps)
{
    /// <summary>Keys that a source is asked for at once (<see cref="ISourceReader.ReadKeysAsync"/>).</summary>
    public const int KeysAtOnce = 20_000;

    /// <summary>Keys once each, by code point.</summary>
    public static RowBatch Distinct(RowBatch keys)
    {
        int[] all = [.. Enumerable.Range(0, keys.Columns.Count)];
        var met = new HashSet<string>(StringComparer.Ordinal);
        var distinct = RowBatch.Empty(keys.Columns.Select(column => (column.Name, column.Type)), keys.Count);
        for (var row = 0; row < keys.Count; row++)
            if (met.Add(RowKey.Text(keys, all, row))) distinct.AppendRow(keys, row);
        return distinct;
    }

    /// <summary>One batch, or several where there are more keys than a source is asked for at once, or more bytes of rows than a batch has.</summary>
    /// <param name="run">The run.</param>
    /// <param name="keys">Key columns in key order, natural types, distinct.</param>
    /// <param name="itemSets">Item sets whose values are kept.</param>
    /// <param name="then">What becomes of the position with each append.</param>
    /// <param name="cancel">Stops.</param>
    /// <param name="judgedAgain">See <see cref="BatchDraft.JudgedAgain"/>.</param>
    /// <param name="atLast">What becomes of the position with the last append, once all keys are in the log; null: the same as with each.</param>
    public async Task AppendAsync(IntakeRun run, RowBatch keys, IReadOnlyList<IReadOnlyList<string>> itemSets, Func<SourcePosition, SourcePosition> then, CancellationToken cancel, bool judgedAgain = false,
        Func<SourcePosition, SourcePosition>? atLast = null)
    {
        var most = KeysAtOnce;
        for (var start = 0; start < keys.Count;)
        {
            var count = Math.Min(most, keys.Count - start);
            var asked = count == keys.Count ? keys : keys.Slice(start, count);
            var page = await run.Plan.Reader.ReadKeysAsync(run.Plan.Query, asked, count == 1 ? long.MaxValue : run.Plan.Resource.BatchBytes, cancel);
            if (page.Cut)
            {
                most = Math.Clamp(page.Rows.Count * 3 / 4, 1, count - 1); // rows are wide: as many as were seen to fit, with some room
                continue;
            }

            steps.Reached(ExchangeStep.Read, run.Name);
            await AppendOnceAsync(run, asked, page, itemSets, start + count == keys.Count ? atLast ?? then : then, judgedAgain, cancel);
            start += count;
        }
    }

    async Task AppendOnceAsync(IntakeRun run, RowBatch keys, SourcePage page, IReadOnlyList<IReadOnlyList<string>> itemSets, Func<SourcePosition, SourcePosition> then, bool judgedAgain, CancellationToken cancel)
    {
        var (rows, refused) = await judge.JudgeAsync(run.Plan, page, Gone(run, keys, page.Rows), cancel);
        steps.Reached(ExchangeStep.Quality, run.Name);
        if (!judgedAgain) KeyChange.Check(run, rows, refused);
        await appender.AppendAsync(run, new BatchDraft
        {
            Kind = BatchKind.Change,
            FullStart = 0,
            Rows = rows,
            Refused = refused,
            Read = rows.Count + refused.Count,
            JudgedAgain = judgedAgain,
            Then = (position, _) => then(position),
        }, itemSets, cancel);
    }

    public async Task SaveAsync(ResourceRun run, SourcePosition position, CancellationToken cancel)
    {
        await states.SaveAsync(run.Lease, run.Name, position, cancel);
        run.Position = position;
    }

    /// <summary>Makes the index of known values anew where a mark asks for it, also one of a run that was killed before it came to it.</summary>
    public async Task RebuildKnownAsync(ResourceRun run, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel)
    {
        if (!run.Position.KnownOutdated) return;
        if (itemSets.Count > 0) await known.RebuildAsync(run.Name, itemSets, cancel);
        await SaveAsync(run, run.Position with { KnownOutdated = false }, cancel);
    }

    /// <summary>Keys that were asked for and not found. The engine's collation may find 'A' for 'a': what counts is the code points.</summary>
    static RowBatch Gone(IntakeRun run, RowBatch keys, RowBatch found)
    {
        var foundKeys = run.Plan.Query.Key.Select(found.Ordinal).ToList();
        var present = new HashSet<string>(StringComparer.Ordinal);
        for (var row = 0; row < found.Count; row++) present.Add(RowKey.Text(found, foundKeys, row));
        int[] all = [.. Enumerable.Range(0, keys.Columns.Count)];
        var gone = RowBatch.Empty(run.Plan.Query.Key.Select((item, at) => (item, keys.Columns[at].Type)), 16);
        for (var row = 0; row < keys.Count; row++)
        {
            if (present.Contains(RowKey.Text(keys, all, row))) continue;
            gone.AppendRow(keys, row);
        }

        return gone;
    }
}
