using Exchange.Bus.Catalogue;
using Exchange.Bus.Quality.Rules;

namespace Exchange.Bus.Quality;

/// <summary>Which item sets of a resource <see cref="IKnownValues"/> must keep: those of its own `unique` rules and of every reference to it.</summary>
internal static class KnownValueSets
{
    /// <summary>Each set sorted by name (ordinal), each once.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Of(Resource resource, CatalogueSnapshot catalogue)
    {
        var unique = resource.Items.Where(item => item.Rules.Any(rule => rule.Name == ItemRules.Unique)).Select(item => new[] { item.Name });
        var referenced = catalogue.Resources.Values
            .SelectMany(other => other.Rules)
            .Select(rule => rule.Reference)
            .Where(reference => reference?.Resource == resource.Name)
            .Select(reference => reference!.Items.Values.Order(StringComparer.Ordinal).ToArray());
        var business = resource.BusinessKey.Count > 0 ? [resource.BusinessKey.Order(StringComparer.Ordinal).ToArray()] : Array.Empty<string[]>();
        return [.. unique.Concat(business).Concat(referenced).DistinctBy(set => string.Join('\0', set), StringComparer.Ordinal)];
    }
}
