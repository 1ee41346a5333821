using Exchange.Bus.Bulk;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Log;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Quality.KnownValues;

/// <inheritdoc cref="IKnownValues"/>
/// <remarks>Safe for concurrent callers. Keys and tuples stand as digests (128 bits of SHA-256); values are never kept.</remarks>
internal sealed class StoredKnownValues(IStore store, IResourceLog log, ICatalogue catalogue) : IKnownValues
{
    /// <summary>States of a set besides 0, being rebuilt, and 1, built: filled by a full that takes the place of all rows; replaced, its values to be removed.</summary>
    const int Filling = 2, Gone = 3;

    /// <summary>Until the transaction ends no other appender of the resource, and no rebuild's last step, gets past this point.</summary>
    public static Task<int> HoldAsync(StoreSession session, string resource, CancellationToken cancel) => session.ExecuteAsync("""
        INSERT INTO bus_known_resource (resource, changes) VALUES (@resource, 1)
        ON CONFLICT (resource) DO UPDATE SET changes = bus_known_resource.changes + 1
        """, cancel, ("resource", resource));

    public Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> FindAsync(string resource, IReadOnlyList<string> items, IReadOnlyCollection<string> tuples, bool own, CancellationToken cancel) =>
        store.ReadAsync<IReadOnlyDictionary<string, IReadOnlyList<string>>>(async session =>
        {
            if (!await IsBuiltAsync(session, resource, items, cancel))
                throw new InvalidOperationException($"The known values of resource '{resource}' over {string.Join(", ", items)} are not built.");
            var found = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
            foreach (var chunk in tuples.Distinct(StringComparer.Ordinal).Chunk(ValueTable.Chunk))
            {
                var byDigest = chunk.ToDictionary(RowKey.Digest, StringComparer.Ordinal);
                foreach (var (tuple, keys) in await FindAsync(session, resource, items, byDigest.Keys, own, cancel)) found[byDigest[tuple]] = keys;
            }

            return found;
        }, cancel);

    public async Task ApplyAsync(StoreSession session, string resource, IReadOnlyList<IReadOnlyList<string>> itemSets, RowBatch rows, IReadOnlyList<int> keyOrdinals, CancellationToken cancel)
    {
        await HoldAsync(session, resource, cancel);
        // What is built counts, not what the caller knows of: its catalogue may be older than a rule that another process has just built a set for.
        var sets = await session.QueryAsync("SELECT id, items FROM bus_known_set WHERE resource = @resource AND built IN (1, 2) ORDER BY id",
            row => new ValueSet(row.GetInt64(0), [.. RowKey.Values(row.GetString(1)).Select(item => item!)]), cancel, ("resource", resource));
        await ValueSet.ApplyAsync(session, sets, rows, keyOrdinals, cancel);
    }

    public async Task BeginFillingAsync(StoreSession session, string resource, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel)
    {
        await AbandonFillingAsync(session, resource, cancel);
        foreach (var items in itemSets)
            await session.ExecuteAsync($"INSERT INTO bus_known_set (resource, items, built) VALUES (@resource, @items, {Filling})", cancel, ("resource", resource), ("items", RowKey.Text(items)));
    }

    public async Task AbandonFillingAsync(StoreSession session, string resource, CancellationToken cancel)
    {
        await HoldAsync(session, resource, cancel);
        await session.ExecuteAsync($"UPDATE bus_known_set SET built = {Gone} WHERE resource = @resource AND built = {Filling}", cancel, ("resource", resource));
    }

    public async Task EndFillingAsync(StoreSession session, string resource, CancellationToken cancel)
    {
        await HoldAsync(session, resource, cancel);
        await session.ExecuteAsync($"""
            UPDATE bus_known_set SET built = {Gone} WHERE resource = @resource AND built = 1
                AND items IN (SELECT items FROM bus_known_set WHERE resource = @resource AND built = {Filling})
            """, cancel, ("resource", resource));
        await session.ExecuteAsync($"UPDATE bus_known_set SET built = 1 WHERE resource = @resource AND built = {Filling}", cancel, ("resource", resource));
    }

    public async Task SweepAsync(CancellationToken cancel)
    {
        foreach (var id in await store.ReadAsync(session => session.QueryAsync($"SELECT id FROM bus_known_set WHERE built = {Gone}", row => row.GetInt64(0), cancel), cancel))
        {
            await ValueSet.RemoveAsync(store, id, cancel);
            await store.WriteAsync(session => session.ExecuteAsync($"DELETE FROM bus_known_set WHERE id = @id AND built = {Gone}", cancel, ("id", id)), cancel);
        }
    }

    public async Task RebuildAsync(string resource, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel)
    {
        if (itemSets.Count == 0) return;
        if (!(await catalogue.ReadAsync(cancel)).Resources.TryGetValue(resource, out var entry))
            throw new ExchangeException(ErrorCodes.ResourceUnknown, Party.Caller, $"There is no resource '{resource}'.", "Apply its manifest, or look at exchange get resource.");
        await new Rebuild(store, log, resource, entry.Key).RunAsync(itemSets, cancel);
    }

    public Task<bool> IsBuiltAsync(string resource, IReadOnlyList<string> items, CancellationToken cancel) =>
        store.ReadAsync(session => IsBuiltAsync(session, resource, items, cancel), cancel);

    static async Task<bool> IsBuiltAsync(StoreSession session, string resource, IReadOnlyList<string> items, CancellationToken cancel) =>
        await session.ScalarAsync<long?>("SELECT 1 FROM bus_known_set WHERE resource = @resource AND items = @items AND built = 1", cancel,
            ("resource", resource), ("items", RowKey.Text(items))) is not null;

    /// <summary>Set and values in one statement: a rebuild that replaces the set between two would leave the second without values.</summary>
    static Task<List<(string Tuple, IReadOnlyList<string> Keys)>> FindAsync(StoreSession session, string resource, IReadOnlyList<string> items, IEnumerable<string> tuples, bool own, CancellationToken cancel)
    {
        var table = ValueTable.Of("v", "tuple_digest", tuples);
        return session.QueryAsync($"""
            SELECT k.tuple_digest, min(k.key_digest), max(k.key_digest)
            FROM bus_known_set s
            JOIN bus_known_value k ON k.set_id = s.id
            WHERE s.id = (SELECT id FROM bus_known_set WHERE resource = @resource AND items = @items AND (built = 1 OR (built = {Filling} AND @own = 1)) ORDER BY built DESC LIMIT 1) AND k.tuple_digest IN (SELECT tuple_digest FROM {table.Sql(session.Engine)})
            GROUP BY k.tuple_digest
            """, row => (row.GetString(0), Keys(row.GetString(1), row.GetString(2))), cancel, table.Parameters(session.Engine, ("resource", resource), ("items", RowKey.Text(items)), ("own", own)));
    }

    static IReadOnlyList<string> Keys(string smallest, string largest) => smallest == largest ? [smallest] : [smallest, largest];
}
