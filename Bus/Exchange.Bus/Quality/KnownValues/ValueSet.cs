using Exchange.Bus.Bulk;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Quality.KnownValues;

/// <summary>One built or growing item set of a resource.</summary>
/// <param name="Id">Its id; a set that is built anew gets another.</param>
/// <param name="Items">Items, sorted by name.</param>
internal sealed record ValueSet(long Id, IReadOnlyList<string> Items)
{
    /// <summary>Brings sets up to a batch, in row order: of rows with one key the last counts.</summary>
    public static async Task ApplyAsync(StoreSession session, IReadOnlyList<ValueSet> sets, RowBatch rows, IReadOnlyList<int> keyOrdinals, CancellationToken cancel)
    {
        if (sets.Count == 0 || rows.Count == 0) return;
        var last = new Dictionary<string, int>(rows.Count, StringComparer.Ordinal);
        for (var row = 0; row < rows.Count; row++) last[RowKey.Digest(RowKey.Text(rows, keyOrdinals, row))] = row;
        foreach (var set in sets)
            foreach (var chunk in last.Chunk(ValueTable.Chunk)) await set.ApplyAsync(session, rows, chunk, cancel);
    }

    /// <summary>Removes a set's values a piece at a time, so that no transaction is long. For sets that nobody asks any more.</summary>
    public static async Task RemoveAsync(IStore store, long id, CancellationToken cancel)
    {
        int removed;
        do
        {
            removed = await store.WriteAsync(session => session.ExecuteAsync(
                "DELETE FROM bus_known_value WHERE set_id = @set AND key_digest IN (SELECT key_digest FROM bus_known_value WHERE set_id = @set LIMIT @most)", cancel,
                ("set", id), ("most", ValueTable.Chunk * 4)), cancel);
        }
        while (removed > 0);
    }

    async Task ApplyAsync(StoreSession session, RowBatch rows, KeyValuePair<string, int>[] keys, CancellationToken cancel)
    {
        var ordinals = Items.Select(rows.Ordinal).ToArray();
        var (present, gone) = (new ValueTable("v", "key_digest", "tuple_digest"), new ValueTable("v", "key_digest"));
        foreach (var (key, row) in keys)
        {
            // An item that came into the resource after the batch was cut has no column there: null, as for a delete.
            var held = rows.Operations[row] == RowOperation.Upsert && ordinals.All(at => at >= 0 && !rows.Columns[at].IsNull(row));
            if (held) present.Add(key, RowKey.Digest(RowKey.Text(rows, ordinals, row)));
            else gone.Add(key);
        }

        if (present.Count > 0)
        {
            await session.ExecuteAsync($"""
                INSERT INTO bus_known_value (set_id, key_digest, tuple_digest)
                SELECT @set, key_digest, tuple_digest FROM {present.Sql(session.Engine)} WHERE true
                ON CONFLICT (set_id, key_digest) DO UPDATE SET tuple_digest = excluded.tuple_digest WHERE bus_known_value.tuple_digest <> excluded.tuple_digest
                """, cancel, present.Parameters(session.Engine, ("set", Id)));
        }

        if (gone.Count > 0)
        {
            await session.ExecuteAsync($"DELETE FROM bus_known_value WHERE set_id = @set AND key_digest IN (SELECT key_digest FROM {gone.Sql(session.Engine)})", cancel,
                gone.Parameters(session.Engine, ("set", Id)));
        }
    }
}
