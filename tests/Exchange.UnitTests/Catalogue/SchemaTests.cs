using Exchange.Bus.Catalogue.Checks;
using Exchange.Bus.Catalogue.Documents;
using Exchange.Bus.Quality.Rules;
using Exchange.Contracts.Catalogue;
using FsCheck.Fluent;

namespace Exchange.UnitTests.Catalogue;

/// <summary>The small parts that manifests are read and written by.</summary>
[TestClass]
public sealed class SchemaTests
{
    [TestMethod]
    [DataRow("119900000000020224", true)]
    [DataRow("119900000000020225", false)]
    [DataRow("11990000000002022", false)]
    [DataRow("119900000000020O24", false)]
    public void A_credit_code_holds_its_check_character(string code, bool good) => Assert.AreEqual(good, UnifiedSocialCreditCode.Check(code) is null);

    [TestMethod]
    [DataRow("titel", "title")]
    [DataRow("TITLE", "title")]
    [DataRow("requried", "required")]
    [DataRow("xyzzy", null)]
    [DataRow("a", null)]
    public void The_nearest_name_is_found_when_it_is_near(string typed, string? expected) => Assert.AreEqual(expected, NearestName.Of(typed, ["title", "required", "b"]));

    [TestMethod]
    public void Any_text_written_as_yaml_is_read_back_as_it_was() => FsCheck.Check.QuickThrowOnFailure(Prop.ForAll<string>(text =>
    {
        // Lone halves of surrogate pairs are no text; files cannot hold them.
        if (text is null || text.Where((letter, at) => char.IsSurrogate(letter)).Any() || text.Contains('\0')) return true;
        var scalar = new ScalarNode(1, text, text, Quoted: true);
        var yaml = ManifestText.Yaml(new MapNode(1, [new MapEntry("key", 1, scalar), new MapEntry("k" + text, 1, new ListNode(1, [scalar]))]));
        var problems = new List<ManifestProblem>();
        var map = (MapNode)YamlDocuments.Read(new ManifestFile("f", yaml), problems).Single().Root;
        return problems.Count == 0 && map.Entries[1].Key == "k" + text && map.Entries[0].Value is ScalarNode { IsNull: false } read && read.Raw == text
            && ((ListNode)map.Entries[1].Value).Items[0] is ScalarNode inner && inner.Raw == text;
    }));
}
