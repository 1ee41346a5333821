using System.Globalization;
using Exchange.Bus.Bulk;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Quarantine;

/// <summary>Writes rows that were refused together: statements by chunk, none by row.</summary>
internal sealed class Refusal(StoreSession session, TimeProvider time)
{
    /// <summary>Text of refused rows in one statement; cells may be megabytes.</summary>
    const long ChunkCharacters = 4 * 1024 * 1024;

    public async Task WriteAsync(IReadOnlyList<QuarantinedRow> rows, CancellationToken cancel)
    {
        var versions = await VersionsAsync(rows, cancel);
        var uids = new string[rows.Count];
        var table = new ValueTable("v", "resource", "subscription", "key_text", "key_digest", "row_values", "batch#", "run#", "refused_at#", "uid");
        var (start, characters) = (0, 0L);
        for (var at = 0; at < rows.Count; at++)
        {
            var (row, values) = (rows[at], RowText.Values(rows[at]));
            uids[at] = Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
            table.Add(row.Resource, row.Subscription ?? "", row.Key, row.Key is null ? null : RowKey.Digest(row.Key), values, row.Batch, row.Run, Temporal.Microseconds(row.RefusedAt), uids[at]);
            characters += values.Length;
            if (table.Count < ValueTable.Chunk && characters < ChunkCharacters && at < rows.Count - 1) continue;
            var ids = await InsertRowsAsync(table, cancel);
            await InsertErrorsAsync(rows, uids, start, at + 1, ids, versions, cancel);
            table.Clear();
            (start, characters) = (at + 1, 0);
        }
    }

    async Task<Dictionary<string, long>> InsertRowsAsync(ValueTable table, CancellationToken cancel)
    {
        var inserted = await session.QueryAsync($"""
            INSERT INTO bus_quarantine (resource, subscription, key_text, key_digest, row_values, batch, run, refused_at, uid)
            SELECT resource, subscription, key_text, key_digest, row_values, batch, run, refused_at, uid FROM {table.Sql(session.Engine)}
            RETURNING uid, id
            """, row => (row.GetString(0), row.GetInt64(1)), cancel, table.Parameters(session.Engine));
        return inserted.ToDictionary(row => row.Item1, row => row.Item2, StringComparer.Ordinal);
    }

    async Task InsertErrorsAsync(IReadOnlyList<QuarantinedRow> rows, string[] uids, int from, int to, Dictionary<string, long> ids, Dictionary<string, long> versions, CancellationToken cancel)
    {
        var table = new ValueTable("v", "row_id#", "resource", "error_id", "rule", "item", "detail", "depends_on", "version#", "due#");
        var characters = 0L;
        for (var at = from; at < to; at++)
        {
            var row = rows[at];
            for (var error = 0; error < row.Broken.Count; error++)
            {
                var (broken, detail) = (row.Broken[error], RowText.Detail(row.Broken[error]));
                var version = broken.DependsOn is null ? 0 : (row.JudgedAgainst ?? versions).GetValueOrDefault(broken.DependsOn);
                // What one subscription's map or target refuses is no fault of the provider's row: it is not pushed back.
                var due = row.Subscription is null ? 1L : 0L;
                table.Add(ids[uids[at]], row.Resource, string.Create(CultureInfo.InvariantCulture, $"{uids[at]}-{error + 1}"), broken.Rule, broken.Item, detail, broken.DependsOn, version, due);
                characters += detail.Length;
            }

            if (table.Count == 0 || (table.Count < ValueTable.Chunk && characters < ChunkCharacters && at < to - 1)) continue;
            await session.ExecuteAsync($"""
                INSERT INTO bus_quarantine_error (row_id, resource, error_id, rule, item, detail, depends_on, version, due, written, closed_written)
                SELECT row_id, resource, error_id, rule, item, detail, depends_on, version, due, 0, 0 FROM {table.Sql(session.Engine)}
                """, cancel, table.Parameters(session.Engine));
            table.Clear();
            characters = 0;
        }
    }

    async Task<Dictionary<string, long>> VersionsAsync(IReadOnlyList<QuarantinedRow> rows, CancellationToken cancel)
    {
        if (!rows.Any(row => row.JudgedAgainst is null && row.Broken.Any(broken => broken.DependsOn is not null))) return [];
        return await DependencyVersions.ReadAsync(session, cancel);
    }
}
