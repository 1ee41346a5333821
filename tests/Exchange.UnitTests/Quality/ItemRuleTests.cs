using Exchange.Bus.Catalogue;
using static Exchange.UnitTests.Quality.Judging;

namespace Exchange.UnitTests.Quality;

[TestClass]
public sealed class ItemRuleTests
{
    [TestMethod]
    [DataRow("11990000000001011Q")]
    [DataRow("119900000000020224")]
    [DataRow("11990000000003033F")]
    [DataRow("119900000000050556")]
    [DataRow("12990000000004044P")]
    [DataRow("12990100000006066K")]
    [DataRow("91990100MA9X000707")]
    [DataRow("91990100MA9X00185D")]
    public async Task The_credit_codes_of_the_scenarios_pass(string code) =>
        CollectionAssert.AreEqual(Array.Empty<string>(), await RulesAsync(Item("code", "string(18)", "uscc"), code));

    [TestMethod]
    [DataRow("91990100MA9X001858", "the check character must be D")]
    [DataRow("91990100MA9X00185", "must have 18 characters")]
    [DataRow("", "must have 18 characters")]
    [DataRow("91990100ma9x00185d", "character 9 is neither")]
    [DataRow("91990100MI9X00185D", "character 10 is neither")]
    [DataRow("9199A100MA9X00185D", "characters 3 to 8 are the division")]
    [DataRow("91990100MA9X00185示", "must have 18 characters")]
    public async Task A_wrong_credit_code_is_named_with_its_fault(string code, string fault)
    {
        var broken = (await ItemAsync(Item("code", "text", "uscc"), Texts("code", code)))[0].Broken.Single();
        Assert.AreEqual("uscc", broken.Rule);
        Assert.AreEqual(code, broken.Value);
        StringAssert.Contains(broken.Message, fault);
    }

    [TestMethod]
    [DataRow("990101198001010014")]
    [DataRow("990101198512310027")]
    [DataRow("990101199006060031")]
    public async Task The_citizen_ids_of_the_scenarios_pass(string id) =>
        CollectionAssert.AreEqual(Array.Empty<string>(), await RulesAsync(Item("id_no", "string(18)", "citizen-id"), id));

    [TestMethod]
    [DataRow("990101198001010015", "the check character must be 4")]
    [DataRow("990101198002300014", "not a real date of birth")]
    [DataRow("990101000001010014", "not a real date of birth")]
    [DataRow("990101203001010014", "in the future")]
    [DataRow("99010119800101001", "must have 18 characters")]
    [DataRow("99010119800101001x", "the check character must be 4")]
    [DataRow("9901011980O1010014", "character 11 must be a digit")]
    public async Task A_wrong_citizen_id_is_named_with_its_fault(string id, string fault)
    {
        var broken = (await ItemAsync(Item("id_no", "text", "citizen-id"), Texts("id_no", id)))[0].Broken.Single();
        Assert.AreEqual("citizen-id", broken.Rule);
        StringAssert.Contains(broken.Message, fault);
    }

    [TestMethod]
    [DataRow("length 4..8", "一二三四", "")]
    [DataRow("length 4..8", "𠮷𠮷𠮷𠮷😀😀😀😀", "")]
    [DataRow("length 4..8", "一二三", "length")]
    [DataRow("length 4..8", "123456789", "length")]
    [DataRow("length 18", "12345678901234567", "length")]
    [DataRow("length ..2", "", "")]
    [DataRow("length 1..", "", "length")]
    [DataRow("pattern [A-Z]{2}[0-9]+", "AB12", "")]
    [DataRow("pattern [A-Z]{2}[0-9]+", "AB12\n", "pattern")]
    [DataRow("pattern ^[A-Z]+$", "ABC\n", "pattern")]
    [DataRow("pattern a|ab", "ab", "")]
    [DataRow("pattern a|ab", "xab", "pattern")]
    [DataRow("pattern .{2}", "", "pattern")]
    public async Task Text_rules_judge_the_whole_value(string rule, string value, string broken) =>
        Assert.AreEqual(broken, string.Join(',', await RulesAsync(Item("x", "text", rule), value)));

    [TestMethod]
    [DataRow("int32", "min 0", "-1", "min")]
    [DataRow("int32", "min 0", "0", "")]
    [DataRow("int64", "max 9", "10", "max")]
    [DataRow("decimal(12,2)", "max 9.5", "9.50", "")]
    [DataRow("decimal(12,2)", "max 9.5", "9.51", "max")]
    [DataRow("decimal(28,0)", "max 99999999999999999999", "99999999999999999999", "")]
    [DataRow("double", "min -1e3", "-1000.5", "min")]
    [DataRow("date", "min 2020-01-01", "2019-12-31", "min")]
    [DataRow("date", "max 2020-01-01", "2020-01-01", "")]
    [DataRow("timestamp", "max 2020-01-01T00:00:00Z", "2020-01-01T00:00:00.000001Z", "max")]
    public async Task Bounds_are_inclusive(string type, string rule, string value, string broken) =>
        Assert.AreEqual(broken, string.Join(',', await RulesAsync(Item("x", type, rule), value)));

    [TestMethod]
    public async Task Null_passes_every_rule_but_required()
    {
        var set = new CodeSet { Name = "s", Codes = new Dictionary<string, string> { ["1"] = "one" } };
        var item = Item("x", "string(18)", "uscc", "citizen-id", "pattern a", "length 3", "unique") with { CodeSet = "s" };
        Assert.AreEqual("", string.Join(',', await RulesAsync(item, null, Entries(set))));
        Assert.AreEqual("required", string.Join(',', await RulesAsync(item with { Required = true }, null, Entries(set))));
        Assert.AreEqual("required", string.Join(',', await RulesAsync(Item("x", "text") with { Required = true }, "")));
        Assert.AreEqual("required", string.Join(',', await RulesAsync(Item("x", "int32") with { Required = true }, "")));
        Assert.AreEqual("", string.Join(',', await RulesAsync(Item("x", "text"), "")));
    }

    [TestMethod]
    public async Task Declared_length_counts_code_points()
    {
        Assert.AreEqual("", string.Join(',', await RulesAsync(Item("x", "string(3)"), "示例😀")));
        var broken = (await ItemAsync(Item("x", "string(3)"), Texts("x", "示例省😀")))[0].Broken.Single();
        Assert.AreEqual("length", broken.Rule);
        Assert.AreEqual("The text has 4 characters; at most 3 characters are allowed by string(3).", broken.Message);
    }

    [TestMethod]
    public async Task Codes_are_compared_exactly_and_the_set_is_remembered()
    {
        var set = new CodeSet { Name = "result", Codes = new Dictionary<string, string> { ["1"] = "合格", ["01"] = "x", ["是"] = "yes" } };
        var item = Item("x", "text") with { CodeSet = "result" };
        Assert.AreEqual(0, (await RulesAsync(item, "是", Entries(set))).Length);
        Assert.AreEqual(0, (await RulesAsync(Item("x", "int32") with { CodeSet = "result" }, "1", Entries(set))).Length);
        foreach (var wrong in new[] { "2", "", "1 ", "001" })
        {
            var broken = (await ItemAsync(item, Texts("x", wrong), Entries(set)))[0].Broken.Single();
            Assert.AreEqual(("code-set", "codeset/result"), (broken.Rule, broken.DependsOn));
        }
    }

    [TestMethod]
    public async Task Every_broken_rule_of_a_value_is_reported()
    {
        var item = Item("x", "string(5)", "uscc", "pattern [a-z]+", "length 2");
        Assert.AreEqual("length,uscc,pattern,length", string.Join(',', await RulesAsync(item, "123456")));
    }

    [TestMethod]
    public async Task Hostile_text_and_patterns_cost_linear_time()
    {
        var evil = new string('a', 200_000) + "!";
        var broken = (await ItemAsync(Item("x", "text", "pattern (a+)+$", "uscc", "citizen-id", "length ..10"), Texts("x", evil)))[0].Broken;
        Assert.AreEqual("pattern,uscc,citizen-id,length", string.Join(',', broken.Select(rule => rule.Rule)));
        Assert.IsTrue(broken.All(rule => rule.Value!.Length <= 200 && rule.Message.Length < 400), "values are cut");
    }

    [TestMethod]
    public async Task A_cut_value_never_ends_in_half_a_character()
    {
        var broken = (await ItemAsync(Item("x", "string(3)"), Texts("x", "a" + string.Concat(Enumerable.Repeat("😀", 300)))))[0].Broken.Single();
        Assert.AreEqual(199, broken.Value!.Length);
        Assert.IsTrue(char.IsLowSurrogate(broken.Value[^1]));
    }
}
