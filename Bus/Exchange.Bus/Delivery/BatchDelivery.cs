using System.Diagnostics;
using Exchange.Bus.Attachments;
using Exchange.Bus.Intake;
using Exchange.Bus.Log;
using Exchange.Contracts.FrontEnd;
using Exchange.Storage;

namespace Exchange.Bus.Delivery;

/// <summary>Applies batches of a log to a target, each once: rows and the ledger entry in one transaction of the target, small batches joined.</summary>
internal sealed class BatchDelivery(IResourceLog log, IStore store, ILeases leases, RowDelivery rows, MarkDelivery marks, AttachmentDelivery attachments, TimeProvider time, ExchangeSteps steps)
{
    /// <summary>Small batches are joined up to about this many rows in one transaction of the target.</summary>
    const long RowsAtOnce = 20_000;

    /// <summary>Applies the first batches of <paramref name="waiting"/> (all visible or discarded, in order, at least one). Answers the last one that was applied or passed over.</summary>
    public async Task<LogBatch> ApplyAsync(DeliveryRun run, IReadOnlyList<LogBatch> waiting, CancellationToken cancel)
    {
        var waited = Stopwatch.StartNew();
        // Contents stand before the rows, and before the transaction, so that no lock at the target waits for them: only batches whose contents were sent are written.
        if (run.Route.Attachments.Count > 0) waiting = Joined(waiting);
        await attachments.SendAsync(run, waiting, cancel);
        await using var transaction = await run.Database.Target.BeginAsync(run.Route.Target, cancel);
        var last = await LockedAsync(run, transaction, cancel);
        var batches = Joined(waiting.Where(batch => last is null || batch.Number > last.Batch));
        if (batches.Count == 0) return waiting[^1];
        var done = run.Record;
        foreach (var batch in batches.Where(batch => batch.State == BatchState.Visible))
        {
            var next = waiting.FirstOrDefault(other => other.Number > batch.Number && other is { State: BatchState.Visible, Kind: not BatchKind.Mark });
            var applied = batch.Kind == BatchKind.Mark ? new BatchApplied(await marks.ApplyAsync(run, transaction, batch, cancel), 0) : await rows.ApplyAsync(run, transaction, batch, next, cancel);
            await NoteAsync(transaction, batch, applied.Count, cancel);
            done = applied.AddTo(done, batch);
        }

        steps.Reached(ExchangeStep.DeliverBeforeCommit, run.Name);
        await transaction.CommitAsync(cancel);
        steps.Reached(ExchangeStep.DeliverAfterCommit, run.Name);
        run.Record = done with { WaitedTarget = done.WaitedTarget + waited.Elapsed };
        return batches[^1];
    }

    /// <summary>Begins a subscription anew before batch <paramref name="first"/>: the ledger is emptied and says so.</summary>
    public async Task ResetAsync(DeliveryRun run, long first, CancellationToken cancel)
    {
        var before = first > 1 ? await log.FindAsync(run.Resource.Name, first - 1, cancel) : null;
        await using var transaction = await run.Database.Target.BeginAsync(run.Route.Target, cancel);
        await LockedAsync(run, transaction, cancel);
        await transaction.ResetLedgerAsync(cancel);
        await transaction.WriteLedgerAsync(new LedgerEntry(first - 1, "reset", 0, 0, before?.Digest ?? "", time.GetUtcNow()), cancel);
        await transaction.CommitAsync(cancel);
    }

    public static async Task<LedgerEntry?> LastAppliedAsync(DeliveryRun run, CancellationToken cancel)
    {
        await using var transaction = await run.Database.Target.BeginAsync(run.Route.Target, cancel);
        return await transaction.LastAppliedAsync(cancel);
    }

    /// <summary>
    /// Takes the subscription's lock at the target, then sees that the delivery is still this process's: one that was overtaken would write behind the batch that the
    /// new one has begun anew with, and the batches between would be passed over. Who takes over later waits at the target until this transaction has ended.
    /// </summary>
    public async Task<LedgerEntry?> LockedAsync(DeliveryRun run, ITargetTransaction transaction, CancellationToken cancel)
    {
        var last = await transaction.LastAppliedAsync(cancel);
        await store.WriteAsync(async session =>
        {
            await leases.AssertHeldAsync(session, run.Lease, cancel);
            return 0;
        }, cancel);
        return last;
    }

    static List<LogBatch> Joined(IEnumerable<LogBatch> batches)
    {
        var joined = new List<LogBatch>();
        var rows = 0L;
        foreach (var batch in batches)
        {
            if (joined.Count > 0 && rows + batch.Upserts + batch.Deletes > RowsAtOnce) break;
            joined.Add(batch);
            rows += batch.Upserts + batch.Deletes;
            if (batch.Kind == BatchKind.Mark) break;
        }

        return joined;
    }

    /// <summary>Writes a batch's entry into the ledger.</summary>
    public Task NoteAsync(ITargetTransaction transaction, LogBatch batch, ApplyCount count, CancellationToken cancel) =>
        transaction.WriteLedgerAsync(new LedgerEntry(batch.Number, KindText(batch.Kind), count.Upserted, count.Deleted, batch.Digest, time.GetUtcNow()), cancel);

    static string KindText(BatchKind kind) => kind switch { BatchKind.Snapshot => "snapshot", BatchKind.Mark => "mark", _ => "change" };
}
