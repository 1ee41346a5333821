using Exchange.Bus.Catalogue;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Rows;
using static Exchange.UnitTests.Transformation.RouteBench;

namespace Exchange.UnitTests.Transformation;

[TestClass]
public sealed class RouteTests
{
    static readonly MappedColumn Code = new() { Column = "jg", From = "result", CodeMap = "result-to-national" };

    [TestMethod]
    public void Without_map_or_filter_all_items_go_under_their_own_names()
    {
        var route = Route(Subscription());
        var routed = route.Route(Batch(["A", "1", "2", "2026-07-01", "1.5"], ["B", "2"]));
        Assert.AreEqual("+ A|1|2|2026-07-01|1.5\n- B|2|~|~|~", Text(routed.Rows));
        Assert.AreEqual("0 1", string.Join(' ', routed.SourceRows));
        Assert.IsEmpty(routed.Refused);
        Assert.AreEqual("check_no region", string.Join(' ', route.Target.Key));
        Assert.AreEqual("行政检查行为", route.Target.Title);
        Assert.AreEqual("check_no string(20) True, region int32 True, result string(2) False, check_date date False, fine decimal(12,2) False",
            string.Join(", ", route.Target.Columns.Select(column => $"{column.Name} {column.Type} {column.Required}")));
    }

    [TestMethod]
    public void A_row_that_does_not_pass_the_filter_is_deleted_also_when_it_is_unknown()
    {
        var routed = Route(Subscription() with { Filter = "result == '2'" })
            .Route(Batch(["A", "1", "2", null, null], ["B", "1", "1", null, null], ["C", "1", null, null, null]));
        Assert.AreEqual("+ A|1|2|~|~\n- B|1|~|~|~\n- C|1|~|~|~", Text(routed.Rows));
    }

    [TestMethod]
    public void Columns_are_renamed_translated_computed_and_constant()
    {
        var route = Route(Subscription(WithKey(
            Code,
            new MappedColumn { Column = "yuan", Expression = "fine * 10000", Type = ItemType.Decimal(18, 0) },
            new MappedColumn { Column = "source", Constant = "市监局" },
            new MappedColumn { Column = "day", From = "check_date", Format = "yyyy/MM/dd" })));
        var routed = route.Route(Batch(["A", "1", "3", "2026-07-01", "1.25"], ["B", "1", null, null, null]));
        Assert.AreEqual("+ A|1|99|12500|市监局|2026/07/01\n+ B|1|~|~|市监局|~", Text(routed.Rows));
        Assert.AreEqual("string(20) int32 string(2) decimal(18,0) string(3) string(20)", string.Join(' ', route.Target.Columns.Select(column => column.Type)));
    }

    [TestMethod]
    public void An_unmapped_code_is_refused_and_named_and_its_neighbours_go_on()
    {
        var routed = Route(Subscription(WithKey(Code))).Route(Batch(["A", "1", "1", null, null], ["B", "1", "9", null, null], ["C", "1", "2", null, null]));
        Assert.AreEqual("+ A|1|01\n+ C|1|02", Text(routed.Rows));
        Assert.AreEqual("0 2", string.Join(' ', routed.SourceRows));
        var (row, broken) = routed.Refused.Single();
        Assert.AreEqual(1, row);
        Assert.AreEqual("code-map", broken[0].Rule);
        Assert.AreEqual("9", broken[0].Value);
        Assert.AreEqual("'result' has the code '9', which the code map 'result-to-national' does not translate (column jg).", broken[0].Message);
    }

    [TestMethod]
    public void Every_broken_rule_of_a_row_is_told()
    {
        var routed = Route(Subscription(WithKey(
            Code,
            new MappedColumn { Column = "short", Expression = "concat(check_no, check_no)", Type = ItemType.String(3) },
            new MappedColumn { Column = "whole", From = "fine", Type = new(ItemKind.Int32) },
            new MappedColumn { Column = "share", Expression = "fine / (region - 1)" }))).Route(Batch(["AB", "1", "9", null, "1.5"]));
        Assert.AreEqual(0, routed.Rows.Count);
        Assert.AreEqual("code-map length type expression", string.Join(' ', routed.Refused.Single().Broken.Select(rule => rule.Rule)));
    }

    [TestMethod]
    public void A_row_refused_by_the_map_is_not_deleted_so_that_the_last_good_version_stays()
    {
        var routed = Route(Subscription(WithKey(Code)) with { Filter = "region == 1" }).Route(Batch(["A", "1", "9", null, null], ["B", "2", "9", null, null]));
        Assert.AreEqual("- B|2|~", Text(routed.Rows));
        Assert.HasCount(1, routed.Refused);
    }

    [TestMethod]
    public void A_delete_whose_key_the_target_cannot_hold_falls_away()
    {
        var routed = Route(Subscription(From("region", "region"), new MappedColumn { Column = "no", From = "check_no", Type = ItemType.String(2) })).Route(Batch(["ABC", "1"], ["AB", "1"]));
        Assert.AreEqual("- 1|AB", Text(routed.Rows));
        Assert.IsEmpty(routed.Refused);
    }

    [TestMethod]
    public void Old_log_batches_are_read_in_the_types_of_today()
    {
        (string, ItemType)[] old = [("check_no", ItemType.String(10)), ("region", ItemType.String(6)), ("fine", new(ItemKind.Double)), ("gone", new(ItemKind.Text))];
        var routed = Route(Subscription()).Route(Batch(old, ["A", "7", "0.25", "x"], ["B", "far", "1", "x"], ["C", "8", "0.125", "x"]));
        Assert.AreEqual("+ A|7|~|~|0.25", Text(routed.Rows));
        Assert.AreEqual("type range", string.Join(' ', routed.Refused.Select(refused => refused.Broken.Single().Rule)));
        StringAssert.Contains(routed.Refused[0].Broken[0].Message, "was taken in as string(6)", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Items_that_the_route_does_not_read_never_refuse_a_row()
    {
        (string, ItemType)[] old = [("check_no", ItemType.String(10)), ("region", new(ItemKind.Int32)), ("fine", ItemType.String(6))];
        Assert.AreEqual("+ A|7", Text(Route(Subscription(WithKey())).Route(Batch(old, ["A", "7", "much"])).Rows));
    }

    [TestMethod]
    public void Key_texts_become_the_targets_keys_with_constants()
    {
        var mine = Subscription(WithKey(new MappedColumn { Column = "src", Constant = "a" }));
        var other = mine with { Name = "other", Map = [.. WithKey(new MappedColumn { Column = "src", Constant = "b" })] };
        var route = Factory.Create(mine, Entries(mine, other));
        Assert.AreEqual("src check_no region", string.Join(' ', route.Target.Key));
        Assert.AreEqual("a", route.Target.Scope["src"]);
        var keys = route.TargetKeys(["[\"编号-1\",\"330000\"]", "[\"B\",\"no number\"]", "[\"C\",\"2\"]"]);
        Assert.AreEqual("src check_no region", string.Join(' ', keys.Columns.Select(column => column.Name)));
        Assert.AreEqual("- a|编号-1|330000\n- a|C|2", Text(keys));
    }

    [TestMethod]
    public void Key_texts_of_log_rows_and_of_routed_rows_meet()
    {
        var batch = Batch(["A'\"\\", "1", "2", null, null]);
        var route = Route(Subscription(WithKey(Code)));
        var keys = route.TargetKeys([RowKey.Text(batch, [0, 1], 0)]);
        Assert.IsTrue(keys["check_no"].SameValue(0, route.Route(batch).Rows["check_no"], 0));
    }

    [TestMethod]
    public void The_fingerprint_changes_with_whatever_decides_what_is_delivered()
    {
        var plain = Subscription(WithKey(Code));
        var fingerprint = Route(plain).Fingerprint;
        Assert.AreEqual(64, fingerprint.Length);
        Assert.AreEqual(fingerprint, Route(plain with { Title = "other", Map = [.. plain.Map!.Reverse()] }).Fingerprint);
        var changed = new[]
        {
            Route(plain with { Filter = "region == 1" }),
            Route(plain with { Map = WithKey(Code with { Column = "other" }) }),
            Route(plain with { Map = WithKey(Code with { Type = new(ItemKind.Text) }) }),
            Route(plain with { Target = plain.Target with { Deletes = Exchange.Contracts.FrontEnd.DeletePolicy.Ignore } }),
            Route(plain with { Target = plain.Target with { Connection = "elsewhere" } }),
            Factory.Create(plain, Entries(plain) with { CodeMaps = new Dictionary<string, CodeMap> { [Results.Name] = Results with { Map = new Dictionary<string, string> { ["1"] = "01" } } } }),
            Factory.Create(plain, Entries(plain) with { Resources = new Dictionary<string, Resource> { [Checks.Name] = Checks with { Items = [Checks.Items[0] with { Type = ItemType.String(30) }, .. Checks.Items.Skip(1)] } } }),
        };
        Assert.HasCount(changed.Length + 1, changed.Select(route => route.Fingerprint).Append(fingerprint).Distinct().ToArray());
        var unread = Checks with { Items = [.. Checks.Items, new Item { Name = "new", Type = new(ItemKind.Text) }] };
        Assert.AreEqual(fingerprint, Factory.Create(plain, Entries(plain) with { Resources = new Dictionary<string, Resource> { [Checks.Name] = unread } }).Fingerprint);
    }

    [TestMethod]
    public void A_subscription_that_does_not_fit_is_held_with_its_reason()
    {
        var held = Assert.ThrowsExactly<ExchangeException>(() => Route(Subscription(From("check_no", "check_no"))));
        Assert.AreEqual(ErrorCodes.SubscriptionHeld, held.Code);
        StringAssert.Contains(held.Message, "'region'", StringComparison.Ordinal);
    }
}
