using Exchange.Bus.Log;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Quality.KnownValues;

/// <summary>
/// Builds item sets of one resource anew under new ids, from the log, then puts them in the old ones' place. One batch in memory, one transaction a batch. The last step
/// holds off appenders (<see cref="StoredKnownValues.HoldAsync"/>) while it sees that no batch is missing.
/// </summary>
internal sealed class Rebuild(IStore store, IResourceLog log, string resource, IReadOnlyList<string> key)
{
    const int Page = 100;

    public async Task RunAsync(IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel)
    {
        var sets = await BeginAsync(itemSets, cancel);
        var mark = await log.NewestMarkAsync(resource, cancel);
        var done = Math.Max(mark?.FullStart ?? 1, 1) - 1;
        List<long>? replaced = null;
        while (replaced is null)
        {
            done = await CatchUpAsync(sets, done, cancel);
            replaced = await TryReplaceAsync(sets, done, cancel);
        }

        foreach (var id in replaced) await ValueSet.RemoveAsync(store, id, cancel);
    }

    /// <summary>New sets beside the built ones; what a killed rebuild left goes.</summary>
    async Task<List<ValueSet>> BeginAsync(IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel)
    {
        var (sets, left) = await store.WriteAsync(async session =>
        {
            var (begun, abandoned) = (new List<ValueSet>(), new List<long>());
            foreach (var items in itemSets)
            {
                var name = RowKey.Text(items);
                abandoned.AddRange(await session.QueryAsync("DELETE FROM bus_known_set WHERE resource = @resource AND items = @items AND built = 0 RETURNING id", row => row.GetInt64(0), cancel,
                    ("resource", resource), ("items", name)));
                var id = await session.ScalarAsync<long>("INSERT INTO bus_known_set (resource, items, built) VALUES (@resource, @items, 0) RETURNING id", cancel,
                    ("resource", resource), ("items", name));
                begun.Add(new ValueSet(id, items));
            }

            return (begun, abandoned);
        }, cancel);
        foreach (var id in left) await ValueSet.RemoveAsync(store, id, cancel);
        return sets;
    }

    /// <returns>The number of the last batch that was taken up.</returns>
    async Task<long> CatchUpAsync(List<ValueSet> sets, long done, CancellationToken cancel)
    {
        while (await log.ReadAsync(resource, done, Page, cancel) is { Count: > 0 } batches)
        {
            foreach (var batch in batches)
            {
                if (batch.State != BatchState.Discarded && batch.Upserts + batch.Deletes > 0) await TakeUpAsync(sets, batch, cancel);
                done = batch.Number;
            }
        }

        return done;
    }

    async Task TakeUpAsync(List<ValueSet> sets, LogBatch batch, CancellationToken cancel)
    {
        var rows = await log.LoadAsync(batch, cancel);
        var keyOrdinals = key.Select(rows.Ordinal).ToArray();
        if (keyOrdinals.Contains(-1))
        {
            throw new ExchangeException(ErrorCodes.ResourceHeld, Party.Hub, $"Batch {batch.Number} of resource '{resource}' lacks an item of the key ({string.Join(", ", key)}): the key was changed since.",
                "Read the resource anew: exchange sync SUBSCRIPTION --full.");
        }

        await store.WriteAsync(async session =>
        {
            await AssertMineAsync(session, sets, cancel);
            await ValueSet.ApplyAsync(session, sets, rows, keyOrdinals, cancel);
            return 0;
        }, cancel);
    }

    /// <returns>Ids of the sets that were replaced, or null when batches were appended meanwhile.</returns>
    Task<List<long>?> TryReplaceAsync(List<ValueSet> sets, long done, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        await StoredKnownValues.HoldAsync(session, resource, cancel);
        var head = await session.ScalarAsync<long?>("SELECT number FROM bus_log_head WHERE resource = @resource", cancel, ("resource", resource));
        if (head > done) return null;
        await AssertMineAsync(session, sets, cancel);
        var replaced = new List<long>();
        foreach (var set in sets)
        {
            replaced.AddRange(await session.QueryAsync("DELETE FROM bus_known_set WHERE resource = @resource AND items = @items AND built = 1 RETURNING id", row => row.GetInt64(0), cancel,
                ("resource", resource), ("items", RowKey.Text(set.Items))));
            await session.ExecuteAsync("UPDATE bus_known_set SET built = 1 WHERE id = @id", cancel, ("id", set.Id));
        }

        return replaced;
    }, cancel);

    async Task AssertMineAsync(StoreSession session, List<ValueSet> sets, CancellationToken cancel)
    {
        foreach (var set in sets)
        {
            if (await session.ExecuteAsync("UPDATE bus_known_set SET built = 0 WHERE id = @id AND built = 0", cancel, ("id", set.Id)) == 1) continue;
            throw new ExchangeException(ErrorCodes.LeaseBusy, Party.Hub, $"Another process is building the known values of resource '{resource}'.", "Try again when it has ended.");
        }
    }
}
