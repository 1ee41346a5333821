using Exchange.Bus.Bulk;
using Exchange.Bus.Quality.Rules;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Quarantine;

/// <inheritdoc cref="IQuarantine"/>
/// <remarks>
/// Safe for concurrent callers. Killed between writing at the provider and <see cref="PushedBackAsync"/>, the next <see cref="ToPushBackAsync"/> gives the same entries
/// with the same ids again. Closing writes the closing batch into a row's errors too: recording a push-back then sees it in the row that it locks.
/// </remarks>
internal sealed class StoredQuarantine(IStore store, TimeProvider time) : IQuarantine
{
    public async Task<int> RefuseAsync(StoreSession session, IReadOnlyList<QuarantinedRow> rows, CancellationToken cancel)
    {
        var kept = new HashSet<QuarantinedRow>(ReferenceEqualityComparer.Instance);
        foreach (var group in rows.Where(row => row.Key is not null).GroupBy(row => (row.Resource, row.Subscription, row.Batch, row.Run)))
        {
            var (resource, subscription, batch, run) = group.Key;
            foreach (var chunk in group.Chunk(ValueTable.Chunk)) kept.UnionWith(await new StandingRefusals(session).KeepAsync(chunk, cancel));
            // Rows refused together stay open together: two rows of one page may share a key, and both are told to the provider.
            await CloseKeysAsync(session, resource, subscription, group.Select(row => row.Key!), batch, " AND NOT (batch = @batch AND run = @run)", run, cancel);
        }

        await new Refusal(session, time).WriteAsync(kept.Count == 0 ? rows : [.. rows.Where(row => !kept.Contains(row))], cancel);
        return rows.Count - kept.Count;
    }

    public Task<long> CloseAsync(StoreSession session, string resource, string? subscription, IReadOnlyCollection<string> keys, long batch, CancellationToken cancel) =>
        CloseKeysAsync(session, resource, subscription, keys, batch, "", run: 0, cancel);

    public Task<long> CloseStaleAsync(StoreSession session, string resource, long fullRun, long batch, CancellationToken cancel) =>
        // A key that the full met was refused anew or accepted; either closed its older entries. What is still open from before was not met.
        CloseWhereAsync(session, "resource = @resource AND subscription = '' AND closed_batch IS NULL AND run < @run", "", batch, pushed: true, [("resource", resource), ("run", fullRun)], cancel);

    public Task<long> CloseOlderAsync(StoreSession session, string resource, string subscription, long fullStart, long batch, CancellationToken cancel) =>
        CloseWhereAsync(session, "resource = @resource AND subscription = @subscription AND closed_batch IS NULL AND batch < @start", "", batch, pushed: false,
            [("resource", resource), ("subscription", subscription), ("start", fullStart)], cancel);

    public Task<(long Codes, long All)> BrokenInRunAsync(string resource, long run, CancellationToken cancel) => store.ReadAsync(async session => (await session.QueryAsync("""
        SELECT coalesce(sum(CASE WHEN e.rule = @codes THEN 1 ELSE 0 END), 0), count(*)
        FROM bus_quarantine q JOIN bus_quarantine_error e ON e.row_id = q.id
        WHERE q.resource = @resource AND q.subscription = '' AND q.closed_batch IS NULL AND q.run = @run
        """, row => (row.GetInt64(0), row.GetInt64(1)), cancel, ("codes", CodeSetRule.Name), ("resource", resource), ("run", run)))[0], cancel);

    public Task<bool> AnyOpenAsync(string resource, string? subscription, CancellationToken cancel) => store.ReadAsync(async session =>
        await session.ScalarAsync<long?>("SELECT 1 FROM bus_quarantine WHERE resource = @resource AND subscription = @subscription AND closed_batch IS NULL LIMIT 1", cancel,
            ("resource", resource), ("subscription", subscription ?? "")) is not null, cancel);

    public async Task<IReadOnlyList<string>> OpenKeysAsync(string resource, string? subscription, string? after, int most, CancellationToken cancel) => await store.ReadAsync(session =>
        session.QueryAsync("""
            SELECT DISTINCT key_text FROM bus_quarantine
            WHERE resource = @resource AND subscription = @subscription AND closed_batch IS NULL AND key_text > @after
            ORDER BY key_text LIMIT @most
            """, row => row.GetString(0), cancel, ("resource", resource), ("subscription", subscription ?? ""), ("after", after ?? ""), ("most", most)), cancel);

    public async Task<IReadOnlyList<string>> KeysToJudgeAgainAsync(string resource, int most, CancellationToken cancel) => await store.ReadAsync(session =>
        session.QueryAsync("""
            SELECT DISTINCT q.key_text
            FROM bus_quarantine_dependency d
            JOIN bus_quarantine_error e ON e.resource = @resource AND e.depends_on = d.name AND e.version < d.version AND e.closed_batch IS NULL AND e.depends_on IS NOT NULL
            JOIN bus_quarantine q ON q.id = e.row_id
            WHERE q.subscription = '' AND q.key_text IS NOT NULL
            LIMIT @most
            """, row => row.GetString(0), cancel, ("resource", resource), ("most", most)), cancel);

    public Task<IReadOnlyDictionary<string, long>> DependencyVersionsAsync(CancellationToken cancel) =>
        store.ReadAsync<IReadOnlyDictionary<string, long>>(async session => await DependencyVersions.ReadAsync(session, cancel), cancel);

    public Task GrownAsync(StoreSession session, string dependency, CancellationToken cancel) => DependencyVersions.GrowAsync(session, dependency, cancel);

    public Task<IReadOnlyList<PushBackEntry>> ToPushBackAsync(string resource, int most, CancellationToken cancel) => store.ReadAsync<IReadOnlyList<PushBackEntry>>(async session =>
    {
        var due = await session.QueryAsync($"""
            SELECT {RowText.ErrorColumns}, error_id, closed_batch, written FROM bus_quarantine_error WHERE resource = @resource AND due = 1 ORDER BY id LIMIT @most
            """, row => (Error: RowText.Error(row), Id: row.GetString(5), Closed: row.IsDBNull(6) ? (long?)null : row.GetInt64(6), Written: row.GetInt64(7) != 0), cancel,
            ("resource", resource), ("most", most));
        if (due.Count == 0) return [];
        var ids = Ids(due.Select(entry => entry.Error.RowId).Distinct());
        var rows = await session.QueryAsync($"SELECT {RowText.RowColumns} FROM bus_quarantine WHERE id IN (SELECT id FROM {ids.Sql(session.Engine)})", RowText.Row, cancel, ids.Parameters(session.Engine));
        var whole = (await WithErrorsAsync(session, rows, cancel)).ToDictionary(row => row.Id);
        return [.. due.Select(entry => new PushBackEntry(entry.Id, whole[entry.Error.RowId], entry.Error.Broken, entry.Closed, entry.Written))];
    }, cancel);

    public Task PushedBackAsync(IReadOnlyList<PushBackEntry> entries, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        foreach (var chunk in entries.Chunk(ValueTable.Chunk))
        {
            var table = new ValueTable("v", "error_id", "closed#");
            foreach (var entry in chunk) table.Add(entry.ErrorId, entry.ClosedBatch is null ? 0L : 1L);
            await session.ExecuteAsync($"""
                UPDATE bus_quarantine_error SET
                    written = 1,
                    closed_written = CASE WHEN v.closed = 1 THEN 1 ELSE closed_written END,
                    due = CASE WHEN v.closed = 1 OR closed_batch IS NULL THEN 0 ELSE 1 END
                FROM {table.Sql(session.Engine)} WHERE bus_quarantine_error.error_id = v.error_id AND closed_written = 0
                """, cancel, table.Parameters(session.Engine));
        }

        return 0;
    }, cancel);

    public Task<IReadOnlyList<QuarantinedRow>> ListAsync(string? resource, string? subscription, bool openOnly, int most, CancellationToken cancel) => store.ReadAsync<IReadOnlyList<QuarantinedRow>>(async session =>
    {
        List<(string Name, object? Value)> parameters = [("most", most)];
        var condition = openOnly ? "closed_batch IS NULL" : "1 = 1";
        if (resource is not null)
        {
            condition += " AND resource = @resource";
            parameters.Add(("resource", resource));
        }

        if (subscription is not null)
        {
            condition += " AND subscription = @subscription";
            parameters.Add(("subscription", subscription));
        }

        var rows = await session.QueryAsync($"SELECT {RowText.RowColumns} FROM bus_quarantine WHERE {condition} ORDER BY id DESC LIMIT @most", RowText.Row, cancel, [.. parameters]);
        return await WithErrorsAsync(session, rows, cancel);
    }, cancel);

    static async Task<List<QuarantinedRow>> WithErrorsAsync(StoreSession session, List<QuarantinedRow> rows, CancellationToken cancel)
    {
        if (rows.Count == 0) return rows;
        var ids = Ids(rows.Select(row => row.Id));
        var errors = await session.QueryAsync($"SELECT {RowText.ErrorColumns} FROM bus_quarantine_error WHERE row_id IN (SELECT id FROM {ids.Sql(session.Engine)}) ORDER BY id",
            row => RowText.Error(row), cancel, ids.Parameters(session.Engine));
        var byRow = errors.ToLookup(error => error.RowId, error => error.Broken);
        return [.. rows.Select(row => row with { Broken = [.. byRow[row.Id]] })];
    }

    async Task<long> CloseKeysAsync(StoreSession session, string resource, string? subscription, IEnumerable<string> keys, long batch, string but, long run, CancellationToken cancel)
    {
        var closed = 0L;
        foreach (var chunk in keys.Chunk(ValueTable.Chunk))
        {
            var digests = ValueTable.Of("v", "digest", chunk.Select(RowKey.Digest));
            closed += await CloseWhereAsync(session,
                "resource = @resource AND subscription = @subscription AND closed_batch IS NULL AND key_digest IN (SELECT digest FROM " + digests.Sql(session.Engine) + ")", but, batch,
                pushed: subscription is null, digests.Parameters(session.Engine, ("resource", resource), ("subscription", subscription ?? ""), ("run", run)), cancel);
        }

        return closed;
    }

    async Task<long> CloseWhereAsync(StoreSession session, string condition, string but, long batch, bool pushed, (string Name, object? Value)[] parameters, CancellationToken cancel)
    {
        await session.ExecuteAsync($"""
            UPDATE bus_quarantine_error SET closed_batch = @batch, due = @due
            WHERE closed_batch IS NULL AND row_id IN (SELECT id FROM bus_quarantine WHERE {condition}{but})
            """, cancel, [.. parameters, ("batch", batch), ("due", pushed)]);
        return await session.ExecuteAsync($"UPDATE bus_quarantine SET closed_batch = @batch, closed_at = @now WHERE {condition}{but}", cancel,
            [.. parameters, ("batch", batch), ("now", Temporal.Microseconds(time.GetUtcNow()))]);
    }

    static ValueTable Ids(IEnumerable<long> ids)
    {
        var table = new ValueTable("v", "id#");
        foreach (var id in ids) table.Add(id);
        return table;
    }
}
