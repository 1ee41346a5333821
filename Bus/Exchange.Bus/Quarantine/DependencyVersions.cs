using Exchange.Storage;

namespace Exchange.Bus.Quarantine;

/// <summary>
/// Counters of what judgements hang on. A counter's row stays locked until the growing transaction ends, so a reader that sees n sees all growth up to n.
/// </summary>
internal static class DependencyVersions
{
    public static async Task<Dictionary<string, long>> ReadAsync(StoreSession session, CancellationToken cancel) =>
        (await session.QueryAsync("SELECT name, version FROM bus_quarantine_dependency", row => (row.GetString(0), row.GetInt64(1)), cancel))
        .ToDictionary(row => row.Item1, row => row.Item2, StringComparer.Ordinal);

    public static Task<int> GrowAsync(StoreSession session, string name, CancellationToken cancel) => session.ExecuteAsync("""
        INSERT INTO bus_quarantine_dependency (name, version) VALUES (@name, 1)
        ON CONFLICT (name) DO UPDATE SET version = bus_quarantine_dependency.version + 1
        """, cancel, ("name", name));
}
