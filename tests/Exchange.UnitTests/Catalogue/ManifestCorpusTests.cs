using System.Runtime.CompilerServices;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Catalogue.Checks;
using Exchange.Bus.Catalogue.Registry;
using Exchange.Contracts.Catalogue;

namespace Exchange.UnitTests.Catalogue;

/// <summary>Named manifests, each with every problem that it must give: NAME.yaml beside NAME.expected.</summary>
[TestClass]
public sealed class ManifestCorpusTests
{
    public static IEnumerable<object[]> Good => Files("good");

    public static IEnumerable<object[]> Broken => Files("broken");

    [TestMethod]
    [DynamicData(nameof(Good))]
    public void A_good_manifest_has_no_problem_and_its_export_is_itself(string file)
    {
        var plan = Plan([Read("good", file)]);
        Assert.AreEqual("", string.Join('\n', plan.Problems));

        var export = string.Join("---\n", plan.Given.Select(manifest => manifest.Document));
        var again = Plan([new ManifestFile("export", export.Replace(": unchanged\n", ": kept\n", StringComparison.Ordinal))]);
        Assert.AreEqual("", string.Join('\n', again.Problems));
        Assert.AreEqual(export, string.Join("---\n", again.Given.Select(manifest => manifest.Document)));
    }

    [TestMethod]
    [DynamicData(nameof(Broken))]
    public void A_broken_manifest_gives_every_problem_with_its_line(string file)
    {
        var problems = string.Join('\n', Plan([Read("broken", file)]).Problems) + "\n";
        var expected = Path.Combine(Folder(), "broken", Path.ChangeExtension(file, ".expected"));
        if (Environment.GetEnvironmentVariable("EXCHANGE_WRITE_EXPECTED") is { Length: > 0 }) File.WriteAllText(expected, problems);
        Assert.AreEqual(File.ReadAllText(expected), problems);
    }

    [TestMethod]
    public void Problems_of_several_files_come_together_sorted()
    {
        var problems = Plan([new ManifestFile("b.yaml", "kind: X\n"), new ManifestFile("a.yaml", "\nkind: Y\n"), new ManifestFile("large.yaml", new string('#', 5 * 1024 * 1024 + 1))]).Problems;
        Assert.AreEqual("a.yaml a.yaml a.yaml b.yaml b.yaml b.yaml large.yaml", string.Join(' ', problems.Select(problem => problem.File)));
        Assert.IsTrue(problems.Where(problem => problem.File == "a.yaml").All(problem => problem.Line == 2));
        StringAssert.Contains(problems[^1].Message, "larger than 5 MB");
    }

    [TestMethod]
    public void Two_checks_that_look_at_one_value_say_it_once()
    {
        var plan = Plan([new ManifestFile("f", "kind: Department\nmetadata: { name: d }\nspec: { uscc: 119900000000020224 }\n")]);
        plan.Add([new ManifestFinding(ManifestKind.Department, "d", "uscc", "first"), new ManifestFinding(ManifestKind.Department, "d", "uscc", "second of the same check")]);
        plan.Add([new ManifestFinding(ManifestKind.Department, "d", "uscc", "another check"), new ManifestFinding(ManifestKind.Department, "d", "", "the whole")]);
        Assert.AreEqual("f:3: first\nf:3: second of the same check\nf:3: the whole", string.Join('\n', plan.Problems));
    }

    internal static ApplyPlan Plan(IReadOnlyList<ManifestFile> files, StoredCatalogue? stored = null, bool prune = false)
    {
        var environment = new Dictionary<string, string> { ["MARKET_FRONT"] = "Host=h;Password=p", ["HOST"] = "h", ["PASSWORD"] = "p" };
        var plan = new ApplyPlan(files, stored ?? new StoredCatalogue(0, new Dictionary<(ManifestKind, string), StoredDocument>()), prune, environment.GetValueOrDefault);
        IManifestCheck[] checks = [new DepartmentCheck(), new CodeMapCheck(), new ResourceCheck(), new SubscriptionCheck()];
        foreach (var check in checks) plan.Add(check.Check(plan.Snapshot));
        return plan;
    }

    static ManifestFile Read(string group, string file) => new(file, File.ReadAllText(Path.Combine(Folder(), group, file)));

    static IEnumerable<object[]> Files(string group) =>
        Directory.EnumerateFiles(Path.Combine(Folder(), group)).Where(path => !path.EndsWith(".expected", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(path => new object[] { Path.GetFileName(path) });

    static string Folder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Corpus");
}
