using System.Text.Json;
using Exchange.AcceptanceTests.Hubs;

namespace Exchange.AcceptanceTests.Exchanges;

/// <summary>What a subscription says is what stands at its target, and one subscription's trouble is its own.</summary>
[TestClass]
public sealed class DeliveryTests
{
    static readonly FrontTable Table = FrontTable.Of("t", "id", ("id", "int32"), ("code", "string(3)"), ("name", "string(20)"), ("at", "date"));

    const string Codes = "kind: CodeSet\nmetadata: { name: codes }\nspec: { codes: { A: 甲, B: 乙, C: 丙 } }\n";

    static string CodeMap(string map) => $"kind: CodeMap\nmetadata: {{ name: codes-to-national }}\nspec: {{ from: codes, map: {{ {map} }} }}\n";

    static FrontTable Named(string name) => Table with { Name = name };

    static async Task<(FrontEnd Source, FrontEnd Target, TestHub Hub)> BeginAsync(string targetEngine, params string[] subscriptions)
    {
        var source = await FrontEnd.CreateAsync("postgresql");
        var target = await FrontEnd.CreateAsync(targetEngine);
        var hub = new TestHub();
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, ["1", "A", "one", "2026-01-01"], ["2", "B", "two", "2026-01-02"], ["3", "A", "three", "0001-01-01"], ["4", "C", "a name that is long", "2026-01-04"]);
        await hub.ApplyAsync([TestHub.Connections(("source", source), ("target", target)), Codes, CodeMap("A: 01, B: 02"),
            TestHub.Resource("r", Table, "mode: changelog", "", new Dictionary<string, string> { ["code"] = "codeSet: codes" }), .. subscriptions]);
        return (source, target, hub);
    }

    [TestMethod]
    [DynamicData(nameof(FrontEnd.Each), typeof(FrontEnd))]
    public async Task Deletions_are_applied_marked_or_ignored_and_a_row_that_leaves_the_filter_is_deleted(string engine)
    {
        var (source, target, hub) = await BeginAsync(engine, TestHub.Subscription("applied", "r", "applied"), TestHub.Subscription("marked", "r", "marked", "deletes: tombstone"),
            TestHub.Subscription("ignored", "r", "ignored", "deletes: ignore"), TestHub.Subscription("filtered", "r", "filtered", "", "  filter: \"code == 'A'\""));
        await using var _ = source;
        await using var __ = target;
        using var ___ = hub;
        await hub.SyncAsync();
        await source.DeleteAsync(Table, "1");
        await source.UpdateAsync(Table, ["3"], ("code", "B"));
        await hub.SyncAsync();
        CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Named("applied")));
        Assert.HasCount(4, await target.LinesAsync(Named("ignored")));
        Assert.IsEmpty(await target.LinesAsync(Named("filtered")));
        CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Named("marked"), $"WHERE {(engine == "postgresql" ? "NOT exchange_deleted" : "exchange_deleted = 0")}"));
        Assert.AreEqual(1, await target.NumberAsync("SELECT count(*) FROM marked WHERE exchange_deleted_at IS NOT NULL AND id = 1"));
        await source.InsertAsync(Table, ["1", "A", "again", null]);
        await hub.SyncAsync();
        Assert.AreEqual(0, await target.NumberAsync("SELECT count(*) FROM marked WHERE exchange_deleted_at IS NOT NULL"));
        CollectionAssert.AreEqual(new[] { "1|A|again|∅" }, await target.LinesAsync(Named("filtered")));

        // A changed filter delivers anew from the log, without a change at the source.
        await hub.ApplyAsync(TestHub.Subscription("filtered", "r", "filtered", "", "  filter: \"code != 'A'\""));
        var anew = await hub.SyncAsync();
        Assert.AreEqual(0, anew["filtered"].GetProperty("read").GetInt32());
        CollectionAssert.AreEqual(await source.LinesAsync(Table, "WHERE code <> 'A'"), await target.LinesAsync(Named("filtered")));
    }

    [TestMethod]
    public async Task A_code_without_translation_is_refused_for_that_subscription_alone_until_the_map_knows_it()
    {
        const string Map = "  map: { id: id, jg: { from: code, codeMap: codes-to-national } }";
        var (source, target, hub) = await BeginAsync("sqlite", TestHub.Subscription("all", "r", "everything"), TestHub.Subscription("coded", "r", "coded", "", Map));
        await using var _ = source;
        await using var __ = target;
        using var ___ = hub;
        var coded = FrontTable.Of("coded", "id", ("id", "int32"), ("jg", "string(9)"));
        var results = await hub.SyncAsync(3);
        Assert.AreEqual(1, results["coded"].GetProperty("refused").GetInt32());
        Assert.AreEqual(0, results["all"].GetProperty("refused").GetInt32());
        CollectionAssert.AreEqual(new[] { "1|01", "2|02", "3|01" }, await target.LinesAsync(coded));
        CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Named("everything")));
        Assert.IsEmpty(await source.Database.QueryAsync("SELECT 1 FROM pg_tables WHERE tablename = 't_error'"), "it is no fault of the provider's row");

        await hub.ApplyAsync(CodeMap("A: 01, B: 09, C: 03"));
        await hub.SyncAsync();
        CollectionAssert.AreEqual(new[] { "1|01", "2|09", "3|01", "4|03" }, await target.LinesAsync(coded));
    }

    [TestMethod]
    public async Task Rows_that_a_target_cannot_hold_are_refused_there_and_the_rest_is_delivered()
    {
        var (source, target, hub) = await BeginAsync("mysql", TestHub.Subscription("s", "r", "narrow", "", "  map: { id: id, label: { expression: \"name\", type: string(5) }, at: at }"));
        await using var _ = source;
        await using var __ = target;
        using var ___ = hub;
        var result = (await hub.SyncAsync(3))["s"];
        Assert.AreEqual(1, result.GetProperty("refused").GetInt32());
        var narrow = FrontTable.Of("narrow", "id", ("id", "int32"), ("label", "string(5)"), ("at", "date"));
        CollectionAssert.AreEqual(new[] { "1|one|2026-01-01", "2|two|2026-01-02", "3|three|0001-01-01" }, await target.LinesAsync(narrow));
        await source.UpdateAsync(Table, ["4"], ("name", "short"));
        await hub.SyncAsync();
        Assert.HasCount(4, await target.LinesAsync(narrow));
    }

    [TestMethod]
    public async Task What_a_constraint_of_the_targets_own_refuses_is_one_row_and_no_batch()
    {
        var (source, target, hub) = await BeginAsync("postgresql", TestHub.Subscription("s", "r", "checked"));
        await using var _ = source;
        await using var __ = target;
        using var ___ = hub;
        await target.ExecuteAsync("CREATE TABLE checked (id int PRIMARY KEY, code varchar(3), name varchar(20), at date CHECK (at > '1900-01-01'))");
        var result = (await hub.SyncAsync(3))["s"];
        Assert.AreEqual(1, result.GetProperty("refused").GetInt32());
        CollectionAssert.AreEqual(await source.LinesAsync(Table, "WHERE id <> 3"), await target.LinesAsync(Named("checked")));
        await source.UpdateAsync(Table, ["3"], ("at", "2026-03-03"));
        await hub.SyncAsync();
        CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Named("checked")));
    }

    [TestMethod]
    [DynamicData(nameof(FrontEnd.Each), typeof(FrontEnd))]
    public async Task A_table_that_does_not_fit_is_refused_with_the_difference_and_nothing_is_done(string engine)
    {
        var (source, target, hub) = await BeginAsync(engine, TestHub.Subscription("s", "r", "unfit"), TestHub.Subscription("absent", "r", "absent", "create: false"));
        await using var _ = source;
        await using var __ = target;
        using var ___ = hub;
        await target.ExecuteAsync("CREATE TABLE unfit (id int PRIMARY KEY, code varchar(3), name varchar(5), further int NOT NULL)");
        var results = await hub.SyncAsync(1);
        var error = results["s"].GetProperty("error").GetString()!;
        Assert.Contains("name", error);
        Assert.Contains("further", error);
        Assert.Contains("absent", results["absent"].GetProperty("error").GetString()!);
        Assert.AreEqual(0, await target.NumberAsync("SELECT count(*) FROM unfit"));
        Assert.HasCount(2, await hub.GetAsync("holds"));

        await target.ExecuteAsync("DROP TABLE unfit");
        await target.CreateAsync(Named("absent"));
        await hub.SyncAsync();
        foreach (var name in new[] { "unfit", "absent" }) CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Named(name)));
        Assert.IsEmpty(await hub.GetAsync("holds"));
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task A_new_store_holds_before_an_old_ledger_and_a_full_heals_it(bool fullAtOnce)
    {
        var (source, target, old) = await BeginAsync("postgresql", TestHub.Subscription("s", "r", "copy"));
        await using var _ = source;
        await using var __ = target;
        using var ___ = old;
        await old.SyncAsync();
        await source.DeleteAsync(Table, "2");
        using var hub = new TestHub();
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, "mode: changelog"), TestHub.Subscription("s", "r", "copy"));
        if (!fullAtOnce)
        {
            var held = (await hub.SyncAsync(1))["s"];
            Assert.AreEqual("subscriber.ledger.mismatch", held.GetProperty("errorCode").GetString());
            Assert.Contains("--full", held.GetProperty("next").GetString()!);
            Assert.HasCount(4, await target.LinesAsync(Named("copy")), "nothing was done");
        }

        await hub.SyncAsync(0, "s", "--full");
        CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Named("copy")));
        Assert.IsEmpty(await hub.GetAsync("holds"));
    }

    [TestMethod]
    public async Task A_target_that_is_down_holds_no_other_subscription_and_catches_up_later()
    {
        var (source, target, hub) = await BeginAsync("sqlite", TestHub.Subscription("up", "r", "copy"));
        await using var _ = source;
        await using var __ = target;
        using var ___ = hub;
        await using var other = await FrontEnd.CreateAsync("sqlite");
        string Down(string connectionString) => $"kind: Connection\nmetadata: {{ name: down }}\nspec: {{ department: d, provider: postgresql, connectionString: {TestHub.Quoted(connectionString)} }}\n";
        await using var later = await FrontEnd.CreateAsync("postgresql");
        var wrong = new Npgsql.NpgsqlConnectionStringBuilder(later.Database.ConnectionString) { Database = "nowhere" }.ConnectionString;
        await hub.ApplyAsync(Down(wrong), TestHub.Subscription("late", "r", "copy", connection: "down"));
        var results = await hub.SyncAsync(1);
        Assert.AreEqual("done", results["up"].GetProperty("outcome").GetString());
        Assert.AreEqual("failed", results["late"].GetProperty("outcome").GetString());
        CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Named("copy")));
        await hub.ApplyAsync(Down(later.Database.ConnectionString));
        await hub.SyncAsync();
        CollectionAssert.AreEqual(await source.LinesAsync(Table), await later.LinesAsync(Named("copy")));
    }

    [TestMethod]
    public async Task Two_subscriptions_share_a_table_each_within_its_own_constant()
    {
        static string Map(string home) => $"  map: {{ home: {{ constant: \"{home}\", type: string(2) }}, id: id, name: name }}";
        var (source, target, hub) = await BeginAsync("postgresql", TestHub.Subscription("one", "r", "shared", "", Map("01") + "\n  filter: \"id < 3\""), TestHub.Subscription("two", "r", "shared", "", Map("02")));
        await using var _ = source;
        await using var __ = target;
        using var ___ = hub;
        await hub.SyncAsync();
        var shared = FrontTable.Of("shared", "home,id", ("home", "string(2)"), ("id", "int32"));
        CollectionAssert.AreEqual(new[] { "01|1", "01|2", "02|1", "02|2", "02|3", "02|4" }, await target.LinesAsync(shared));
        await source.DeleteAsync(Table, "1");
        await hub.SyncAsync(0, "one");
        CollectionAssert.AreEqual(new[] { "01|2", "02|1", "02|2", "02|3", "02|4" }, await target.LinesAsync(shared));
        await hub.SyncAsync(0, "--full");
        CollectionAssert.AreEqual(new[] { "01|2", "02|2", "02|3", "02|4" }, await target.LinesAsync(shared));
    }

    [TestMethod]
    public async Task Runs_and_batches_are_shown_and_unknown_names_are_wrong_usage()
    {
        var (source, target, hub) = await BeginAsync("sqlite", TestHub.Subscription("s", "r", "copy"));
        await using var _ = source;
        await using var __ = target;
        using var ___ = hub;
        await hub.SyncAsync();
        var runs = await hub.GetAsync("runs");
        CollectionAssert.AreEquivalent(new[] { "full", "delivery" }, runs.Select(run => run.GetProperty("kind").GetString()).ToList(), string.Join('\n', runs));
        Assert.IsTrue(runs.All(run => run.GetProperty("state").GetString() == "done" && run.GetProperty("ended").ValueKind == JsonValueKind.String));
        var batches = await hub.GetAsync("batch", "r");
        CollectionAssert.AreEquivalent(new[] { "mark", "snapshot" }, batches.Select(batch => batch.GetProperty("kind").GetString()).ToList(), string.Join('\n', batches));
        var one = await hub.RunAsync(0, "get", "batch", "r/1", "-o", "json");
        Assert.AreEqual(4, JsonDocument.Parse(one.Out).RootElement.GetProperty("upserts").GetInt32());
        Assert.Contains("SUBSCRIPTION", (await hub.RunAsync(0, "sync", "s")).Out);
        await hub.RunAsync(2, "sync", "nobody");
        await hub.RunAsync(2, "sync");
        await hub.RunAsync(2, "sync", "s", "--all");
        await hub.RunAsync(2, "get", "batch", "r/99");
        await hub.RunAsync(2, "get", "run", "99");
    }
}
