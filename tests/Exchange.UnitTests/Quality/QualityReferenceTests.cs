using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Exchange.Bus.Quality.Conversion;
using Exchange.Bus.Quality.Rules;
using static Exchange.UnitTests.Quality.Judging;

namespace Exchange.UnitTests.Quality;

/// <summary>docs/reference/quality.md says what the code does.</summary>
[TestClass]
public sealed partial class QualityReferenceTests
{
    [TestMethod]
    public async Task Every_example_of_the_reference_holds()
    {
        var document = Document();
        var lines = document[document.IndexOf("## Examples", StringComparison.Ordinal)..].Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).ToArray();
        Assert.IsGreaterThan(15, lines.Length);
        foreach (var line in lines)
        {
            var cells = line.Trim('|', ' ').Split(" | ");
            var normalize = cells[0].Split("normalize", 2) is [_, var steps] ? Quoted(steps) : [];
            var words = Quoted(cells[0].Split("normalize", 2)[0]);
            var becomes = cells[2].StartsWith("breaks", StringComparison.Ordinal) ? $"<{Quoted(cells[2])[0]}>" : Quoted(cells[2])[0];
            Assert.AreEqual(becomes, await BecomesAsync(Item("x", words[0], words[1..]) with { Normalize = normalize }, Texts("x", Quoted(cells[1])[0])), line);
        }
    }

    [TestMethod]
    public void Every_rule_and_every_step_is_in_the_reference()
    {
        var document = Document();
        string[] judged = [RequiredRule.Name, CodeSetRule.Name, KeyRule.Name, "type", "range", "nul", "size", "not-finite", "local-time", "zero-date", "encoding"];
        foreach (var name in ItemRules.Names.Concat(TextNormalizer.Steps).Concat(judged)) StringAssert.Contains(document, $"`{name}`");
    }

    [TestMethod]
    public void Every_step_of_the_reference_is_taken_by_a_manifest()
    {
        var document = Document();
        var section = document[document.IndexOf("## Normalisation", StringComparison.Ordinal)..document.IndexOf("## Conversions", StringComparison.Ordinal)];
        var steps = section.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).SelectMany(line => Quoted(line.Split(" | ")[0])).ToList();
        CollectionAssert.AreEquivalent(TextNormalizer.Steps.ToList(), steps);
        var plan = Catalogue.ManifestCorpusTests.Plan([new Exchange.Contracts.Catalogue.ManifestFile("f", $$"""
            kind: Department
            metadata: { name: d }
            spec: { uscc: 119900000000020224 }
            ---
            kind: Resource
            metadata: { name: r }
            spec: { provider: d, key: [x], items: [ { name: x, type: text, normalize: [{{string.Join(", ", steps)}}] } ] }
            """)]);
        Assert.AreEqual("", string.Join('\n', plan.Problems));
    }

    static string[] Quoted(string text) => [.. Code().Matches(text).Select(match => match.Groups[1].Value)];

    static string Document([CallerFilePath] string here = "") => File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "../../../docs/reference/quality.md"));

    [GeneratedRegex("`([^`]*)`")]
    private static partial Regex Code();
}
