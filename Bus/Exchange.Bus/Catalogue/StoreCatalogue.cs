using Exchange.Bus.Catalogue.Registry;

namespace Exchange.Bus.Catalogue;

/// <summary>
/// The registry from the store. A picture is kept until the version in the store has moved on: reading costs one small query. A variable's value is the one
/// that was in force at apply.
/// </summary>
internal sealed class StoreCatalogue(ManifestStore store) : ICatalogue
{
    sealed record Kept(long Version, CatalogueSnapshot Snapshot);

    // Replaced whole; two callers that read at once do the same work twice, no harm.
    volatile Kept? _kept;

    public async Task<CatalogueSnapshot> ReadAsync(CancellationToken cancel)
    {
        var version = await store.VersionAsync(cancel);
        if (_kept is { } kept && kept.Version == version) return kept.Snapshot;
        var stored = await store.ReadAsync(cancel);
        var snapshot = CatalogueEntries.Snapshot([.. stored.Documents.Values.Select(document => ManifestReading.Read(document).Definition!)]) with { Version = stored.Version };
        _kept = new Kept(stored.Version, snapshot);
        return snapshot;
    }
}
