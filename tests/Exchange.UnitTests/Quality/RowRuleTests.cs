using Exchange.Bus.Catalogue;
using Exchange.Bus.Quality;
using Exchange.Contracts.FrontEnd;
using static Exchange.UnitTests.Quality.Judging;

namespace Exchange.UnitTests.Quality;

[TestClass]
public sealed class RowRuleTests
{
    static readonly RowRule Order = new() { Name = "date-order", Expression = "submitted >= checked", Message = "上报日期早于检查日期" };

    static Resource Dated(params RowRule[] rules) => Resource(Item("id", "int64"), Item("checked", "date"), Item("submitted", "date")) with { Rules = rules };

    static string Rules(RejectedRow row) => string.Join(',', row.Broken.Select(broken => broken.Rule));

    [TestMethod]
    public async Task An_expression_is_broken_only_when_false()
    {
        var page = Page(Longs("id", "int64", 1, 2, 3), Longs("checked", "date", 10, 10, null), Longs("submitted", "date", 9, 10, 9));
        var judged = await Judge(Dated(Order)).JudgeAsync(page, default);
        Same(judged.AcceptedRows.ToArray(), 1, 2);
        var broken = judged.Rejected.Single().Broken.Single();
        Assert.AreEqual(("date-order", null, "上报日期早于检查日期", "submitted = '1970-01-10', checked = '1970-01-11'"), (broken.Rule, broken.Item, broken.Message, broken.Value));
        Assert.AreEqual("[\"1\"]", judged.Rejected.Single().Key);
    }

    [TestMethod]
    public async Task What_cannot_be_computed_is_broken_with_the_errors_text()
    {
        var rule = new RowRule { Name = "ratio", Expression = "checked / submitted" };
        var judged = await Judge(Dated(rule)).JudgeAsync(Page(Longs("id", "int64", 1, 2), Longs("checked", "date", 1, 1), Longs("submitted", "date", 0, 1)), default);
        Assert.AreEqual("The rule ratio could not be computed: division by zero", judged.Rejected.Single().Broken.Single().Message);
    }

    [TestMethod]
    public async Task Every_broken_rule_of_a_row_is_reported_and_rules_over_missing_values_are_not_judged()
    {
        var resource = Resource(Item("id", "int64"), Item("checked", "date"), Item("submitted", "date"), Item("code", "string(18)", "uscc"), Item("fine", "decimal(5,2)", "min 0")) with { Rules = [Order] };
        var page = Page(Longs("id", "int64", 1, 2), Texts("checked", "2026-07-02", "2026-07-02"), Texts("submitted", "2026-07-01", "nonsense"), Texts("code", "1", "2"), Decimals("fine", "decimal(5,2)", -1, -2));
        var judged = await Judge(resource).JudgeAsync(page, default);
        Assert.AreEqual("uscc,min,date-order", Rules(judged.Rejected[0]));
        Assert.AreEqual("type,uscc,min", Rules(judged.Rejected[1]));
        Assert.AreEqual(0, judged.Accepted.Count);
    }

    [TestMethod]
    public async Task Faults_of_the_reader_are_broken_rules_and_the_cell_is_not_judged_again()
    {
        var resource = Resource(Item("id", "int64"), Item("born", "date", "min 1900-01-01") with { Required = true });
        var page = new SourcePage
        {
            Rows = Page(Longs("id", "int64", 1, 2), Longs("other", "int64", 1, 1), Longs("born", "date", null, 1)).Rows,
            Faults = [new CellFault(0, 2, "zero-date", "0000-00-00", "A zero date is no date."), new CellFault(1, 1, "type", "x", "of no item")],
        };
        var judged = await Judge(resource).JudgeAsync(page, default);
        var broken = judged.Rejected.Single().Broken.Single();
        Assert.AreEqual(("zero-date", "born", "0000-00-00", "A zero date is no date."), (broken.Rule, broken.Item, broken.Value, broken.Message));
        Same(judged.AcceptedRows.ToArray(), 1);
        Same(judged.Accepted.Columns.Select(column => column.Name).ToArray(), "id", "born");
    }

    [TestMethod]
    public async Task A_key_without_a_value_is_required_and_names_no_row()
    {
        var resource = Resource(Item("no", "string(10)"), Item("x", "text")) with { Key = ["no"] };
        var judged = await Judge(resource).JudgeAsync(Page(Texts("no", null, "", "A-1"), Texts("x", "a", "b", "c")), default);
        Same(judged.Rejected.Select(Rules).ToArray(), "required", "required");
        Assert.IsTrue(judged.Rejected.All(row => row.Key is null));
        var missing = await Judge(resource).JudgeAsync(Page(Texts("x", "a")), default);
        Assert.AreEqual("required", Rules(missing.Rejected.Single()), "an item that the page lacks is NULL");
    }

    [TestMethod]
    public async Task A_key_is_told_in_item_types_even_when_its_value_breaks_a_rule()
    {
        var resource = Resource(Item("no", "int64", "min 10"), Item("x", "text"));
        var judged = await Judge(resource).JudgeAsync(Page(Texts("no", "007"), Texts("x", "a")), default);
        Assert.AreEqual("[\"7\"]", judged.Rejected.Single().Key);
    }

    [TestMethod]
    public async Task Rows_that_share_a_key_are_refused_unless_one_is_the_newest()
    {
        var resource = Resource(Item("id", "int64"));
        var rows = Page(Longs("id", "int64", 1, 2, 3)).Rows;
        var copies = await Judge(resource).JudgeAsync(new SourcePage { Rows = rows, Copies = [1, 3, 1] }, default);
        Assert.AreEqual("3 rows of the source share this key; a key must be unique.", copies.Rejected.Single().Broken.Single().Message);
        var ties = await Judge(resource).JudgeAsync(new SourcePage { Rows = rows, Copies = [1, 3, 2], Ties = [1, 1, 2] }, default);
        Assert.AreEqual(2, ties.Rejected.Single().Row);
        Assert.AreEqual("duplicate-key", Rules(ties.Rejected.Single()));
        StringAssert.Contains(ties.Rejected.Single().Broken.Single().Message, "no latest row");
    }

    [TestMethod]
    public async Task Keys_that_normalisation_makes_one_are_refused_together()
    {
        var resource = Resource(Item("no", "text") with { Normalize = ["trim"] });
        var judged = await Judge(resource).JudgeAsync(Page(Texts("no", "A", "B", "A ")), default);
        Same(judged.Rejected.Select(row => row.Row).ToArray(), 0, 2);
        Assert.AreEqual("duplicate-key", Rules(judged.Rejected[0]));
    }

    [TestMethod]
    public async Task A_reference_must_stand_in_the_other_resource()
    {
        var rule = new RowRule { Name = "known-item", Reference = new Reference("supervision-item", new Dictionary<string, string> { ["b"] = "code", ["a"] = "area" }) };
        var resource = Resource(Item("id", "int64"), Item("a", "text"), Item("b", "int32")) with { Rules = [rule] };
        var known = new FakeKnownValues().With("supervision-item", "area,code", "[\"N\",\"1\"]", "k");
        var judged = await Judge(resource, known: known).JudgeAsync(Page(Longs("id", "int64", 1, 2, 3), Texts("a", "N", "N", null), Longs("b", "int32", 1, 2, 2)), default);
        var broken = judged.Rejected.Single().Broken.Single();
        Assert.AreEqual(("known-item", "resource/supervision-item", "The resource supervision-item has no row with area = 'N', code = '2'."), (broken.Rule, broken.DependsOn, broken.Message));
        Same(judged.AcceptedRows.ToArray(), 0, 2);
        Same(known.Asked, "supervision-item:area,code");
    }

    [TestMethod]
    public async Task Parents_and_children_may_come_together_and_a_broken_parent_takes_its_children_along()
    {
        var rule = new RowRule { Name = "parent-known", Reference = new Reference("thing", new Dictionary<string, string> { ["parent"] = "id" }) };
        var resource = Resource(Item("id", "int64"), Item("parent", "int64"), Item("size", "int32", "min 0")) with { Rules = [rule] };
        var page = Page(Longs("id", "int64", 1, 2, 3, 4, 5, 6), Longs("parent", "int64", 2, null, 1, 4, 6, null), Longs("size", "int32", 1, 1, 1, 1, 1, -1));
        var judged = await Judge(resource).JudgeAsync(page, default);
        Same(judged.Rejected.Select(Rules).ToArray(), "parent-known", "min");
        var chain = Page(Longs("id", "int64", 1, 2, 3), Longs("parent", "int64", 2, 3, 9), Longs("size", "int32", 1, 1, 1));
        judged = await Judge(resource).JudgeAsync(chain, default);
        Same(judged.Rejected.Select(Rules).ToArray(), "parent-known", "parent-known", "parent-known");
    }

    [TestMethod]
    public async Task A_unique_value_belongs_to_its_holder()
    {
        var resource = Resource(Item("id", "int64"), Item("code", "text", "unique"), Item("size", "int32", "min 0"));
        var known = new FakeKnownValues().With("thing", "code", "[\"X\"]", "[\"1\"]").With("thing", "code", "[\"Y\"]", "[\"2\"]").With("thing", "code", "[\"Z\"]", "[\"99\"]");
        async Task<string> Judged(params (long Id, string? Code, int Size)[] rows)
        {
            var page = Page(Longs("id", "int64", [.. rows.Select(row => (long?)row.Id)]), Texts("code", [.. rows.Select(row => row.Code)]), Longs("size", "int32", [.. rows.Select(row => (long?)row.Size)]));
            var judged = await Judge(resource, known: known).JudgeAsync(page, default);
            return string.Join(' ', judged.Rejected.Select(row => $"{row.Row}:{Rules(row)}"));
        }

        Assert.AreEqual("", await Judged((1, "X", 1), (2, "Y", 1), (3, null, 1), (4, null, 1)), "holders and nulls");
        Assert.AreEqual("0:unique", await Judged((3, "Z", 1)), "held by another row");
        Assert.AreEqual("1:unique", await Judged((5, "N", 1), (6, "N", 1)), "the first of the page keeps it");
        Assert.AreEqual("0:min", await Judged((5, "N", -1), (6, "N", 1)), "a broken row keeps nothing");
        Assert.AreEqual("0:unique", await Judged((5, "X", 1), (1, "X", 1)), "the holder comes later in the page");
        Assert.AreEqual("", await Judged((1, "Y", 1), (2, "X", 1)), "two rows change places");
        Assert.AreEqual("0:unique 1:min,unique", await Judged((1, "Y", 1), (2, "X", -1)), "neither gives up what it holds, since neither changes");
    }

    [TestMethod]
    public async Task The_refused_unique_value_is_judged_again_when_the_resource_changes()
    {
        var resource = Resource(Item("id", "int64"), Item("code", "text", "unique"));
        var judge = Judge(resource);
        var judged = await judge.JudgeAsync(Page(Longs("id", "int64", 1, 2), Texts("code", "A", "A")), default);
        Assert.AreEqual("resource/thing", judged.Rejected.Single().Broken.Single().DependsOn);
        Assert.IsTrue(judge.AsksOwnRows, "the next page must wait for this one");
    }

    [TestMethod]
    public void Known_sets_are_those_of_unique_rules_and_of_references_from_anywhere()
    {
        var resource = Resource(Item("id", "int64"), Item("code", "text", "unique"));
        var other = Resource(Item("k", "int64"), Item("a", "int64"), Item("b", "text")) with
        {
            Name = "other",
            Rules = [new RowRule { Name = "r", Reference = new Reference("thing", new Dictionary<string, string> { ["a"] = "id", ["b"] = "code" }) }, new RowRule { Name = "s", Reference = new Reference("thing", new Dictionary<string, string> { ["b"] = "code" }) }],
        };
        var sets = KnownValueSets.Of(resource, Entries(resource, other)).Select(set => string.Join(',', set)).ToArray();
        Same(sets, "code", "code,id");
    }
}
