using Exchange.Bus.Catalogue;
using Exchange.Bus.Transformation.Routes;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Bus.Transformation;

/// <summary>Whether a subscription's way to its target can be gone: everything that is known without the target itself, at apply.</summary>
internal static class RouteCheck
{
    /// <summary>Columns that delivery adds to a table with tombstones.</summary>
    static readonly string[] TombstoneColumns = ["exchange_deleted", "exchange_deleted_at"];

    /// <summary>
    /// Every problem of filter, map and key as a sentence (with the place marked below, where it is one of an expression); empty when a route can be made.
    /// <paramref name="catalogue"/> is the state that would be applied: it decides which subscriptions share a table.
    /// </summary>
    internal static IReadOnlyList<string> Check(Subscription s, Resource r, CatalogueSnapshot catalogue, IExpressionCompiler compiler)
    {
        var problems = new List<string>();
        var resolver = new RouteColumns(s, r, catalogue, compiler, TimeZoneInfo.Utc, problems);
        resolver.Filter();
        var columns = resolver.Resolve();
        if (r.Key.Count == 0) problems.Add($"Resource '{r.Name}' has no key; rows without a key can't be delivered.");
        RouteKey.Resolve(s, r, catalogue, columns, problems);
        if (s.Target.Deletes == DeletePolicy.Tombstone)
        {
            foreach (var column in columns)
                if (TombstoneColumns.Contains(column.Name, StringComparer.OrdinalIgnoreCase)) problems.Add($"Column '{column.Name}' is written by the hub itself where deletes are tombstones; give it another name.");
        }

        return problems;
    }
}
