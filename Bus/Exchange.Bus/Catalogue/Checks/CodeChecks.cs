using Exchange.Bus.Catalogue.Documents;
using Exchange.Bus.Quality.Rules;

namespace Exchange.Bus.Catalogue.Checks;

/// <summary>A department's credit code holds its check character.</summary>
internal sealed class DepartmentCheck : IManifestCheck
{
    public IEnumerable<ManifestFinding> Check(CatalogueSnapshot catalogue) =>
        from department in catalogue.Departments.Values
        let problem = UnifiedSocialCreditCode.Check(department.Uscc)
        where problem is not null
        select new ManifestFinding(ManifestKind.Department, department.Name, "uscc", $"'{department.Uscc}' {problem}");
}

/// <summary>The codes of a map stand in the sets that it says.</summary>
internal sealed class CodeMapCheck : IManifestCheck
{
    public IEnumerable<ManifestFinding> Check(CatalogueSnapshot catalogue)
    {
        foreach (var map in catalogue.CodeMaps.Values)
        foreach (var (from, to) in map.Map)
        {
            if (map.From is { } source && !catalogue.CodeSets[source].Codes.ContainsKey(from))
                yield return Finding(map, from, $"the code '{from}' does not stand in the CodeSet '{source}'{NearestName.Hint(from, [.. catalogue.CodeSets[source].Codes.Keys])}");
            if (map.To is { } target && !catalogue.CodeSets[target].Codes.ContainsKey(to))
                yield return Finding(map, from, $"the code '{to}' does not stand in the CodeSet '{target}'{NearestName.Hint(to, [.. catalogue.CodeSets[target].Codes.Keys])}");
        }
    }

    static ManifestFinding Finding(CodeMap map, string code, string message) => new(ManifestKind.CodeMap, map.Name, $"map.{code}", message);
}
