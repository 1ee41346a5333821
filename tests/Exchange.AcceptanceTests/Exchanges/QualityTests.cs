using Exchange.AcceptanceTests.Hubs;

namespace Exchange.AcceptanceTests.Exchanges;

/// <summary>Bad rows go back to their provider and come in again once they are right; none reaches a subscriber.</summary>
[TestClass]
public sealed class QualityTests
{
    static readonly FrontTable Firms = FrontTable.Of("firm", "id",
        ("id", "int32"), ("name", "string(10)"), ("uscc", "string(18)"), ("kind", "string(2)"), ("amount", "decimal(12,2)"), ("parent", "string(5)"), ("number", "string(20)"), ("begins", "date"), ("ends", "date"));

    static readonly FrontTable Areas = FrontTable.Of("area", "code", ("code", "string(5)"));

    static readonly Dictionary<string, string> Items = new()
    {
        ["name"] = "required: true", ["uscc"] = "rules: [uscc]", ["kind"] = "codeSet: kinds", ["amount"] = "rules: [ \"min 0\", \"max 100\" ]", ["number"] = "rules: [unique]",
    };

    const string Rules = """
          rules:
            - { name: order, expression: "ends >= begins", message: 结束早于开始 }
            - { name: area, reference: { resource: areas, items: { parent: code } } }
        """;

    const string Kinds = "kind: CodeSet\nmetadata: { name: kinds }\nspec: { codes: { \"1\": 一, \"2\": 二 } }\n";

    static string?[] Good(int id) => [$"{id}", $"名 {id}", "119900000000020224", "1", "1.5", "a1", $"N-{id}", "2026-01-01", "2026-12-31"];

    static string?[] Firm(int id, params (int At, string? Value)[] wrong)
    {
        var row = Good(id);
        foreach (var (at, value) in wrong) row[at] = value;
        return row;
    }

    static async Task<List<string>> ErrorsAsync(FrontEnd source, string table = "firm_error") =>
        [.. (await source.Database.QueryAsync($"SELECT id, err_rule, err_item FROM {table} WHERE err_closed_batch IS NULL")).Select(row => $"{row[0]} {row[1]} {row[2]}".TrimEnd()).Order(StringComparer.Ordinal)];

    [TestMethod]
    [DynamicData(nameof(FrontEnd.Each), typeof(FrontEnd))]
    public async Task Every_defect_is_told_to_the_provider_and_closed_by_a_correction_a_deletion_or_what_it_waited_for(string engine)
    {
        await using var source = await FrontEnd.CreateAsync(engine);
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = new TestHub();
        await source.CreateAsync(Firms);
        await source.CreateAsync(Areas);
        await source.InsertAsync(Areas, ["a1"]);
        await source.InsertAsync(Firms, Good(1), Firm(2, (1, null)), Firm(3, (2, "119900000000020225")), Firm(4, (3, "3")), Firm(5, (4, "-0.01")), Firm(6, (5, "a2")), Firm(7, (6, "N-1")), Firm(8, (8, "2025-12-31")),
            Firm(9, (1, ""), (2, "x"), (3, "9"), (4, "100.01"), (8, "2025-12-31")), Good(10));
        string Manifests() => TestHub.Resource("areas", Areas, "mode: changelog") + TestHub.Resource("firms", Firms, "mode: changelog", Rules, Items);
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), Kinds, Manifests(), TestHub.Subscription("areas", "areas", "area"), TestHub.Subscription("firms", "firms", "firm"));

        var first = (await hub.SyncAsync(3))["firms"];
        Assert.AreEqual(8, first.GetProperty("rejected").GetInt32());
        List<string> expected = ["2 required name", "3 uscc uscc", "4 code-set kind", "5 min amount", "6 area parent", "7 unique number", "8 order", "9 code-set kind", "9 max amount", "9 order", "9 required name", "9 uscc uscc"];
        await OpenAsync(expected, 1, 10);

        // Nothing has changed: nothing is told twice, and this run rejected nothing.
        await hub.SyncAsync();
        await OpenAsync(expected, 1, 10);

        // Corrected; deleted; still wrong, but otherwise; a good row that turns bad keeps its last good version at the subscriber.
        await source.UpdateAsync(Firms, ["2"], ("name", "corrected"));
        await source.DeleteAsync(Firms, "3");
        await source.UpdateAsync(Firms, ["9"], ("name", "name"), ("uscc", "119900000000020224"), ("kind", "1"));
        await source.UpdateAsync(Firms, ["10"], ("amount", "101"));
        var second = (await hub.SyncAsync(3))["firms"];
        Assert.AreEqual(2, second.GetProperty("closed").GetInt32(), "2 corrected, 3 deleted");
        expected = ["4 code-set kind", "5 min amount", "6 area parent", "7 unique number", "8 order", "9 max amount", "9 order", "10 max amount"];
        await OpenAsync(expected, 1, 2, -10);

        // What rows waited for comes; the rows themselves do not change.
        await source.InsertAsync(Areas, ["a2"]);
        await hub.SyncAsync();
        expected.Remove("6 area parent");
        await OpenAsync(expected, 1, 2, 6, -10);
        await hub.ApplyAsync(Kinds.Replace("\"2\": 二", "\"2\": 二, \"3\": 三", StringComparison.Ordinal));
        await hub.SyncAsync(-1);
        expected.Remove("4 code-set kind");
        await OpenAsync(expected, 1, 2, 4, 6, -10);
        await source.UpdateAsync(Firms, ["1"], ("number", "N-1 given up"));
        await hub.SyncAsync(-1);
        expected.Remove("7 unique number");
        await OpenAsync(expected, 1, 2, 4, 6, 7, -10);

        // A deletion at the source deletes the last good version too.
        await source.DeleteAsync(Firms, "10");
        await source.DeleteAsync(Firms, "9");
        await source.UpdateAsync(Firms, ["8"], ("ends", null));
        await source.UpdateAsync(Firms, ["5"], ("amount", "0"));
        await hub.SyncAsync();
        await OpenAsync([], 1, 2, 4, 5, 6, 7, 8);
        Assert.AreEqual(15, await source.NumberAsync("SELECT count(*) FROM firm_error WHERE err_closed_batch IS NOT NULL"), "every error is kept once, closed: 12, and afresh 2 of row 9 and 1 of row 10");

        // Rows at the subscriber as they stand at the source; a negative number: the row's last good version.
        async Task OpenAsync(List<string> errors, params int[] rows)
        {
            CollectionAssert.AreEquivalent(errors, await ErrorsAsync(source));
            var delivered = await source.LinesAsync(Firms, $"WHERE id IN ({string.Join(", ", rows.Where(id => id > 0).Append(0))})");
            var kept = rows.Where(id => id < 0).Select(id => string.Join('|', Good(-id)));
            CollectionAssert.AreEqual(delivered.Concat(kept).Order(StringComparer.Ordinal).ToList(), await target.LinesAsync(Firms));
        }
    }

    [TestMethod]
    [DataRow("changelog")]
    [DataRow("snapshot")]
    public async Task A_run_past_its_error_limit_delivers_nothing_gives_the_rows_back_and_the_next_recovers(string mode)
    {
        var table = FrontTable.Of("t", "id", ("id", "int32"), ("n", "int32"));
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("postgresql");
        using var hub = new TestHub();
        await source.CreateAsync(table);
        await source.InsertAsync(table, Enumerable.Range(1, 20).Select(id => new[] { $"{id}", id % 4 == 0 ? "-1" : "1" }));
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)),
            TestHub.Resource("r", table, $"mode: {mode}", "  batchRows: 4\n  maxErrors: 3\n  maxErrorPercent: 20", new Dictionary<string, string> { ["n"] = "rules: [ \"min 0\" ]" }), TestHub.Subscription("s", "r", "copy"));
        var copy = table with { Name = "copy" };

        var stopped = (await hub.SyncAsync(1))["s"];
        Assert.AreEqual("provider.quality.limit", stopped.GetProperty("errorCode").GetString());
        Assert.IsEmpty(await target.LinesAsync(copy));
        Assert.AreEqual(4, await source.NumberAsync("SELECT count(*) FROM t_error WHERE err_closed_batch IS NULL"));

        await source.ExecuteAsync("UPDATE t SET n = 2 WHERE id IN (4, 8)");
        await hub.SyncAsync(3);
        CollectionAssert.AreEqual(await source.LinesAsync(table, "WHERE n >= 0"), await target.LinesAsync(copy));
        Assert.AreEqual(3, await source.NumberAsync("SELECT count(*) FROM t_error WHERE err_closed_batch IS NULL"));

        // An increment past the limit: good changes of it wait too, and are not lost.
        var before = await target.LinesAsync(copy);
        await source.ExecuteAsync("UPDATE t SET n = -5 WHERE id IN (1, 2, 3, 5)");
        await source.ExecuteAsync("UPDATE t SET n = 7 WHERE id IN (6, 7)");
        await hub.SyncAsync(1);
        CollectionAssert.AreEqual(before, await target.LinesAsync(copy));
        await source.ExecuteAsync("UPDATE t SET n = 5 WHERE n < 0");
        await hub.SyncAsync();
        CollectionAssert.AreEqual(await source.LinesAsync(table), await target.LinesAsync(copy));
        Assert.AreEqual(0, await source.NumberAsync("SELECT count(*) FROM t_error WHERE err_closed_batch IS NULL"));
    }

    [TestMethod]
    public async Task Rows_that_share_a_key_are_errors_unless_the_resource_says_which_of_them_stands()
    {
        var table = FrontTable.Of("t", "", ("id", "string(5)"), ("n", "int32"));
        await using var source = await FrontEnd.CreateAsync("mysql");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = new TestHub();
        await source.CreateAsync(table);
        await source.InsertAsync(table, ["a", "1"], ["b", "1"], ["b", "2"], ["c", "3"], ["c", "3"], [null, "4"]);
        table = table with { Key = ["id"] };
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("strict", table, "mode: snapshot"), TestHub.Subscription("strict", "strict", "strict"),
            TestHub.Resource("latest", table, "mode: snapshot }, errors: { table: other_error", "  deduplicate: { latest: [n] }"), TestHub.Subscription("latest", "latest", "latest"));
        await hub.SyncAsync(3);
        CollectionAssert.AreEqual(new[] { "a|1" }, await target.LinesAsync(table with { Name = "strict" }));
        CollectionAssert.AreEqual(new[] { "a|1", "b|2" }, await target.LinesAsync(table with { Name = "latest" }));
        var open = await ErrorsAsync(source, "t_error");
        CollectionAssert.AreEquivalent(new[] { "b duplicate-key", "c duplicate-key" }, open.Where(line => line.Contains("duplicate", StringComparison.Ordinal)).Distinct().ToList(), string.Join("; ", open));
        Assert.Contains("required id", string.Join(';', open));
        open = await ErrorsAsync(source, "other_error");
        Assert.DoesNotContain("b ", string.Join(';', open));
        Assert.Contains("c ", string.Join(';', open));

        await source.ExecuteAsync("DELETE FROM t WHERE id IS NULL OR (id = 'c') OR (id = 'b' AND n = 1)");
        await hub.SyncAsync();
        CollectionAssert.AreEqual(new[] { "a|1", "b|2" }, await target.LinesAsync(table with { Name = "strict" }));
        Assert.IsEmpty(await ErrorsAsync(source, "t_error"));
        Assert.IsEmpty(await ErrorsAsync(source, "other_error"));
    }

    [TestMethod]
    [DynamicData(nameof(FrontEnd.Each), typeof(FrontEnd))]
    public async Task Control_columns_say_which_row_of_a_key_stands_and_ties_are_errors(string engine)
    {
        var table = FrontTable.Of("t", "cd_id", ("cd_id", "int64"), ("id", "string(5)"), ("n", "int32"), ("cd_time", "timestamp"), ("cd_batch", "string(10)"), ("cd_operation", "string(1)"));
        var items = FrontTable.Of("t", "id", ("id", "string(5)"), ("n", "int32"));
        await using var source = await FrontEnd.CreateAsync(engine);
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = new TestHub();
        await source.CreateAsync(table);
        const string At = "2026-07-01T08:00:00Z", Later = "2026-07-01T09:00:00Z";
        await source.InsertAsync(table, ["1", "a", "1", At, "001", "i"], ["2", "a", "2", Later, "001", "u"], ["3", "b", "1", Later, "001", "i"], ["4", "b", "2", At, "002", "U"], ["5", "c", "1", At, "001", "i"], ["6", "c", "1", Later, "001", "D"],
            ["7", "d", "1", At, "001", "x"], ["8", "e", "1", At, "001", "i"]);
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", items, "mode: control"), TestHub.Subscription("s", "r", "copy"));
        var copy = items with { Name = "copy" };
        await hub.SyncAsync(3);
        CollectionAssert.AreEqual(new[] { "a|2", "b|2", "e|1" }, await target.LinesAsync(copy));
        CollectionAssert.AreEqual(new[] { "d operation cd_operation" }, await ErrorsAsync(source, "t_error"));

        // A later batch wins though its rows are older; one that says nothing new changes nothing; a deletion; and a wrong operation is made good.
        await source.InsertAsync(table, ["9", "a", "0", Later, "000", "u"], ["10", "b", "9", At, "003", "u"], ["11", "e", null, At, "002", "d"], ["12", "d", "5", At, "002", "i"], ["13", "f", "1", At, "002", "i"]);
        await hub.SyncAsync();
        CollectionAssert.AreEqual(new[] { "a|2", "b|9", "d|5", "f|1" }, await target.LinesAsync(copy));
        Assert.IsEmpty(await ErrorsAsync(source, "t_error"));
    }

    [TestMethod]
    public async Task A_value_whose_holder_a_full_no_longer_meets_is_free_within_that_full()
    {
        var table = FrontTable.Of("t", "id", ("id", "int32"), ("number", "string(5)"));
        await using var source = await FrontEnd.CreateAsync("sqlite");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = new TestHub();
        await source.CreateAsync(table);
        await source.InsertAsync(table, ["1", "x"]);
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)),
            TestHub.Resource("r", table, "mode: snapshot", "", new Dictionary<string, string> { ["number"] = "rules: [unique]" }), TestHub.Subscription("s", "r", "copy"));
        await hub.SyncAsync();
        await source.DeleteAsync(table, "1");
        await source.InsertAsync(table, ["2", "x"]);
        await hub.SyncAsync(-1);
        CollectionAssert.AreEqual(new[] { "2|x" }, await target.LinesAsync(table with { Name = "copy" }));
        Assert.IsEmpty(await source.Database.QueryAsync("SELECT err_id FROM t_error WHERE err_closed_batch IS NULL"));
    }
}
