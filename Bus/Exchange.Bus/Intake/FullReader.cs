using System.Diagnostics;
using Exchange.Bus.Log;
using Exchange.Bus.Quarantine;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Intake;

/// <summary>
/// Reads a source whole, by key ranges: each page becomes a batch, and the place where the next page begins is stored with it, so a killed full goes on
/// where it was. Changes of a `changelog` source are taken up between pages; since pages and changes are read and appended by one flow in read order, neither
/// undoes the other. Ends with a mark: keys that the full has not met are gone.
/// </summary>
internal sealed class FullReader(BatchAppender appender, PageJudge judge, ChangeLogReader changes, KeyReader keys, IQuarantine quarantine, ReferencedItems referenced, ExchangeSteps steps)
{
    /// <summary>Pages between two looks at the change log.</summary>
    const int PagesBetweenChanges = 5;

    public async Task ReadAsync(IntakeRun run, SeenRows? seen, CancellationToken cancel)
    {
        var itemSets = await referenced.OfAsync(run.Plan.Resource, cancel);
        for (var pages = 1; ; pages++)
        {
            var page = await NextPageAsync(run, cancel);
            steps.Reached(ExchangeStep.Read, run.Name);
            if (page.Rows.Count == 0 && page.Resume is null && run.Position.Full!.FirstBatch > 0) break;
            Remember(run, seen, page.Rows);
            var (rows, refused) = await judge.JudgeAsync(run.Plan, page, null, cancel);
            steps.Reached(ExchangeStep.Quality, run.Name);
            await appender.AppendAsync(run, new BatchDraft
            {
                Kind = BatchKind.Snapshot,
                FullStart = run.Position.Full!.FirstBatch is var first and > 0 ? first : -1,
                Rows = rows,
                Refused = refused,
                Read = page.Rows.Count,
                Then = (position, batch) => position with
                {
                    Full = position.Full! with
                    {
                        FirstBatch = position.Full.FirstBatch > 0 ? position.Full.FirstBatch : batch.Number,
                        Next = page.Resume ?? LastPage,
                        Rows = position.Full.Rows + page.Rows.Count,
                    },
                },
            }, itemSets, cancel);
            run.Report("full");
            ErrorLimits.Check(run);
            if (page.Resume is null) break;
            if (pages % PagesBetweenChanges == 0 && run.Plan.Capture is not null) await changes.TakeAsync(run, itemSets, cancel);
        }

        await EndAsync(run, itemSets, cancel);
        await keys.RebuildKnownAsync(run, itemSets, cancel);
    }

    /// <summary>Stands for a resume token once the last page is in the log: only the mark is missing.</summary>
    const string LastPage = "\u0003end";

    static async Task<SourcePage> NextPageAsync(IntakeRun run, CancellationToken cancel)
    {
        var resource = run.Plan.Resource;
        var next = run.Position.Full!.Next;
        if (next == LastPage) return new SourcePage { Rows = RowBatch.Empty(run.Plan.Query.Columns.Select(column => (column.Item, run.Plan.Table.Find(column.Column)!.Type))) };
        var waited = Stopwatch.StartNew();
        var page = await run.Plan.Database.Source.ReadPageAsync(run.Plan.Query, next, resource.BatchRows, SourcePlan.PageBytes, cancel);
        run.Waited(waited.Elapsed);
        return page;
    }

    /// <summary>Rows above the horizon with which increments will begin need not be appended twice.</summary>
    static void Remember(IntakeRun run, SeenRows? seen, RowBatch rows)
    {
        if (seen is null || run.Position.Full!.TrackedAtStart is not { } start) return;
        var tracked = rows[run.Plan.Tracked[0]];
        var keys = run.Plan.Query.Key.Select(rows.Ordinal).ToList();
        for (var row = 0; row < rows.Count; row++)
            if (TrackedReader.IsAbove(tracked, row, start, run.Plan.Source.MaxLateness)) seen.Meet(TrackedReader.RowIdentity(run.Plan, rows, keys, row), rows, row);
    }

    async Task EndAsync(IntakeRun run, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel)
    {
        var empty = RowBatch.Empty(run.Plan.Resource.Items.Select(item => (item.Name, item.Type)));
        var full = run.Position.Full!;
        await appender.AppendAsync(run, new BatchDraft
        {
            Kind = BatchKind.Mark,
            FullStart = full.FirstBatch,
            Rows = empty,
            Refused = [],
            Read = 0,
            Then = (position, _) => position with
            {
                Full = null,
                Complete = true,
                KnownOutdated = itemSets.Count > 0,
                LastFullRows = full.Rows,
                Tracked = full.TrackedAtStart is { } start ? SafeHorizon.AfterFull(start) : null,
            },
            Besides = (session, batch) => quarantine.CloseStaleAsync(session, run.Name, full.Run, batch.Number, cancel),
        }, itemSets, cancel);
    }
}
