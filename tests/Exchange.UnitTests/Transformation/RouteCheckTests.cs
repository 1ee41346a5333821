using Exchange.Bus.Catalogue;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using static Exchange.UnitTests.Transformation.RouteBench;

namespace Exchange.UnitTests.Transformation;

[TestClass]
public sealed class RouteCheckTests
{
    static MappedColumn Column(string? from = null, string? codeMap = null, string? expression = null, string? constant = null, string? type = null, string? format = null)
    {
        ItemType parsed = default;
        if (type is not null) Assert.IsNull(ItemType.Parse(type, out parsed));
        return new MappedColumn { Column = "c", From = from, CodeMap = codeMap, Expression = expression, Constant = constant, Type = type is null ? null : parsed, Format = format };
    }

    public static IEnumerable<object[]> Wrong()
    {
        yield return [Column(), "needs exactly one of from, expression and constant"];
        yield return [Column(from: "result", constant: "1"), "needs exactly one of from, expression and constant"];
        yield return [Column(from: "reslt"), "has no item 'reslt'; did you mean 'result'?"];
        yield return [Column(from: "result", codeMap: "result-to-nationl"), "there is no CodeMap 'result-to-nationl'; did you mean 'result-to-national'?"];
        yield return [Column(expression: "fine", codeMap: "result-to-national"), "a codeMap translates an item"];
        yield return [Column(from: "result", codeMap: "result-to-national", type: "string(1)"), "translates '1' to '01', which has 2 characters where string(1) is asked"];
        yield return [Column(expression: "fin * 2"), "There is no item 'fin'"];
        yield return [Column(from: "check_date", type: "int32"), "date is never converted to int32"];
        yield return [Column(from: "fine", format: "yyyy"), "a format writes a date"];
        yield return [Column(from: "check_date", format: "yyyy-mm-dd"), "'m' is no part"];
        yield return [Column(constant: "x", type: "int32"), "the constant 'x' is no whole number"];
    }

    [TestMethod]
    [DynamicData(nameof(Wrong))]
    public void A_column_that_cannot_be_made_is_told(object column, string sentence)
    {
        var problems = Check(Subscription(WithKey((MappedColumn)column)));
        Assert.IsTrue(problems.Count >= 1 && problems[0].Contains(sentence, StringComparison.Ordinal), string.Join('\n', problems));
        Assert.DoesNotContain("?.", problems[0]);
    }

    [TestMethod]
    public void A_resource_that_names_an_item_twice_is_checked_all_the_same()
    {
        var twice = Checks with { Items = [.. Checks.Items, new Item { Name = "fine", Type = new(ItemKind.Text) }] };
        Assert.IsEmpty(Exchange.Bus.Transformation.RouteCheck.Check(Subscription() with { Filter = "fine > 0" }, twice, Entries(Subscription()), Compiler));
    }

    [TestMethod]
    public void A_good_subscription_has_no_problem() =>
        Assert.IsEmpty(Check(Subscription(WithKey(Column(from: "result", codeMap: "result-to-national"))) with { Filter = "fine > 0" }));

    [TestMethod]
    public void All_problems_are_told_at_once_with_the_place_marked()
    {
        var problems = Check(Subscription(From("check_no", "check_no"), From("CHECK_NO", "fine"), From("x", "nothing")) with { Filter = "reslt == '2'" });
        Assert.HasCount(4, problems);
        StringAssert.Contains(problems[0], "    reslt == '2'\n    ^^^^^", StringComparison.Ordinal);
        StringAssert.Contains(problems[3], "needs key item 'region' one to one", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_filter_that_is_no_condition_is_refused() =>
        StringAssert.Contains(Check(Subscription() with { Filter = "fine" }).Single(), "The filter is no condition", StringComparison.Ordinal);

    [TestMethod]
    public void A_key_item_may_be_translated_only_by_a_map_that_joins_no_codes()
    {
        var resource = Checks with { Key = ["result"] };
        var subscription = Subscription(new MappedColumn { Column = "jg", From = "result", CodeMap = "m" });
        IReadOnlyList<string> With(string second) => Exchange.Bus.Transformation.RouteCheck.Check(subscription, resource, Entries() with
        {
            CodeMaps = new Dictionary<string, CodeMap> { ["m"] = new() { Name = "m", Map = new Dictionary<string, string> { ["1"] = "01", ["2"] = second } } },
        }, Compiler);
        Assert.IsEmpty(With("02"));
        StringAssert.Contains(With("01").Single(), "two codes become one", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_key_that_loses_the_difference_between_rows_is_refused()
    {
        StringAssert.Contains(Check(Subscription(From("region", "region"), new MappedColumn { Column = "no", From = "check_no", Type = new(ItemKind.Int64) })).Single(), "reads the text as another type", StringComparison.Ordinal);
        StringAssert.Contains(Check(Subscription(From("region", "region"), new MappedColumn { Column = "no", Expression = "lower(check_no)" })).Single(), "only computes with it", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_shared_table_needs_a_constant_of_its_own()
    {
        var mine = Subscription(WithKey(new MappedColumn { Column = "src", Constant = "1", Type = new(ItemKind.Int32) }));
        var other = mine with { Name = "other" };
        StringAssert.Contains(Check(mine, other).Single(), "Subscription 'other' writes the same table jg_check", StringComparison.Ordinal);
        Assert.HasCount(1, Check(mine, other with { Map = [.. WithKey(new MappedColumn { Column = "src", Constant = "01", Type = new(ItemKind.Int32) })] }));
        Assert.HasCount(1, Check(mine, other with { Map = null, Target = other.Target with { Table = new TableName(null, "JG_CHECK") } }));
        Assert.IsEmpty(Check(mine, other with { Map = [.. WithKey(new MappedColumn { Column = "src", Constant = "2", Type = new(ItemKind.Int32) })] }));
        Assert.HasCount(1, Check(mine, other with { Target = other.Target with { Table = new TableName("s", "jg_check") } }));
        Assert.IsEmpty(Check(mine with { Target = mine.Target with { Table = new TableName("a", "jg_check") } }, other with { Target = other.Target with { Table = new TableName("s", "jg_check") } }));
        Assert.IsEmpty(Check(mine, other with { Target = other.Target with { Connection = "elsewhere" } }));
    }

    [TestMethod]
    public void Tombstone_columns_belong_to_the_hub()
    {
        var subscription = Subscription(WithKey(From("exchange_deleted", "result")));
        Assert.IsEmpty(Check(subscription));
        StringAssert.Contains(Check(subscription with { Target = subscription.Target with { Deletes = DeletePolicy.Tombstone } }).Single(), "written by the hub itself", StringComparison.Ordinal);
    }
}
