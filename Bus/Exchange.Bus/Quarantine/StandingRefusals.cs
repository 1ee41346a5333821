using Exchange.Bus.Bulk;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Quarantine;

/// <summary>
/// Rows that are refused again just as they stand in quarantine, with the same values and for the same reasons (each full judges them anew, each growth of what they
/// wait for too): their entries stay open, so that the provider is told once, and count as judged by the newest batch and against the newest versions.
/// </summary>
internal sealed class StandingRefusals(StoreSession session)
{
    /// <summary>Keeps the entries of such rows; answers the rows.</summary>
    /// <param name="rows">Of one resource, subscription, batch and run, with keys.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<IReadOnlyList<QuarantinedRow>> KeepAsync(IReadOnlyList<QuarantinedRow> rows, CancellationToken cancel)
    {
        var (resource, subscription, batch, run) = (rows[0].Resource, rows[0].Subscription ?? "", rows[0].Batch, rows[0].Run);
        var standing = await StandingAsync(resource, subscription, rows, cancel);
        var kept = new List<(long Id, QuarantinedRow Row)>();
        foreach (var alike in rows.GroupBy(row => row.Key!, StringComparer.Ordinal))
            if (alike.Count() == 1 && standing[alike.Key].ToList() is [var entry] && entry.Form == Form(alike.First()) && alike.First().JudgedAgainst is not null) kept.Add((entry.Id, alike.First()));
        if (kept.Count == 0) return [];

        var ids = Table(kept);
        await session.ExecuteAsync($"UPDATE bus_quarantine SET batch = @batch, run = @run WHERE id IN (SELECT id FROM {ids.Sql(session.Engine)})", cancel,
            ids.Parameters(session.Engine, ("batch", batch), ("run", run)));
        foreach (var group in kept.SelectMany(entry => entry.Row.Broken.Select(broken => broken.DependsOn).OfType<string>().Distinct()
            .Select(name => (entry.Id, entry.Row, Name: name, Version: entry.Row.JudgedAgainst!.GetValueOrDefault(name)))).GroupBy(entry => (entry.Name, entry.Version)))
        {
            var judged = Table(group.Select(entry => (entry.Id, entry.Row)));
            await session.ExecuteAsync($"UPDATE bus_quarantine_error SET version = @version WHERE depends_on = @name AND closed_batch IS NULL AND row_id IN (SELECT id FROM {judged.Sql(session.Engine)})", cancel,
                judged.Parameters(session.Engine, ("version", group.Key.Version), ("name", group.Key.Name)));
        }

        return [.. kept.Select(entry => entry.Row)];
    }

    async Task<ILookup<string, (long Id, string Form)>> StandingAsync(string resource, string subscription, IReadOnlyList<QuarantinedRow> rows, CancellationToken cancel)
    {
        var digests = ValueTable.Of("v", "digest", rows.Select(row => RowKey.Digest(row.Key!)));
        var open = $"resource = @resource AND subscription = @subscription AND closed_batch IS NULL AND key_digest IN (SELECT digest FROM {digests.Sql(session.Engine)})";
        var parameters = digests.Parameters(session.Engine, ("resource", resource), ("subscription", subscription));
        var found = await session.QueryAsync($"SELECT {RowText.RowColumns} FROM bus_quarantine WHERE {open}", RowText.Row, cancel, parameters);
        if (found.Count == 0) return found.ToLookup(row => "", row => (row.Id, ""));
        var errors = (await session.QueryAsync($"SELECT {RowText.ErrorColumns} FROM bus_quarantine_error WHERE row_id IN (SELECT id FROM bus_quarantine WHERE {open}) ORDER BY id",
            row => RowText.Error(row), cancel, parameters)).ToLookup(error => error.RowId, error => error.Broken);
        return found.ToLookup(row => row.Key!, row => (row.Id, Form(row with { Broken = [.. errors[row.Id]] })), StringComparer.Ordinal);
    }

    /// <summary>Values and reasons as one text; messages may tell the same otherwise.</summary>
    static string Form(QuarantinedRow row) =>
        string.Join('\n', row.Broken.Select(broken => $"{broken.Rule} {broken.Item} {broken.DependsOn} {broken.Value}").Prepend(RowText.Values(row)));

    static ValueTable Table(IEnumerable<(long Id, QuarantinedRow Row)> entries)
    {
        var table = new ValueTable("v", "id#");
        foreach (var (id, _) in entries) table.Add(id);
        return table;
    }
}
