using Exchange.Bus.Catalogue;
using Exchange.Bus.Quality;
using static Exchange.UnitTests.Quality.Judging;

namespace Exchange.UnitTests.Quality;

[TestClass]
public sealed class QualityCheckTests
{
    static string[] Check(Resource resource, params object[] entries) =>
        [.. QualityCheck.Check(resource, new FakeCompiler(), Entries([resource, .. entries])).Select(problem => $"{problem.Path}: {problem.Message}")];

    [TestMethod]
    public void A_right_resource_has_no_problem_and_gives_a_judge()
    {
        var set = new CodeSet { Name = "result", Codes = new Dictionary<string, string> { ["1"] = "合格" } };
        var resource = Resource(
            Item("id", "int64", "min 0", "max 10"), Item("code", "string(18)", "uscc", "length 18", "pattern [0-9A-Z]+", "unique") with { Normalize = ["trim", "halfwidth", "upper"] },
            Item("result", "string(2)") with { CodeSet = "result" }, Item("day", "date") with { Normalize = ["empty-null", "yyyyMMdd", "yyyy/MM/dd"] }) with
        {
            Rules = [new RowRule { Name = "order", Expression = "id >= day" }, new RowRule { Name = "ref", Reference = new Reference("thing", new Dictionary<string, string> { ["code"] = "code" }) }],
            DeduplicateBy = ["day"],
        };
        CollectionAssert.AreEqual(Array.Empty<string>(), Check(resource, set));
        Assert.IsNotNull(Judge(resource, Entries(resource, set)));
    }

    [TestMethod]
    [DataRow("text", "usc", "unknown rule 'usc'; did you mean 'uscc'?; the rules are uscc, citizen-id, min, max, pattern, length, unique")]
    [DataRow("text", "uscc 18", "the rule uscc takes no argument")]
    [DataRow("int32", "uscc", "the rule uscc is for text; the item is of type int32")]
    [DataRow("text", "min 0", "the rule min is for numbers, dates and timestamps; the item is of type text")]
    [DataRow("int32", "min", "min takes a value of the item's type int32, as in 'min 0'")]
    [DataRow("int32", "min 0.5", "'0.5' is no number that min could compare a int32 with; write for example 'min 0'")]
    [DataRow("date", "max tomorrow", "'tomorrow' is no date that max could compare a date with; write for example 'max 2020-01-01'")]
    [DataRow("text", "length 8..4", "the range 8..4 is empty: its first number is the smaller one")]
    [DataRow("string(5)", "length 6", "no string(5) has 6 characters")]
    [DataRow("text", "length many", "length takes a number of characters or a range, as in 'length 18', 'length 4..8', 'length 4..', 'length ..8'")]
    [DataRow("text", "required", "write 'required: true' at the item instead of a rule")]
    [DataRow("double", "unique", "the rule unique is not for double: equality of doubles is not reliable")]
    public void A_wrong_rule_is_told_with_its_cure(string type, string rule, string message) =>
        Same(Check(Resource(Item("id", "int64"), Item("x", type, rule))), $"items[1].rules[0]: {message}");

    [TestMethod]
    [DataRow("pattern [a-")]
    [DataRow("pattern a)(b")]
    [DataRow(@"pattern (a)\1")]
    [DataRow("pattern (?=a)b")]
    [DataRow("pattern ((a{1000}){1000}){1000}")]
    public void A_wrong_or_unbounded_pattern_is_refused(string rule) =>
        StringAssert.StartsWith(Check(Resource(Item("id", "int64"), Item("x", "text", rule))).Single(), "items[1].rules[0]: the pattern");

    [TestMethod]
    public void Every_problem_is_told_with_its_place_and_the_nearest_name()
    {
        var other = Resource(Item("code", "string(5)"), Item("born", "date")) with { Name = "other" };
        var resource = Resource(Item("id", "double"), Item("x", "text") with { CodeSet = "reslt", Normalize = ["trm", "yyyyMMdd", "upper", "lower"] }, Item("x", "binary") with { CodeSet = "result", Normalize = ["trim"] }) with
        {
            Key = ["id", "idd", "id"],
            DeduplicateBy = ["id"],
            Rules =
            [
                new RowRule { Name = "a", Expression = "id >= nothing" },
                new RowRule { Name = "a" },
                new RowRule { Name = "b", Reference = new Reference("othr", new Dictionary<string, string>()) },
                new RowRule { Name = "c", Reference = new Reference("other", new Dictionary<string, string> { ["y"] = "code", ["x"] = "born", ["id"] = "cod" }) },
            ],
        };
        var set = new CodeSet { Name = "result", Codes = new Dictionary<string, string>() };
        Same(Check(resource, other, set), "key[1]: unknown item 'idd' of resource thing; did you mean 'id'?",
            "key[2]: 'id' is named twice",
            "key[0]: 'id' is a double, and equality of doubles is not reliable: a key needs another type",
            "key[2]: 'id' is a double, and equality of doubles is not reliable: a key needs another type",
            "deduplicate.latest[0]: 'id' is a key item: it is the same in all rows of one key and cannot tell the newest",
            "items[1].codeSet: unknown code set 'reslt'; did you mean 'result'?",
            "items[1].normalize[0]: unknown normalisation 'trm'; did you mean 'trim'?; there are trim, halfwidth, fullwidth, upper, lower, empty-null and date formats such as yyyyMMdd",
            "items[1].normalize[1]: a date format is for dates and timestamps; the item is of type text",
            "items[1].normalize: upper and lower undo each other",
            "items[2].name: there are two items 'x'",
            "items[2].codeSet: codes are text or whole numbers; the item is of type binary",
            "items[2].normalize[0]: 'trim' is for text; the item is of type binary",
            "rules[0].expression: unknown item 'nothing'\n    id >= nothing\n          ^^^^^^^",
            "rules[1].name: there are two rules 'a'",
            "rules[1]: a rule has either an expression or a reference",
            "rules[2].reference.items: a reference names at least one item: here, and in the other resource",
            "rules[2].reference.resource: unknown resource 'othr'; did you mean 'other'?",
            "rules[3].reference.items.y: unknown item 'y' of resource thing",
            "rules[3].reference.items.x: 'x' is of type text, but 'born' of other of type date: they are never equal",
            "rules[3].reference.items.id: unknown item 'cod' of resource other; did you mean 'code'?");
    }

    [TestMethod]
    public void A_date_format_that_reads_iso_texts_otherwise_is_ambiguous() =>
        Same(
            Check(Resource(Item("id", "int64"), Item("x", "date") with { Normalize = ["yyyy-dd-MM"] })),
            "items[1].normalize[0]: 'yyyy-dd-MM' and 'yyyy-MM-dd' read the same text as different dates");
}
