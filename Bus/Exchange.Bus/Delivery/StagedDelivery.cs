using System.Diagnostics;
using Exchange.Bus.Attachments;
using Exchange.Bus.Intake;
using Exchange.Bus.Log;
using Exchange.Bus.Reorganisation;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Bus.Delivery;

/// <summary>
/// Delivers re-organised fulls: nothing of one is delivered before its mark is in the log; then all of it, with the changes that came while it was read, in one transaction of the target, so
/// that a subscriber sees the old state or the new one and nothing between. The log is the stage: nothing is kept at the target meanwhile. Killed at any moment, the target holds one of
/// the two, and the ledger says which.
/// </summary>
internal sealed class StagedDelivery(
    IResourceLog log, BatchDelivery delivery, RowDelivery rows, MarkDelivery marks, AttachmentDelivery attachments, ReorganisationBook book, ExchangeSteps steps)
{
    /// <summary>Entries of the log that are looked at at once.</summary>
    const int BatchesAtOnce = 1_000;

    /// <summary>What may be delivered now: up to a re-organised full whose mark is not there yet. One that will never have a mark, since a newer full was begun, is passed over.</summary>
    public async Task<IReadOnlyList<LogBatch>> ReadyAsync(IReadOnlyList<LogBatch> waiting, CancellationToken cancel)
    {
        if (!waiting.Any(batch => batch.Staged)) return waiting;
        var newest = await log.NewestFullStartAsync(waiting[0].Resource, cancel);
        var ready = new List<LogBatch>();
        foreach (var batch in waiting)
        {
            if (!batch.Staged || batch.State != BatchState.Visible) ready.Add(batch);
            else if (await log.FindMarkAsync(batch.Resource, batch.FullStart, cancel) is { State: BatchState.Visible })
            {
                if (ready.Count == 0) ready.Add(batch);
                break; // what comes before it is delivered first, in its own transactions
            }
            else if (batch.FullStart < newest) ready.Add(batch with { State = BatchState.Discarded });
            else break;
        }

        return ready;
    }

    /// <summary>The mark of the full that this batch begins, where the whole of it is to be delivered now.</summary>
    public async Task<LogBatch?> MarkAsync(DeliveryRun run, LogBatch staged, CancellationToken cancel) => await log.FindMarkAsync(run.Resource.Name, staged.FullStart, cancel);

    /// <summary>Changes the target over. Answers the mark.</summary>
    /// <exception cref="FrontEndException">Standing: the target would not hold what the full holds; it stays as it was.</exception>
    public async Task<LogBatch> SwitchAsync(DeliveryRun run, LogBatch mark, CancellationToken cancel)
    {
        var waited = Stopwatch.StartNew();
        run.Report("changing over");
        await foreach (var (batch, _) in BatchesAsync(mark, cancel)) await attachments.SendAsync(run, [batch], cancel);
        await using var transaction = await run.Database.Target.BeginAsync(run.Route.Target, cancel);
        var last = await delivery.LockedAsync(run, transaction, cancel);
        if (last?.Batch >= mark.Number) return mark;
        // What is gone goes first: rows that come under other keys may hold what it holds in other unique columns.
        var (removed, spared) = await marks.RemoveUnseenAsync(run, transaction, mark, cancel);
        var done = run.Record;
        var (refused, changes, upserts) = (0, false, 0L);
        await foreach (var (batch, next) in BatchesAsync(mark, cancel))
        {
            var applied = await rows.ApplyAsync(run, transaction, batch, next, cancel);
            await delivery.NoteAsync(transaction, batch, applied.Count, cancel);
            done = applied.AddTo(done, batch);
            refused += applied.Refused;
            upserts += applied.Count.Upserted; // what a filter passes over is not among them
            changes |= batch.Kind == BatchKind.Change && batch.Upserts + batch.Deletes > 0;
        }

        // What was spared decides, not what is in quarantine by now: increments that are read meanwhile empty it, and the rows that were spared for it stand all the same.
        var counted = !changes && refused == 0 && !spared;
        await CheckAsync(run, transaction, mark, counted ? upserts : null, cancel);
        await delivery.NoteAsync(transaction, mark, removed, cancel);
        steps.Reached(ExchangeStep.Switch, run.Name);
        await transaction.CommitAsync(cancel);
        steps.Reached(ExchangeStep.DeliverAfterCommit, run.Name);
        run.Record = new BatchApplied(removed, 0).AddTo(done, mark) with { WaitedTarget = done.WaitedTarget + waited.Elapsed };
        return mark;
    }

    /// <summary>The full's visible batches before its mark, each with the one that follows.</summary>
    async IAsyncEnumerable<(LogBatch Batch, LogBatch? Next)> BatchesAsync(LogBatch mark, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        LogBatch? held = null;
        for (var after = mark.FullStart - 1; after < mark.Number - 1;)
        {
            var batches = await log.ReadAsync(mark.Resource, after, BatchesAtOnce, cancel);
            if (batches.Count == 0) break;
            foreach (var batch in batches.Where(batch => batch.Number < mark.Number && batch.State == BatchState.Visible && batch.Kind != BatchKind.Mark))
            {
                if (held is not null) yield return (held, batch);
                held = batch;
            }

            after = batches[^1].Number;
        }

        if (held is not null) yield return (held, null);
    }

    /// <summary>Equal counts and no business key twice, or nothing happens.</summary>
    async Task CheckAsync(DeliveryRun run, ITargetTransaction transaction, LogBatch mark, long? expected, CancellationToken cancel)
    {
        var count = await transaction.CountAsync(cancel);
        var columns = run.Resource.BusinessKey.Count > 0 ? run.Route.ColumnsOf(run.Resource.BusinessKey) : null;
        long? duplicates = columns is null ? null : await transaction.DuplicatesAsync(columns, cancel);
        await book.SwitchedAsync(new ReorganisationSwitch(mark.Resource, mark.Number, run.Name, count, expected, duplicates), cancel);
        if ((expected is { } wanted && wanted != count && run.Route.Target.Deletes != DeletePolicy.Ignore) || duplicates > 0)
        {
            throw new FrontEndException(FrontEndFault.Standing, ErrorCodes.SwitchUnequal, Party.Subscriber,
                $"Subscription {run.Name}: after the re-organised full table {run.Route.Target.Table} would hold {count} rows where the full has {expected?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "as many as were not refused"}, {duplicates ?? 0} business keys more than once. It was left as it was.",
                "See who else writes this table, triggers and other programs; the next run tries again.");
        }
    }
}
