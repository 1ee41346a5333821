using Exchange.Bus.Log;
using Exchange.Bus.Quarantine;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Delivery;

/// <summary>Applies the mark that ends a full: what the full no longer holds goes at the target.</summary>
internal sealed class MarkDelivery(IResourceLog log, IStore store, ILeases leases, IQuarantine quarantine)
{
    /// <summary>Entries of the log that are looked at at once.</summary>
    const int BatchesAtOnce = 1_000;

    /// <summary>Keys that are sent to the target at once.</summary>
    const int SeenAtOnce = 20_000;

    /// <summary>A full has ended: rows of the target that neither it nor anything since has met, and that do not wait in quarantine, are gone at the source.</summary>
    public async Task<ApplyCount> ApplyAsync(DeliveryRun run, ITargetTransaction transaction, LogBatch mark, CancellationToken cancel) =>
        await NothingUnseenAsync(run, transaction, mark, cancel) ? new ApplyCount(0, 0) : (await RemoveUnseenAsync(run, transaction, mark, cancel)).Removed;

    /// <summary>The same by comparing keys; the full's rows need not stand at the target yet. Spared: rows that the full does not hold were left, since their newer versions wait in quarantine.</summary>
    public async Task<(ApplyCount Removed, bool Spared)> RemoveUnseenAsync(DeliveryRun run, ITargetTransaction transaction, LogBatch mark, CancellationToken cancel)
    {
        for (var after = mark.FullStart - 1; ;)
        {
            var batches = await log.ReadAsync(mark.Resource, after, BatchesAtOnce, cancel);
            foreach (var batch in batches.Where(batch => batch.Number < mark.Number && batch.State == BatchState.Visible && batch.Upserts > 0))
                await transaction.AddSeenAsync(Keys(run, run.Route.Route(await log.LoadAsync(batch, cancel)).Rows), cancel);
            if (batches.Count == 0 || batches[^1].Number >= mark.Number) break;
            after = batches[^1].Number;
        }

        if (await quarantine.AnyOpenAsync(mark.Resource, run.Name, cancel))
        {
            await store.WriteAsync(async session =>
            {
                await leases.AssertHeldAsync(session, run.Lease, cancel);
                return await quarantine.CloseOlderAsync(session, mark.Resource, run.Name, mark.FullStart, mark.Number, cancel);
            }, cancel);
        }

        var spared = false;
        foreach (var subscription in new[] { null, run.Name })
        {
            string? after = null;
            while (true)
            {
                var open = await quarantine.OpenKeysAsync(mark.Resource, subscription, after, SeenAtOnce, cancel);
                if (open.Count == 0) break;
                spared = true;
                await transaction.AddSeenAsync(run.Route.TargetKeys(open), cancel);
                after = open[^1];
            }
        }

        return (new ApplyCount(0, await transaction.DeleteUnseenAsync(cancel)), spared);
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
}
