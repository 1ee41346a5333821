using System.Diagnostics;
using Exchange.Bus.Intake;
using Exchange.Bus.Log;
using Exchange.Bus.Quarantine;
using Exchange.Bus.Transformation;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Delivery;

/// <summary>
/// Applies batches of a log to a target, each once: rows and the ledger entry in one transaction of the target. Rows that the target refuses are found by halving,
/// put into quarantine for this subscription alone, and the rest goes on. What is refused is noted in the hub before the target commits: killed between, the
/// batch is applied again and refuses the same rows again.
/// </summary>
internal sealed class BatchDelivery(IResourceLog log, IStore store, ILeases leases, IQuarantine quarantine, TimeProvider time, ExchangeSteps steps)
{
    /// <summary>Small batches are joined up to about this many rows in one transaction of the target.</summary>
    const long RowsAtOnce = 20_000;

    /// <summary>Entries of the log that are looked at at once.</summary>
    const int BatchesAtOnce = 1_000;

    /// <summary>Keys that are sent to the target at once when a full's mark is applied.</summary>
    const int SeenAtOnce = 20_000;

    /// <summary>Applies the first batches of <paramref name="waiting"/> (all visible or discarded, in order, at least one). Answers the last one that was applied or passed over.</summary>
    public async Task<LogBatch> ApplyAsync(DeliveryRun run, IReadOnlyList<LogBatch> waiting, CancellationToken cancel)
    {
        var waited = Stopwatch.StartNew();
        await using var transaction = await run.Database.Target.BeginAsync(run.Route.Target, cancel);
        var last = await LockedAsync(run, transaction, cancel);
        var batches = Joined(waiting.Where(batch => last is null || batch.Number > last.Batch));
        if (batches.Count == 0) return waiting[^1];
        var done = run.Record;
        foreach (var batch in batches.Where(batch => batch.State == BatchState.Visible))
        {
            var next = waiting.FirstOrDefault(other => other.Number > batch.Number && other is { State: BatchState.Visible, Kind: not BatchKind.Mark });
            var (count, refused) = batch.Kind == BatchKind.Mark ? (await ApplyMarkAsync(run, transaction, batch, cancel), 0) : await ApplyRowsAsync(run, transaction, batch, next, cancel);
            await transaction.WriteLedgerAsync(new LedgerEntry(batch.Number, KindText(batch.Kind), count.Upserted, count.Deleted, batch.Digest, time.GetUtcNow()), cancel);
            done = done with
            {
                DeliveredUpserts = done.DeliveredUpserts + count.Upserted,
                DeliveredDeletes = done.DeliveredDeletes + count.Deleted,
                Rejected = done.Rejected + refused,
                Batches = done.Batches + 1,
                Bytes = done.Bytes + batch.PayloadBytes,
            };
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
    async Task<LedgerEntry?> LockedAsync(DeliveryRun run, ITargetTransaction transaction, CancellationToken cancel)
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

    async Task<(ApplyCount Count, int Refused)> ApplyRowsAsync(DeliveryRun run, ITargetTransaction transaction, LogBatch batch, LogBatch? next, CancellationToken cancel)
    {
        var ahead = run.Ahead;
        run.Ahead = null;
        var (rows, routed) = ahead?.Number == batch.Number ? await ahead.Work : await RoutedAsync(run, batch, cancel);
        // The target works at this batch while the hub works at the next one.
        if (next is not null) run.Ahead = new RoutedAhead(next.Number, Task.Run(() => RoutedAsync(run, next, cancel), cancel));
        var refused = routed.Refused.ToList();
        var count = await ApplyOrHalveAsync(transaction, routed.Rows, 0, routed.Rows.Count, routed.SourceRows, refused, cancel);
        await NoteAsync(run, batch, rows, routed, refused, cancel);
        return (count, refused.Count);
    }

    async Task<(RowBatch Rows, RoutedBatch Routed)> RoutedAsync(DeliveryRun run, LogBatch batch, CancellationToken cancel)
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
            // Closed first, the refused ones too: a batch that is applied again after a lost connection must not leave two open entries of one row.
            if (judged.Count > 0) await quarantine.CloseAsync(session, batch.Resource, run.Name, judged, batch.Number, cancel);
            if (entries.Count > 0) await quarantine.RefuseAsync(session, entries, cancel);
            return 0;
        }, cancel);
    }

    /// <summary>A full has ended: rows of the target that neither it nor anything since has met, and that do not wait in quarantine, are gone at the source.</summary>
    async Task<ApplyCount> ApplyMarkAsync(DeliveryRun run, ITargetTransaction transaction, LogBatch mark, CancellationToken cancel)
    {
        if (await NothingUnseenAsync(run, transaction, mark, cancel)) return new ApplyCount(0, 0);
        for (var after = mark.FullStart - 1; ;)
        {
            var batches = await log.ReadAsync(mark.Resource, after, 100, cancel);
            foreach (var batch in batches.Where(batch => batch.Number < mark.Number && batch.State == BatchState.Visible && batch.Upserts > 0))
                await transaction.AddSeenAsync(Keys(run, run.Route.Route(await log.LoadAsync(batch, cancel)).Rows), cancel);
            if (batches.Count == 0 || batches[^1].Number >= mark.Number) break;
            after = batches[^1].Number;
        }

        if (await quarantine.AnyOpenAsync(mark.Resource, run.Name, cancel))
            await store.WriteAsync(session => quarantine.CloseOlderAsync(session, mark.Resource, run.Name, mark.FullStart, mark.Number, cancel), cancel);
        foreach (var subscription in new[] { null, run.Name })
        {
            string? after = null;
            while (true)
            {
                var open = await quarantine.OpenKeysAsync(mark.Resource, subscription, after, SeenAtOnce, cancel);
                if (open.Count == 0) break;
                await transaction.AddSeenAsync(run.Route.TargetKeys(open), cancel);
                after = open[^1];
            }
        }

        return new ApplyCount(0, await transaction.DeleteUnseenAsync(cancel));
    }

    /// <summary>
    /// Whether counting alone shows that nothing is to be deleted: the full's rows were all applied here, so where the table holds just as many rows, it holds those. Only when
    /// nothing has changed since the full began and no row of it was kept back by filter, map or target; else the keys themselves are compared.
    /// </summary>
    async Task<bool> NothingUnseenAsync(DeliveryRun run, ITargetTransaction transaction, LogBatch mark, CancellationToken cancel)
    {
        if (!run.Route.TakesEveryRow || await quarantine.AnyOpenAsync(mark.Resource, run.Name, cancel)) return false;
        var rows = 0L;
        for (var after = mark.FullStart - 1; after < mark.Number - 1;)
        {
            var batches = await log.ReadAsync(mark.Resource, after, BatchesAtOnce, cancel);
            foreach (var batch in batches.Where(batch => batch.Number < mark.Number && batch.State == BatchState.Visible))
            {
                if (batch.Kind != BatchKind.Snapshot && batch.Upserts + batch.Deletes > 0) return false;
                rows += batch.Upserts;
            }

            if (batches.Count == 0) break;
            after = batches[^1].Number;
        }

        return await transaction.CountAsync(cancel) == rows;
    }

    static RowBatch Keys(DeliveryRun run, RowBatch rows)
    {
        var ordinals = run.Route.Target.Key.Select(rows.Ordinal).ToList();
        var keys = RowBatch.Empty(ordinals.Select(at => (rows.Columns[at].Name, rows.Columns[at].Type)), rows.Count);
        for (var row = 0; row < rows.Count; row++)
        {
            if (rows.Operations[row] == RowOperation.Delete) continue;
            for (var at = 0; at < ordinals.Count; at++) keys.Columns[at].AppendFrom(rows.Columns[ordinals[at]], row);
            keys.EndRow();
        }

        return keys;
    }

    static string KindText(BatchKind kind) => kind switch { BatchKind.Snapshot => "snapshot", BatchKind.Mark => "mark", _ => "change" };
}
