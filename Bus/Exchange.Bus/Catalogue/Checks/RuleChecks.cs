using Exchange.Bus.Quality;
using Exchange.Bus.Transformation;

namespace Exchange.Bus.Catalogue.Checks;

/// <summary>Rules, patterns, normalisations, expressions and references of resources.</summary>
internal sealed class QualityRulesCheck(IExpressionCompiler compiler) : IManifestCheck
{
    public IEnumerable<ManifestFinding> Check(CatalogueSnapshot catalogue) =>
        from resource in catalogue.Resources.Values
        from problem in QualityCheck.Check(resource, compiler, catalogue)
        select new ManifestFinding(ManifestKind.Resource, resource.Name, problem.Path, problem.Message);
}

/// <summary>Filters, maps and keys of subscriptions.</summary>
internal sealed class RoutesCheck(IExpressionCompiler compiler) : IManifestCheck
{
    public IEnumerable<ManifestFinding> Check(CatalogueSnapshot catalogue) =>
        from subscription in catalogue.Subscriptions.Values
        where catalogue.Resources.ContainsKey(subscription.Resource)
        from problem in RouteCheck.Check(subscription, catalogue.Resources[subscription.Resource], catalogue, compiler)
        select new ManifestFinding(ManifestKind.Subscription, subscription.Name, problem.StartsWith("filter", StringComparison.Ordinal) ? "filter" : "map", problem);
}
