using Exchange.Bus.Catalogue;
using Exchange.Bus.Quality.Rules;
using Exchange.Bus.Transformation;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality;

/// <summary>
/// Finds everything about a resource's key, items and rules that could not be judged, when its manifest is applied: what passes here, a judge is
/// built from without a fault. Paths name the place in `spec`: <c>items[2].rules[0]</c>, <c>rules[1].reference.items.item_code</c>.
/// </summary>
internal static class QualityCheck
{
    /// <param name="resource">The resource.</param>
    /// <param name="compiler">Checks expressions.</param>
    /// <param name="catalogue">What rules may name: with the resources and code sets that are applied together with this one.</param>
    /// <returns>Every problem, in the order of the manifest.</returns>
    public static IReadOnlyList<(string Path, string Message)> Check(Resource resource, IExpressionCompiler compiler, CatalogueSnapshot catalogue)
    {
        var problems = new List<(string Path, string Message)>();
        CheckKey(resource, problems);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var at = 0; at < resource.Items.Count; at++)
        {
            var item = resource.Items[at];
            if (!seen.Add(item.Name)) problems.Add(($"items[{at}].name", $"there are two items '{item.Name}'"));
            CheckItem(item, $"items[{at}]", catalogue, problems);
        }

        CheckRowRules(resource, compiler, catalogue, problems);
        return problems;
    }

    static void CheckKey(Resource resource, List<(string Path, string Message)> problems)
    {
        if (resource.Items.Count == 0) problems.Add(("items", "a resource has at least one item"));
        if (resource.Key.Count == 0) problems.Add(("key", "a resource has a key of at least one item"));
        CheckNames("key", resource.Key, resource, problems);
        for (var at = 0; at < resource.Key.Count; at++)
            if (resource.FindItem(resource.Key[at]) is { Type.Kind: ItemKind.Double } item)
                problems.Add(($"key[{at}]", $"'{item.Name}' is a double, and equality of doubles is not reliable: a key needs another type"));
        CheckNames("businessKey", resource.BusinessKey, resource, problems);
        for (var at = 0; at < resource.BusinessKey.Count; at++)
            if (resource.FindItem(resource.BusinessKey[at]) is { Type.Kind: ItemKind.Double or ItemKind.Binary } item)
                problems.Add(($"businessKey[{at}]", $"'{item.Name}' is {item.Type}: a key needs values that compare exactly and can be read"));
        CheckNames("deduplicate.latest", resource.DeduplicateBy, resource, problems);
        for (var at = 0; at < resource.DeduplicateBy.Count; at++)
            if (resource.Key.Contains(resource.DeduplicateBy[at]))
                problems.Add(($"deduplicate.latest[{at}]", $"'{resource.DeduplicateBy[at]}' is a key item: it is the same in all rows of one key and cannot tell the newest"));
    }

    static void CheckNames(string path, IReadOnlyList<string> names, Resource resource, List<(string Path, string Message)> problems)
    {
        for (var at = 0; at < names.Count; at++)
        {
            if (resource.FindItem(names[at]) is null) problems.Add(($"{path}[{at}]", UnknownItem(names[at], resource)));
            if (names.Take(at).Contains(names[at])) problems.Add(($"{path}[{at}]", $"'{names[at]}' is named twice"));
        }
    }

    static void CheckItem(Item item, string path, CatalogueSnapshot catalogue, List<(string Path, string Message)> problems)
    {
        if (item.CodeSet is { } set)
        {
            if (!catalogue.CodeSets.ContainsKey(set)) problems.Add(($"{path}.codeSet", $"unknown code set '{set}'{NearestName.Hint(set, catalogue.CodeSets.Keys)}"));
            if (!CodeSetRule.Fits(item.Type)) problems.Add(($"{path}.codeSet", $"codes are text or whole numbers; the item is of type {item.Type}"));
        }

        for (var at = 0; at < item.Rules.Count; at++)
        {
            if (ItemRules.Parse(item.Rules[at], item.Type, TimeProvider.System, out _) is { } problem) problems.Add(($"{path}.rules[{at}]", problem));
            else if (item.Rules.Take(at).Any(rule => rule == item.Rules[at])) problems.Add(($"{path}.rules[{at}]", $"the rule {item.Rules[at].Name} is written twice"));
        }

        NormalizeCheck.Check(item, path, problems);
    }

    static void CheckRowRules(Resource resource, IExpressionCompiler compiler, CatalogueSnapshot catalogue, List<(string Path, string Message)> problems)
    {
        var types = resource.Items.DistinctBy(item => item.Name, StringComparer.Ordinal).ToDictionary(item => item.Name, item => item.Type, StringComparer.Ordinal);
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var at = 0; at < resource.Rules.Count; at++)
        {
            var (rule, path) = (resource.Rules[at], $"rules[{at}]");
            if (string.IsNullOrWhiteSpace(rule.Name)) problems.Add(($"{path}.name", "a rule needs a name, by which errors are told apart"));
            else if (!names.Add(rule.Name)) problems.Add(($"{path}.name", $"there are two rules '{rule.Name}'"));
            if (rule.Expression is null == rule.Reference is null) problems.Add((path, "a rule has either an expression or a reference"));
            if (rule.Expression is { } text) CheckExpression(text, $"{path}.expression", types, compiler, problems);
            if (rule.Reference is { } reference) CheckReference(reference, $"{path}.reference", resource, catalogue, problems);
        }
    }

    static void CheckExpression(string text, string path, IReadOnlyDictionary<string, ItemType> types, IExpressionCompiler compiler, List<(string Path, string Message)> problems)
    {
        var expression = compiler.Compile(text, types, out var found);
        problems.AddRange(found.Select(problem => (path, problem.Mark(text))));
        if (expression is not null && expression.ResultType.Kind != ItemKind.Boolean)
            problems.Add((path, $"a rule must be true or false, but this expression gives {expression.ResultType}"));
    }

    static void CheckReference(Reference reference, string path, Resource resource, CatalogueSnapshot catalogue, List<(string Path, string Message)> problems)
    {
        if (reference.Items.Count == 0) problems.Add(($"{path}.items", "a reference names at least one item: here, and in the other resource"));
        var other = reference.Resource == resource.Name ? resource : catalogue.Resources.GetValueOrDefault(reference.Resource);
        if (other is null)
            problems.Add(($"{path}.resource", $"unknown resource '{reference.Resource}'{NearestName.Hint(reference.Resource, catalogue.Resources.Keys)}"));
        foreach (var (here, there) in reference.Items)
        {
            var mine = resource.FindItem(here);
            if (mine is null) problems.Add(($"{path}.items.{here}", UnknownItem(here, resource)));
            if (other is null) continue;
            var theirs = other.FindItem(there);
            if (theirs is null) problems.Add(($"{path}.items.{here}", UnknownItem(there, other)));
            else if (mine is not null && Comparable(mine.Type.Kind) != Comparable(theirs.Type.Kind))
                problems.Add(($"{path}.items.{here}", $"'{here}' is of type {mine.Type}, but '{there}' of {other.Name} of type {theirs.Type}: they are never equal"));
        }

        if (reference.Items.Values.GroupBy(there => there, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            problems.Add(($"{path}.items", $"'{twice.Key}' of {reference.Resource} is named twice"));
    }

    /// <summary>Kinds whose values have one canonical text.</summary>
    static ItemKind Comparable(ItemKind kind) => kind switch
    {
        ItemKind.String => ItemKind.Text,
        ItemKind.Int32 or ItemKind.Decimal => ItemKind.Int64,
        _ => kind,
    };

    static string UnknownItem(string name, Resource resource) =>
        $"unknown item '{name}' of resource {resource.Name}{NearestName.Hint(name, resource.Items.Select(item => item.Name))}";
}
