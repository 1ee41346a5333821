using Exchange.Bus.Catalogue;
using Exchange.Bus.Quality.Conversion;
using Exchange.Bus.Quality.Rules;
using Exchange.Bus.Transformation;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality;

/// <summary>Builds judges from resources that <see cref="QualityCheck"/> has passed; anything else is a fault of the hub and throws. Safe for concurrent callers.</summary>
internal sealed class RowJudgeFactory(IExpressionCompiler compiler, IKnownValues known, TimeProvider clock) : IRowJudgeFactory
{
    /// <exception cref="InvalidOperationException">A rule is wrong or names what the catalogue does not have.</exception>
    public IRowJudge Create(Resource resource, CatalogueSnapshot catalogue)
    {
        var zone = Zone(resource, catalogue);
        ItemJudge[] items = [.. resource.Items.Select((item, ordinal) => CreateItem(resource, item, ordinal, catalogue, zone))];
        int[] key = [.. resource.Key.Select(name => Ordinal(resource, name))];
        return new RowJudge(items, key, CreateRules(resource));
    }

    ItemJudge CreateItem(Resource resource, Item item, int ordinal, CatalogueSnapshot catalogue, TimeZoneInfo zone)
    {
        var required = item.Required || resource.Key.Contains(item.Name);
        var rules = new List<ColumnRule>();
        if (required) rules.Add(new RequiredRule());
        if (item.Type.Kind == ItemKind.String) rules.Add(LengthRule.OfType(item.Type));
        if (item.CodeSet is { } name)
            rules.Add(new CodeSetRule(catalogue.CodeSets.TryGetValue(name, out var set) ? set : throw Wrong(resource, $"the code set '{name}' of item '{item.Name}' is unknown")));
        foreach (var written in item.Rules)
        {
            if (ItemRules.Parse(written, item.Type, clock, out var rule) is { } problem) throw Wrong(resource, $"item '{item.Name}': {problem}");
            if (rule is not null) rules.Add(rule);
        }

        return new ItemJudge(item, ordinal, new ItemConversion(item, required, resource.MaxCellBytes, zone), rules);
    }

    List<ResourceRule> CreateRules(Resource resource)
    {
        var types = resource.Items.ToDictionary(item => item.Name, item => item.Type, StringComparer.Ordinal);
        var rules = new List<ResourceRule>();
        foreach (var rule in resource.Rules.Where(rule => rule.Expression is not null))
        {
            var expression = compiler.Compile(rule.Expression!, types, out var problems)
                ?? throw Wrong(resource, $"rule '{rule.Name}': {string.Join("; ", problems.Select(problem => problem.Message))}");
            rules.Add(new ExpressionRule(rule, expression, [.. expression.Items.Select(name => Ordinal(resource, name))]));
        }

        var references = resource.Rules.Where(rule => rule.Reference is not null).ToLookup(rule => rule.Reference!.Resource == resource.Name);
        rules.AddRange(references[false].Select(rule => new ReferenceRule(rule, resource, known)));
        rules.AddRange(resource.Items.SelectMany(item => item.Rules.Where(rule => rule.Name == ItemRules.Unique).Select(_ => Unique([item.Name], ItemRules.Unique))));
        if (resource.BusinessKey.Count > 0) rules.Add(Unique(resource.BusinessKey, UniqueRule.BusinessKey));
        rules.AddRange(references[true].Select(rule => new ReferenceRule(rule, resource, known)));
        return rules;

        UniqueRule Unique(IReadOnlyList<string> items, string name) => new(resource.Name, items, name, item => Ordinal(resource, item), known);
    }

    /// <summary>Times without an offset are times of the source's own clock, as the reader takes them; what is pushed is UTC.</summary>
    static TimeZoneInfo Zone(Resource resource, CatalogueSnapshot catalogue)
    {
        if (resource.Source is not { } source || !catalogue.Connections.TryGetValue(source.Connection, out var connection)) return TimeZoneInfo.Utc;
        var zone = TimeZoneInfo.FindSystemTimeZoneById(connection.TimeZone);
        return zone.HasSameRules(TimeZoneInfo.Utc) ? TimeZoneInfo.Utc : zone;
    }

    static int Ordinal(Resource resource, string name)
    {
        for (var at = 0; at < resource.Items.Count; at++)
            if (resource.Items[at].Name == name) return at;
        throw Wrong(resource, $"it has no item '{name}'");
    }

    static InvalidOperationException Wrong(Resource resource, string what) => new($"The resource '{resource.Name}' cannot be judged: {what}.");
}
