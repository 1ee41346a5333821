using Exchange.Bus.Attachments;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Log;

internal sealed partial class ResourceLog
{
    /// <summary>Batches that are dropped in one transaction.</summary>
    const int DroppedAtOnce = 100;

    public async Task<IReadOnlyList<LogUsage>> UsageAsync(CancellationToken cancel) => await store.ReadAsync(session => session.QueryAsync("""
        SELECT resource, max(number), coalesce(min(CASE WHEN dropped = 0 THEN number END), 0), sum(CASE WHEN dropped = 0 THEN 1 ELSE 0 END),
            CAST(sum(CASE WHEN dropped = 0 THEN payload_bytes ELSE 0 END) AS bigint), sum(CASE WHEN dropped = 0 THEN 0 ELSE 1 END)
        FROM bus_log_batch GROUP BY resource ORDER BY resource
        """, row => new LogUsage(row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5)), cancel), cancel);

    public async Task<long> DropAsync(string resource, long below, DateTimeOffset before, DateTimeOffset discardedBefore, CancellationToken cancel)
    {
        var freed = 0L;
        while (true)
        {
            var (count, bytes) = await store.WriteAsync(session => DropOnceAsync(session, resource, below, before, discardedBefore, cancel), cancel);
            freed += bytes;
            if (count < DroppedAtOnce) return freed;
        }
    }

    async Task<(int Count, long Bytes)> DropOnceAsync(StoreSession session, string resource, long below, DateTimeOffset before, DateTimeOffset discardedBefore, CancellationToken cancel)
    {
        var batches = await session.QueryAsync("""
            SELECT number, file, payload_bytes FROM bus_log_batch
            WHERE resource = @resource AND dropped = 0 AND ((number < @below AND appended_at < @before AND state <> 'pending') OR (state = 'discarded' AND appended_at < @discarded))
            ORDER BY number LIMIT @most
            """, row => (Number: row.GetInt64(0), File: row.IsDBNull(1) ? null : row.GetString(1), Bytes: row.GetInt64(2)), cancel,
            ("resource", resource), ("below", below), ("before", Temporal.Microseconds(before)), ("discarded", Temporal.Microseconds(discardedBefore)), ("most", DroppedAtOnce));
        foreach (var (number, _, _) in batches)
            await session.ExecuteAsync("UPDATE bus_log_batch SET dropped = 1, file = NULL WHERE resource = @resource AND number = @number", cancel, ("resource", resource), ("number", number));
        await ContentUses.DropAsync(session, resource, [.. batches.Select(batch => batch.Number)], time.GetUtcNow(), cancel);
        await place.DropAsync(session, resource, [.. batches.Select(batch => (batch.Number, batch.File))], cancel);
        return (batches.Count, batches.Sum(batch => batch.Bytes));
    }
}
