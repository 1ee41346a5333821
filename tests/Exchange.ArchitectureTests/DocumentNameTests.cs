using System.Reflection;
using System.Text.RegularExpressions;
using Exchange.Contracts.Errors;

namespace Exchange.ArchitectureTests;

/// <summary>What documents name exists, and what exists is named where people look for it. Each rule is shown to fail on a deliberate violator.</summary>
[TestClass]
public sealed partial class DocumentNameTests
{
    static readonly string[] Folders = ["Adapters", "Bus", "Host", "Monitoring", "Orchestration", "Security", "docs", "samples", "tests", ".ci"];

    [TestMethod]
    public void Paths_in_documents_exist() => Holds(MissingPaths(Document.All()), "a reader looks where he is sent");

    [TestMethod]
    public void Commands_in_documents_are_those_of_the_command_line() => Holds(WrongCommands(Document.All()), "what is shown is typed");

    [TestMethod]
    public void Error_codes_in_documents_exist() => Holds(UnknownCodes(Document.All()), "an operator searches for the code he was told");

    [TestMethod]
    public void Every_error_code_is_explained() =>
        Holds(Unexplained(Codes(), Document.Read("docs/operations/errors.md")), "an operator searches for the code he was told");

    [TestMethod]
    public void Environment_variables_in_documents_are_read_by_something() => Holds(UnknownVariables(Document.All()), "a setting that does nothing misleads");

    [TestMethod]
    public void Every_environment_variable_is_explained() =>
        Holds(Unexplained(Variables(), Document.Read("docs/operations/operations.md")), "a setting that nobody knows of is a trap");

    [TestMethod]
    public void Keys_in_documents_exist() => Holds(UnknownKeys(Document.All()), "a key that is copied must be one of a manifest");

    [TestMethod]
    public void Types_in_documents_exist() => Holds(UnknownTypes(Document.All()), "names in documents outlive those in code otherwise");

    [TestMethod]
    public void Every_package_has_its_line() =>
        Holds(Differences(Packages(File.ReadAllText(Path.Combine(Sources.Root(), "Directory.Packages.props"))), FirstColumn(Document.Read("docs/adr/0006-dependencies.md"))), "nobody adds a dependency without saying why");

    [TestMethod]
    public void Anchors_in_links_exist() => Holds(DeadAnchors(Document.All()), "a reader who is sent nowhere stops reading");

    [TestMethod]
    public void Deliberate_violators_are_found()
    {
        Found(MissingPaths, "see `Bus/Exchange.Bus/Nowhere.cs`", "see `Bus/Exchange.Bus/BusModule.cs`");
        Found(WrongCommands, "type `exchange sink NAME`", "type `exchange sync NAME`");
        Found(WrongCommands, "type `exchange sync NAME --ful`", "type `exchange sync NAME --full`");
        Found(WrongCommands, "type `exchange capture remove A B`", "type `exchange capture remove A --data DIR`");
        Found(WrongCommands, "```sh\nexchange apply -g x\n```\n", "```sh\nexchange apply -f x\n```\n");
        Found(WrongCommands, "    ./exchange aply\n", "    ./exchange apply\n");
        Found(UnknownCodes, "`hub.store.gone`", "`hub.store.invalid`");
        Found(UnknownVariables, "EXCHANGE_" + "NOWHERE", "EXCHANGE_DATA");
        Found(UnknownTypes, "`BatchForgetter`", "`BatchAppender`, `ExchangeStep`, `DeliverAfterCommit`");
        Found(UnknownKeys, "`deduplicateBy` says", "`businessKey`, `deduplicate`, `yyyyMMdd`");
        Found(DeadAnchors, "# A b\n[x](#a-c)", "# A b\n[x](#a-b)");
        Assert.AreEqual(1, Unexplained(["hub.a.b", "hub.a.c"], new Document("x.md", "`hub.a.b`")).Count());
        Assert.AreEqual(2, Differences(["One", "Two"], ["Two", "Three"]).Count());
    }

    static void Found(Func<IReadOnlyList<Document>, IEnumerable<string>> rule, string wrong, string right)
    {
        Assert.AreEqual(1, rule([new Document("wrong.md", wrong)]).Count(), wrong);
        Assert.AreEqual("", string.Join('\n', rule([new Document("right.md", right)])));
    }

    static void Holds(IEnumerable<string> violations, string because) => Assert.AreEqual("", string.Join('\n', violations), $"because {because}");

    static IEnumerable<string> MissingPaths(IReadOnlyList<Document> documents) =>
        from document in documents
        from name in document.Names
        where !name.Contains(' ', StringComparison.Ordinal) && (Folders.Contains(name.Split('/')[0]) || RootFile().IsMatch(name))
        let path = Path.Combine(Sources.Root(), name)
        where !File.Exists(path) && !Directory.Exists(path)
        select $"{document.Path}: {name}";

    static IEnumerable<string> WrongCommands(IReadOnlyList<Document> documents) =>
        from document in documents
        from use in document.Names.Concat(document.CodeLines).Where(CommandLineUse.IsUse)
        let wrong = CommandLineUse.Wrong(use)
        where wrong is not null
        select $"{document.Path}: {wrong}";

    static IEnumerable<string> UnknownCodes(IReadOnlyList<Document> documents)
    {
        var known = Codes();
        return from document in documents from name in document.Names where Code().IsMatch(name) && !known.Contains(name) select $"{document.Path}: {name}";
    }

    static IEnumerable<string> UnknownVariables(IReadOnlyList<Document> documents)
    {
        var known = Variables();
        return from document in documents from Match match in Variable().Matches(document.Text) where !known.Contains(match.Value) select $"{document.Path}: {match.Value}";
    }

    static IEnumerable<string> UnknownTypes(IReadOnlyList<Document> documents)
    {
        var known = Types();
        known.UnionWith(Packages(File.ReadAllText(Path.Combine(Sources.Root(), "Directory.Packages.props"))));
        return from document in documents
               from name in document.Names
               where TypeName().IsMatch(name) && !known.Contains(name) && !known.Contains(name.Split('.', '<')[0])
               select $"{document.Path}: {name}";
    }

    /// <summary>README and reference speak of no other names in that form than keys of manifests; date formats look alike.</summary>
    static IEnumerable<string> UnknownKeys(IReadOnlyList<Document> documents)
    {
        var product = Sources.Product().Select(file => file.Text).ToList();
        return from document in documents
               where !document.Path.Contains('/', StringComparison.Ordinal) || document.Path.StartsWith("docs/reference/", StringComparison.Ordinal)
               from name in document.Names
               where KeyName().IsMatch(name) && !product.Exists(text => text.Contains($"\"{name}\"", StringComparison.Ordinal))
               select $"{document.Path}: {name}";
    }

    static IEnumerable<string> DeadAnchors(IReadOnlyList<Document> documents) =>
        from document in documents
        from Match link in AnchorLink().Matches(document.Text)
        where !link.Groups[1].Value.Contains("://", StringComparison.Ordinal)
        let target = link.Groups[1].Value.Length == 0 ? document : Document.Read(Path.GetRelativePath(Sources.Root(), Path.Combine(Sources.Root(), Path.GetDirectoryName(document.Path)!, link.Groups[1].Value)))
        where !target.Anchors.Contains(link.Groups[2].Value)
        select $"{document.Path}: {link.Value}";

    static IEnumerable<string> Unexplained(IEnumerable<string> names, Document document) => names.Except(document.Names).Select(name => $"{document.Path} does not explain {name}");

    static IEnumerable<string> Differences(IEnumerable<string> here, IEnumerable<string> there) =>
        here.Except(there).Select(name => $"{name} has no line").Concat(there.Except(here).Select(name => $"{name} has a line and is no package"));

    /// <summary>The catalogue, and the one code for what the program did not foresee.</summary>
    static HashSet<string> Codes() =>
    [
        .. typeof(ErrorCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!),
        .. Sources.Product().Where(file => file.Path.EndsWith("/Terminal.cs", StringComparison.Ordinal)).SelectMany(file => ToldCode().Matches(file.Text)).Select(match => match.Groups[1].Value),
    ];

    /// <summary>What product, scripts and tests read; not this project, which names violators.</summary>
    static HashSet<string> Variables()
    {
        var tests = Directory.EnumerateFiles(Path.Combine(Sources.Root(), "tests"), "*.*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".cs" or ".sh" && !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal) && !file.Contains("ArchitectureTests", StringComparison.Ordinal));
        return [.. Sources.Product().Select(file => file.Text)
            .Concat(tests.Append(Path.Combine(Sources.Root(), "exchange")).Append(Path.Combine(Sources.Root(), "test")).Select(File.ReadAllText))
            .SelectMany(text => Variable().Matches(text)).Select(match => match.Value)];
    }

    /// <summary>Types of the product and of Rebus, and members of the product's enums.</summary>
    static HashSet<string> Types()
    {
        var assemblies = Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll")
            .Where(file => Path.GetFileName(file) is var name && (name.StartsWith("exchange", StringComparison.OrdinalIgnoreCase) || name.StartsWith("Rebus", StringComparison.Ordinal)))
            .Select(Assembly.LoadFrom);
        var types = assemblies.SelectMany(assembly => assembly.GetTypes()).ToList();
        return [.. types.Select(type => type.Name.Split('`')[0]), .. types.Where(type => type.IsEnum).SelectMany(Enum.GetNames)];
    }

    static IReadOnlyList<string> Packages(string properties) => [.. Package().Matches(properties).Select(match => match.Groups[1].Value)];

    static IReadOnlyList<string> FirstColumn(Document document) =>
        [.. document.Text.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).SelectMany(line => new Document("", line.Split('|')[1]).Names)];

    [GeneratedRegex(@"^[\w.-]+\.(cs|csproj|props|sln)$")]
    private static partial Regex RootFile();

    [GeneratedRegex(@"^(hub|caller|provider|subscriber|frontend)\.[a-z]+\.[a-z]+$")]
    private static partial Regex Code();

    [GeneratedRegex(@"code: ([a-z]+\.[a-z]+\.[a-z]+)")]
    private static partial Regex ToldCode();

    [GeneratedRegex("EXCHANGE_[A-Z_]*[A-Z]")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^[A-Z][a-z0-9]+([A-Z][A-Za-z0-9]*)+(<\w+>|\.\w+)?$|^I[A-Z][a-z]\w+(<\w+>|\.\w+)?$")]
    private static partial Regex TypeName();

    [GeneratedRegex("^(?!yy)[a-z]+[A-Z][A-Za-z]*$")]
    private static partial Regex KeyName();

    [GeneratedRegex(@"\]\(([^)#\s]*)#([^)\s]+)\)")]
    private static partial Regex AnchorLink();

    [GeneratedRegex("<PackageVersion Include=\"([^\"]+)\"")]
    private static partial Regex Package();
}
