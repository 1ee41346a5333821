using Exchange.AcceptanceTests.Hubs;
using Exchange.TestSupport;

namespace Exchange.AcceptanceTests.Manifests;

/// <summary>Department IT brings manifests to a hub by the command line.</summary>
[TestClass]
public sealed class ManifestJourneyTests
{
    const string Manifests = """
        apiVersion: exchange/v1
        kind: Department
        metadata: { name: market, title: 示例省市场监督管理局 }
        spec: { uscc: 119900000000020224 }
        ---
        kind: Connection
        metadata: { name: front }
        spec: { department: market, provider: postgresql, connectionString: "Host=127.0.0.1;Port=1;Username=hub;Password=${PASSWORD}" }
        ---
        kind: Resource
        metadata: { name: check, title: 行政检查行为 }
        spec: { provider: market, key: [no], items: [ { name: no, type: string(64) } ] }
        """;

    [TestMethod]
    public async Task From_an_empty_folder_to_an_export_that_changes_nothing()
    {
        using var hub = new HubProcess();
        hub.Environment["PASSWORD"] = "never-to-be-seen";
        hub.Write("manifests/all.yaml", Manifests);

        var dry = await hub.RunAsync("apply", "-f", "manifests", "--dry-run");
        Assert.AreEqual(0, dry.Status, dry.Error);
        Assert.AreEqual("Department/market created\nConnection/front created\nResource/check created\n", dry.Out);

        var applied = await hub.RunAsync("apply", "-f", "manifests");
        Assert.AreEqual(dry.Out, applied.Out);
        StringAssert.Contains(applied.Error, "Connection/front: not checked: ");
        StringAssert.Contains(applied.Error, ". Check that the server runs");
        Assert.IsFalse(applied.Error.Contains("tried again", StringComparison.Ordinal), "apply looks once");

        var exported = await hub.RunAsync("export", "-o", "out");
        Assert.AreEqual(0, exported.Status, exported.Error);
        var again = await hub.RunAsync("apply", "-f", "out", "--prune");
        Assert.AreEqual("Department/market unchanged\nConnection/front unchanged\nResource/check unchanged\n", again.Out, again.Error);

        var table = await hub.RunAsync("get", "resources");
        var lines = table.Out.Split('\n');
        StringAssert.StartsWith(lines[0], "NAME    TITLE          PROVIDER");
        StringAssert.StartsWith(lines[1], "check   行政检查行为   market");
        var json = await hub.RunAsync("get", "resource", "check", "-o", "json");
        Assert.AreEqual("check", System.Text.Json.JsonDocument.Parse(json.Out).RootElement.GetProperty("metadata").GetProperty("name").GetString());

        foreach (var outcome in new[] { dry, applied, exported, again, table, json })
            Assert.IsFalse((outcome.Out + outcome.Error).Contains("never-to-be-seen", StringComparison.Ordinal));
    }

    [TestMethod]
    public async Task Wrong_manifests_and_wrong_usage_end_with_status_two_and_change_nothing()
    {
        using var hub = new HubProcess();
        hub.Write("bad.yaml", "kind: Department\nmetadata: { nam: x }\nspec: { uscc: 1 }\n");
        var bad = await hub.RunAsync("apply", "-f", "bad.yaml", "-f", "nowhere.yaml");
        Assert.AreEqual(2, bad.Status);
        Assert.AreEqual("", bad.Out);
        StringAssert.Contains(bad.Error, "nowhere.yaml:1: there is no such file or folder");

        bad = await hub.RunAsync("apply", "-f", "bad.yaml");
        Assert.AreEqual(2, bad.Status);
        StringAssert.StartsWith(bad.Error, "bad.yaml:2: metadata has no key 'nam'; did you mean 'name'?\n");
        Assert.AreEqual("", (await hub.RunAsync("export")).Out);

        Assert.AreEqual(2, (await hub.RunAsync("apply")).Status);
        Assert.AreEqual(2, (await hub.RunAsync("aply", "-f", "x")).Status);
        Assert.AreEqual(2, (await hub.RunAsync("get", "resource", "-o", "xml")).Status);
        var unknown = await hub.RunAsync("get", "resorce");
        Assert.AreEqual(2, unknown.Status);
        StringAssert.Contains(unknown.Error, "did you mean 'resource'?");
        StringAssert.Contains(unknown.Error, "code: hub.manifest.unknown");
        Assert.IsFalse(unknown.Error.Contains("   at ", StringComparison.Ordinal), "no stack trace");
        StringAssert.Contains((await hub.RunAsync("get", "foo")).Error, "known: department, connection, codeset, codemap, resource, subscription, run, batch, log, hold, reorganisation, schedule, light, statistics");
        StringAssert.Contains((await hub.RunAsync("reconcile", "s", "--wait", "abc")).Error, "as in --wait 10s");
    }

    [TestMethod]
    public async Task A_file_without_a_manifest_is_told()
    {
        using var hub = new HubProcess();
        hub.Write("empty.yaml", "# nothing yet\n");
        var empty = await hub.RunAsync("apply", "-f", "empty.yaml");
        Assert.AreEqual(0, empty.Status, empty.Error);
        Assert.AreEqual("there is no manifest in empty.yaml: nothing was done\n", empty.Error);
    }

    [TestMethod]
    [DataRow("items: [ { name: id, type: int32 }, { name: v, type: text }, { name: v, type: int32 } ]", "m.yaml:14: the item 'v' stands twice")]
    [DataRow("key: [id, id]", "m.yaml:13: the key item 'id' stands twice")]
    [DataRow("businessKey: [v, v]", "m.yaml:17: 'v' is named twice")]
    [DataRow("deduplicate: { latest: [v, v] }", "m.yaml:17: 'v' is named twice")]
    [DataRow("rules: [ { name: r, expression: \"v == 'a'\" }, { name: r, expression: \"v == 'b'\" } ]", "m.yaml:17: the rule 'r' stands twice")]
    [DataRow("rules: [ { name: r, reference: { resource: r, items: { id: id, v: id } } } ]", "m.yaml:17: 'id' of r is named twice")]
    [DataRow("map: { id: id, v: v, V: v }", "m.yaml:24: Column 'V' stands twice in the map")]
    public async Task What_is_named_twice_is_told_at_its_line_though_it_is_subscribed_to(string twice, string told)
    {
        using var hub = new HubProcess();
        using (var front = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(hub.Folder, "front.db")};Pooling=False"))
        {
            await front.OpenAsync();
            await using var command = front.CreateCommand();
            command.CommandText = "CREATE TABLE t (id int PRIMARY KEY, v text)";
            await command.ExecuteNonQueryAsync();
        }

        var field = twice.Split(':')[0];
        string Or(string name, string usual) => field == name ? twice : usual;
        hub.Write("m.yaml", $$"""
            kind: Department
            metadata: { name: d }
            spec: { uscc: 119900000000020224 }
            ---
            kind: Connection
            metadata: { name: c }
            spec: { department: d, provider: sqlite, connectionString: front.db }
            ---
            kind: Resource
            metadata: { name: r }
            spec:
              provider: d
              {{Or("key", "key: [id]")}}
              {{Or("items", "items: [ { name: id, type: int32 }, { name: v, type: text } ]")}}
              source: { connection: c, table: t }
              batchRows: 5
              {{(field is "businessKey" or "deduplicate" or "rules" ? twice : "class: a")}}
            ---
            kind: Subscription
            metadata: { name: s }
            spec:
              resource: r
              subscriber: d
              {{Or("map", "filter: \"v is not null\"")}}
              target: { connection: c, table: copy }
            """);
        var refused = await hub.RunAsync("apply", "-f", "m.yaml");
        Assert.AreEqual(2, refused.Status, refused.Error);
        StringAssert.Contains(refused.Error, told);
        StringAssert.EndsWith(refused.Error, "nothing was changed\n");
    }

    [TestMethod]
    public async Task Manifests_come_from_standard_input_too()
    {
        using var hub = new HubProcess();
        var applied = await hub.RunAsync("kind: CodeSet\nmetadata: { name: c }\nspec: { codes: { 01: 合格 } }\n", ["apply", "-f", "-", "-o", "json"]);
        Assert.AreEqual(0, applied.Status, applied.Error);
        Assert.AreEqual("created", System.Text.Json.JsonDocument.Parse(applied.Out).RootElement[0].GetProperty("change").GetString());
    }

    [TestMethod]
    public async Task A_postgresql_store_is_set_up_once_and_then_used()
    {
        await using var database = await TestDatabase.CreateAsync("postgresql");
        using var hub = new HubProcess();
        hub.Environment["EXCHANGE_STORE"] = database.ConnectionString;
        var early = await hub.RunAsync("get", "departments");
        Assert.AreEqual(1, early.Status, early.Error);
        StringAssert.Contains(early.Error, "code: hub.store.outdated");
        StringAssert.Contains(early.Error, "setup");

        Assert.AreEqual(0, (await hub.RunAsync("setup")).Status);
        Assert.AreEqual("the store is up to date\n", (await hub.RunAsync("setup")).Out);
        hub.Write("m.yaml", "kind: Department\nmetadata: { name: d }\nspec: { uscc: 119900000000020224 }\n");
        Assert.AreEqual("Department/d created\n", (await hub.RunAsync("apply", "-f", "m.yaml")).Out);
    }
}
