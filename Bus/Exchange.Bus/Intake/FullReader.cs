using Exchange.Bus.Log;
using Exchange.Bus.Quality;
using Exchange.Bus.Quarantine;
using Exchange.Bus.Reorganisation;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Intake;

/// <summary>
/// Reads a source whole, by key ranges: each page becomes a batch, and the place where the next page begins is stored with it, so a killed full goes on
/// where it was. Changes of a `changelog` or `wal` source are taken up between pages; since pages and changes are read and appended by one flow in read order, neither
/// undoes the other. Ends with a mark: keys that the full has not met are gone.
/// </summary>
internal sealed class FullReader(
    IStore store, ILeases leases, BatchAppender appender, PageJudge judge, ChangeReading changes, KeyReader keys, IQuarantine quarantine, IKnownValues known, ReferencedItems referenced,
    ReorganisationBook book, ExchangeSteps steps)
{
    /// <summary>Pages that are read as one piece, between two looks at the change log.</summary>
    const int PagesTogether = 16;

    /// <summary>Stands for a resume token once the last page is in the log: only the mark is missing.</summary>
    const string LastPage = "\u0003end";

    public async Task ReadAsync(IntakeRun run, SeenRows? seen, CancellationToken cancel)
    {
        var itemSets = await referenced.OfAsync(run.Plan.Resource, cancel);
        if (run.Position.Full is { Reorganised: true, FirstBatch: 0 }) await BeginReorganisedAsync(run, itemSets, cancel);
        while (run.Position.Full!.Next != LastPage && !await ReadPiecesAsync(run, seen, itemSets, cancel))
        {
            // Only now, when all pages that were read before it are in the log: what is read last must be appended last.
            if (run.Plan.Capture is not null) await changes.TakeAsync(run, itemSets, cancel);
        }

        await EndAsync(run, itemSets, cancel);
        await keys.RebuildKnownAsync(run, itemSets, cancel);
    }

    /// <summary>What the old rows hold does not count in a full that takes their place: `unique` and business keys are judged among its own.</summary>
    async Task BeginReorganisedAsync(IntakeRun run, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel) => await store.WriteAsync(async session =>
    {
        await leases.AssertHeldAsync(session, run.Lease, cancel);
        await known.BeginFillingAsync(session, run.Name, itemSets, cancel);
        await book.BegunAsync(session, run.Name, run.Position.Reorganise!, cancel);
        return 0;
    }, cancel);

    /// <summary>
    /// Reads some pages and appends them, each step beside the others: the source is read ahead, a page is judged while the one before is encoded and appended. Appends
    /// follow each other in read order; when this returns, or fails, none is under way. Answers whether the source has ended.
    /// </summary>
    async Task<bool> ReadPiecesAsync(IntakeRun run, SeenRows? seen, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel)
    {
        var appending = Task.CompletedTask;
        var (any, ended) = (run.Position.Full!.FirstBatch > 0, false);
        try
        {
            await foreach (var page in run.Plan.Reader.ReadPagesAsync(run.Plan.Query, run.Position.Full!.Next, run.Plan.Resource.BatchRows, run.Plan.Resource.BatchBytes, PagesTogether, cancel))
            {
                steps.Reached(ExchangeStep.Read, run.Name);
                ended = page.Resume is null;
                if (ended && page.Rows.Count == 0 && any) break;
                any = true;
                Remember(run, seen, page.Rows);
                if (run.Plan.Judge.AsksOwnRows) await appending;
                var (rows, refused) = await judge.JudgeAsync(run.Plan, page, null, cancel);
                steps.Reached(ExchangeStep.Quality, run.Name);
                await appending;
                appending = AppendAsync(run, page, rows, refused, itemSets, cancel);
            }

            await appending;
            return ended;
        }
        finally
        {
            await appending.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    async Task AppendAsync(IntakeRun run, SourcePage page, RowBatch rows, IReadOnlyList<QuarantinedRow> refused, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel)
    {
        await Task.Yield();
        var first = run.Position.Full!.FirstBatch;
        await appender.AppendAsync(run, new BatchDraft
        {
            Kind = BatchKind.Snapshot,
            FullStart = first > 0 ? first : -1,
            Staged = run.Position.Full!.Reorganised,
            Rows = rows,
            Refused = refused,
            Read = page.Rows.Count,
            Then = (position, batch) => position with
            {
                Full = position.Full! with
                {
                    FirstBatch = first > 0 ? first : batch.Number,
                    Next = page.Resume ?? LastPage,
                    Rows = position.Full.Rows + page.Rows.Count,
                },
            },
        }, itemSets, cancel);
        run.Report("full");
        ErrorLimits.Check(run);
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
            Staged = full.Reorganised,
            Rows = empty,
            Refused = [],
            Read = 0,
            Then = (position, _) => position with
            {
                Full = null,
                Complete = true,
                KnownOutdated = itemSets.Count > 0 && !full.Reorganised,
                Reorganise = full.Reorganised ? null : position.Reorganise,
                LastFullRows = full.Rows,
                Tracked = full.TrackedAtStart is { } start ? SafeHorizon.AfterFull(start) : null,
            },
            Besides = async (session, batch) =>
            {
                if (full.Reorganised)
                {
                    await known.EndFillingAsync(session, run.Name, cancel);
                    await book.ReadAsync(session, run.Name, batch.Number, run.Record.Read, run.Record.Accepted, run.Record.Rejected, cancel);
                }

                return await quarantine.CloseStaleAsync(session, run.Name, full.Run, batch.Number, cancel);
            },
        }, itemSets, cancel);
    }
}
