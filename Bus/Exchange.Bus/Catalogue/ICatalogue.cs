namespace Exchange.Bus.Catalogue;

/// <summary>
/// The registry as the rest of the bus reads it: an immutable picture of all manifests that were applied. Safe for concurrent callers; another
/// process's apply is seen by the next <see cref="ReadAsync"/>.
/// </summary>
internal interface ICatalogue
{
    Task<CatalogueSnapshot> ReadAsync(CancellationToken cancel);
}

/// <summary>All entries by name, secrets resolved, at one moment.</summary>
internal sealed record CatalogueSnapshot
{
    /// <summary>Grows with every apply that changed something; 0 for a picture that no store gave.</summary>
    public long Version { get; init; }
    public required IReadOnlyDictionary<string, Department> Departments { get; init; }
    public required IReadOnlyDictionary<string, Connection> Connections { get; init; }
    public required IReadOnlyDictionary<string, CodeSet> CodeSets { get; init; }
    public required IReadOnlyDictionary<string, CodeMap> CodeMaps { get; init; }
    public required IReadOnlyDictionary<string, Resource> Resources { get; init; }
    public required IReadOnlyDictionary<string, Subscription> Subscriptions { get; init; }
}
