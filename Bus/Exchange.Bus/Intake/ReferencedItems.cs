using Exchange.Bus.Catalogue;
using Exchange.Bus.Quality;

namespace Exchange.Bus.Intake;

/// <summary>Which item sets of a resource are asked for by `unique` rules of its own and by references of others, and that their index is there.</summary>
internal sealed class ReferencedItems(ICatalogue catalogue, IKnownValues known)
{
    /// <summary>The item sets of a resource, each sorted by name. Indexes that are missing, of this resource or of those it refers to, are built from the logs.</summary>
    public async Task<IReadOnlyList<IReadOnlyList<string>>> OfAsync(Resource resource, CancellationToken cancel)
    {
        var snapshot = await catalogue.ReadAsync(cancel);
        var own = KnownValueSets.Of(resource, snapshot);
        await EnsureAsync(resource.Name, own, cancel);
        foreach (var other in resource.Rules.Select(rule => rule.Reference).OfType<Reference>().GroupBy(reference => reference.Resource))
            await EnsureAsync(other.Key, [.. other.Select(reference => Sorted(reference.Items.Values))], cancel);
        return own;
    }

    static IReadOnlyList<string> Sorted(IEnumerable<string> items) => [.. items.Order(StringComparer.Ordinal)];

    async Task EnsureAsync(string resource, IReadOnlyList<IReadOnlyList<string>> sets, CancellationToken cancel)
    {
        var missing = new List<IReadOnlyList<string>>();
        foreach (var set in sets)
            if (!await known.IsBuiltAsync(resource, set, cancel)) missing.Add(set);
        if (missing.Count > 0) await known.RebuildAsync(resource, missing, cancel);
    }
}
