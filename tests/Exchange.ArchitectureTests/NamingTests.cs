using System.Reflection;
using System.Text.RegularExpressions;
using Exchange.Contracts.Errors;

namespace Exchange.ArchitectureTests;

/// <summary>Names and sizes that keep code findable. Each rule is shown to fail on a deliberate violator.</summary>
[TestClass]
public sealed partial class NamingTests
{
    const int LongestFile = 400;

    [TestMethod]
    public void Namespaces_are_folders() => Holds(Misplaced(Sources.Product()), "who knows a type's namespace knows where it lies");

    [TestMethod]
    public void No_name_says_nothing() => Holds(Vague(Sources.Product()), "a folder or type is a concept of the field; these names gather what nobody placed");

    [TestMethod]
    public void No_file_is_longer_than_four_hundred_lines() => Holds(Long(Sources.Product()), "a longer file has more than one reason to change");

    [TestMethod]
    public void Error_codes_are_unique_and_well_formed() =>
        Holds(WrongCodes(typeof(ErrorCodes)), "people and programs tell errors apart by their codes");

    [TestMethod]
    public void Links_between_documents_lead_somewhere() => Holds(DeadLinks(Document.All()), "a reader who is sent nowhere stops reading");

    [TestMethod]
    public void Deliberate_violators_are_found()
    {
        Assert.AreEqual(1, Misplaced([new("Bus/Exchange.Bus/Log/A.cs", "namespace Exchange.Bus.Quality;")]).Count());
        Assert.AreEqual(0, Misplaced([new("Bus/Exchange.Bus/Log/A.cs", "namespace Exchange.Bus.Log;")]).Count());
        Assert.AreEqual(1, Vague([new("Bus/Exchange.Bus/Log/LogHelpers.cs", "")]).Count());
        Assert.AreEqual(1, Vague([new("Bus/Exchange.Bus/Common/Log.cs", "")]).Count());
        Assert.AreEqual(0, Vague([new("Bus/Exchange.Bus/Log/Commonplace.cs", "")]).Count());
        Assert.AreEqual(1, Long([new("A.cs", new string('\n', LongestFile + 1))]).Count());
        Assert.AreEqual(2, WrongCodes(typeof(ViolatingCodes)).Count());
        Assert.AreEqual(1, DeadLinks([new("docs/a.md", "[b](nowhere.md) [c](https://example.org/x.md)")]).Count());
    }

    static void Holds(IEnumerable<string> violations, string because) => Assert.AreEqual("", string.Join('\n', violations), $"because {because}");

    static IEnumerable<string> Misplaced(IEnumerable<SourceFile> files) =>
        from file in files
        let declared = Namespace().Match(file.Text)
        where declared.Success
        let expected = string.Join('.', Path.GetDirectoryName(file.Path)!.Split('/').SkipWhile(folder => !folder.StartsWith("Exchange.", StringComparison.Ordinal)))
        where declared.Groups[1].Value != expected
        select $"{file.Path}: namespace {declared.Groups[1].Value}, not {expected}";

    static IEnumerable<string> Vague(IEnumerable<SourceFile> files) =>
        from file in files
        let name = file.Path.Split('/').Select(part => VagueName().Match(Path.GetFileNameWithoutExtension(part))).FirstOrDefault(match => match.Success)
        where name is not null
        select $"{file.Path}: {name.Value}";

    static IEnumerable<string> Long(IEnumerable<SourceFile> files) =>
        files.Select(file => (file.Path, Lines: file.Text.Count(letter => letter == '\n'))).Where(file => file.Lines > LongestFile).Select(file => $"{file.Path}: {file.Lines} lines");

    static IEnumerable<string> WrongCodes(Type catalogue)
    {
        var codes = catalogue.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (field.Name, Code: (string)field.GetRawConstantValue()!)).ToArray();
        return codes.GroupBy(code => code.Code).Where(group => group.Count() > 1).Select(group => $"{group.Key} is given twice")
            .Concat(codes.Where(code => !WellFormed().IsMatch(code.Code)).Select(code => $"{code.Name}: {code.Code}"));
    }

    static IEnumerable<string> DeadLinks(IEnumerable<Document> documents) =>
        from document in documents
        from Match link in Link().Matches(document.Text)
        let target = link.Groups[1].Value
        where !target.Contains("://", StringComparison.Ordinal)
        let file = Path.Combine(Sources.Root(), Path.GetDirectoryName(document.Path)!, target)
        where !File.Exists(file) && !Directory.Exists(file)
        select $"{document.Path}: {target}";

    [GeneratedRegex(@"^namespace ([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"(^|[a-z])(Common|Helpers?|Utils?|Utilities|Manager)$")]
    private static partial Regex VagueName();

    [GeneratedRegex(@"^[a-z]+\.[a-z]+\.[a-z]+$")]
    private static partial Regex WellFormed();

    [GeneratedRegex(@"\]\(([^)#\s]+)(?:#[^)]*)?\)")]
    private static partial Regex Link();

    static class ViolatingCodes
    {
        public const string One = "hub.thing.wrong", Two = "hub.thing.wrong", Three = "Wrong";
    }
}
