using Exchange.Bus.Attachments;
using Exchange.Bus.Log;
using Exchange.Bus.Quarantine;
using Exchange.Bus.Runs;
using Exchange.Bus.Transformation;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Delivery;

/// <summary>What applying one batch did.</summary>
/// <param name="Count">Rows at the target.</param>
/// <param name="Refused">Rows that the map or the target refused.</param>
internal readonly record struct BatchApplied(ApplyCount Count, int Refused)
{
    public RunRecord AddTo(RunRecord record, LogBatch batch) => record with
    {
        DeliveredUpserts = record.DeliveredUpserts + Count.Upserted,
        DeliveredDeletes = record.DeliveredDeletes + Count.Deleted,
        Rejected = record.Rejected + Refused,
        Batches = record.Batches + 1,
        Bytes = record.Bytes + batch.PayloadBytes,
    };
}

/// <summary>
/// Writes a batch's rows into a transaction of the target. Rows that the target refuses are found by halving, put into quarantine for this subscription alone, and the rest goes on. What is
/// refused is noted in the hub before the target commits: killed between, the batch is applied again and refuses the same rows again.
/// </summary>
internal sealed class RowDelivery(IResourceLog log, IStore store, ILeases leases, IQuarantine quarantine, TimeProvider time)
{
    /// <param name="run">The delivery.</param>
    /// <param name="transaction">The target's.</param>
    /// <param name="batch">Snapshot or change.</param>
    /// <param name="next">The batch that comes after it, to be fetched meanwhile; null: none.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<BatchApplied> ApplyAsync(DeliveryRun run, ITargetTransaction transaction, LogBatch batch, LogBatch? next, CancellationToken cancel)
    {
        var ahead = run.Ahead;
        run.Ahead = null;
        var (rows, routed) = ahead?.Number == batch.Number ? await ahead.Work : await RoutedAsync(run, batch, cancel);
        // The target works at this batch while the hub works at the next one.
        if (next is not null) run.Ahead = new RoutedAhead(next.Number, Task.Run(() => RoutedAsync(run, next, cancel), cancel));
        await KeepContentsAsync(run, transaction, RoutedReferences.Of(run, rows, routed), cancel);
        var refused = routed.Refused.ToList();
        var count = await ApplyOrHalveAsync(transaction, routed.Rows, 0, routed.Rows.Count, routed.SourceRows, refused, cancel);
        run.WrittenBytes += routed.Rows.DataBytes;
        await NoteAsync(run, batch, rows, routed, refused, cancel);
        return new BatchApplied(count, refused.Count);
    }

    /// <summary>Contents were sent before the transaction; what a sweep has removed since is sent again by the next attempt.</summary>
    static async Task KeepContentsAsync(DeliveryRun run, ITargetTransaction transaction, HashSet<string> references, CancellationToken cancel)
    {
        if (references.Count == 0 || await transaction.KeepAsync(references, cancel) is not { Count: > 0 } missing) return;
        throw new FrontEndException(FrontEndFault.Transient, ErrorCodes.FrontEndFailed, Party.Subscriber,
            $"Subscription {run.Name}: contents of {missing.Count} attachments were removed at {run.Subscription.Target.Connection} before their rows came.", "They are sent again.");
    }

    /// <summary>The log's rows, and what the route makes of them.</summary>
    public async Task<(RowBatch Rows, RoutedBatch Routed)> RoutedAsync(DeliveryRun run, LogBatch batch, CancellationToken cancel)
    {
        var rows = await log.LoadAsync(batch, cancel);
        return (rows, run.Route.Route(rows));
    }

    /// <summary>Applies rows; where the target refuses some, halves until each refused row stands alone.</summary>
    static async Task<ApplyCount> ApplyOrHalveAsync(
        ITargetTransaction transaction, RowBatch rows, int start, int count, IReadOnlyList<int> sourceRows, List<(int Row, IReadOnlyList<BrokenRule> Broken)> refused, CancellationToken cancel)
    {
        if (count == 0) return new ApplyCount(0, 0);
        try
        {
            return await transaction.ApplyAsync(start == 0 && count == rows.Count ? rows : rows.Slice(start, count), cancel);
        }
        catch (FrontEndException fault) when (fault.Fault == FrontEndFault.Row)
        {
            if (count == 1)
            {
                refused.Add((sourceRows[start], [new BrokenRule("target", null, null, fault.Message)]));
                return new ApplyCount(0, 0);
            }

            var half = count / 2;
            var first = await ApplyOrHalveAsync(transaction, rows, start, half, sourceRows, refused, cancel);
            var second = await ApplyOrHalveAsync(transaction, rows, start + half, count - half, sourceRows, refused, cancel);
            return new ApplyCount(first.Upserted + second.Upserted, first.Deleted + second.Deleted);
        }
    }

    async Task NoteAsync(DeliveryRun run, LogBatch batch, RowBatch rows, RoutedBatch routed, List<(int Row, IReadOnlyList<BrokenRule> Broken)> refused, CancellationToken cancel)
    {
        var anyOpen = await quarantine.AnyOpenAsync(batch.Resource, run.Name, cancel);
        if (refused.Count == 0 && !anyOpen) return;
        var keys = run.Resource.Key.Select(rows.Ordinal).ToList();
        var judged = anyOpen ? Enumerable.Range(0, rows.Count).Select(row => RowKey.Text(rows, keys, row)).ToList() : [];
        var entries = refused.Select(row => new QuarantinedRow
        {
            Resource = batch.Resource,
            Subscription = run.Name,
            Key = RowKey.Text(rows, keys, row.Row),
            Values = [.. rows.Columns.Select(column => new KeyValuePair<string, string?>(column.Name, column.TextAt(row.Row)))],
            Broken = row.Broken,
            Batch = batch.Number,
            Run = run.Id,
            RefusedAt = time.GetUtcNow(),
        }).ToList();
        await store.WriteAsync(async session =>
        {
            // A delivery that was overtaken must not judge rows by a batch that the new one has gone beyond.
            await leases.AssertHeldAsync(session, run.Lease, cancel);
            // Closed first, the refused ones too: a batch that is applied again after a lost connection must not leave two open entries of one row.
            if (judged.Count > 0) await quarantine.CloseAsync(session, batch.Resource, run.Name, judged, batch.Number, cancel);
            if (entries.Count > 0) await quarantine.RefuseAsync(session, entries, cancel);
            return 0;
        }, cancel);
    }
}
