using Exchange.AcceptanceTests.Hubs;
using Exchange.TestSupport;

namespace Exchange.AcceptanceTests.Exchanges;

/// <summary>What holds increments (DB23/T 2835 §7.3.4 a and b) and what a resource lets the hub mend by itself, each by what a department does to its table.</summary>
[TestClass]
public sealed class ReorganisationReasonTests
{
    static readonly FrontTable Table = FrontTable.Of("t", "id", ("id", "string(20)"), ("doc", "string(20)"), ("amount", "decimal(12,2)"));

    static readonly FrontTable Copy = Table with { Name = "copy" };

    static readonly Dictionary<string, string> Rules = new() { ["amount"] = "rules: [ \"min 0\" ]" };

    [TestMethod]
    [DataRow("postgresql", "changelog", "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (doc)", "")]
    [DataRow("mysql", "changelog", "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (doc)", "[a, d]")]
    [DataRow("postgresql", "snapshot", "ALTER TABLE t ALTER COLUMN id TYPE bigint USING id::bigint", "")]
    [DataRow("postgresql", "snapshot", "ALTER TABLE t ALTER COLUMN id TYPE bigint USING id::bigint", "[a]")]
    public async Task A_table_that_gets_another_key_holds_the_increments_unless_the_hub_may_mend_it(string engine, string mode, string upgrade, string automatic)
    {
        await using var source = await FrontEnd.CreateAsync(engine);
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = new TestHub();
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, Enumerable.Range(1, 8).Select(id => new[] { $"{id}", $"D-{id}", "1.00" }));
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, $"mode: {mode}", automatic.Length > 0 ? $"  reorganise: {{ automatic: {automatic} }}" : ""), TestHub.Subscription("s", "r", "copy"));
        await hub.SyncAsync();
        var before = await target.LinesAsync(Copy);

        await source.ExecuteAsync(upgrade);
        await source.ExecuteAsync("UPDATE t SET amount = 2 WHERE doc = 'D-3'");
        if (automatic.Length == 0)
        {
            var held = await hub.SyncAsync(1);
            Assert.AreEqual("provider.source.held", held["s"].GetProperty("errorCode").GetString());
            StringAssert.Contains(held["s"].GetProperty("error").GetString(), "the source's key was");
            CollectionAssert.AreEqual(before, await target.LinesAsync(Copy));
            Assert.AreEqual("a held", await StateAsync(hub));
            await hub.RunAsync(0, "notice", "r", "--reason", "a");
        }

        var again = await hub.SyncAsync();
        Assert.AreEqual("full", again["s"].GetProperty("kind").GetString());
        Assert.AreEqual("a done", await StateAsync(hub));
        CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Copy));
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("[b]")]
    public async Task Content_off_the_standard_holds_the_increments_unless_the_hub_may_mend_it(string automatic)
    {
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = new TestHub();
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, Enumerable.Range(1, 8).Select(id => new[] { $"{id}", $"D-{id}", "1.00" }));
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)),
            TestHub.Resource("r", Table, "mode: changelog", $"  maxErrorPercent: 20{(automatic.Length > 0 ? $"\n  reorganise: {{ automatic: {automatic} }}" : "")}", Rules), TestHub.Subscription("s", "r", "copy"));
        await hub.SyncAsync();
        var before = await target.LinesAsync(Copy);

        await source.ExecuteAsync("UPDATE t SET amount = -1 WHERE id < '6'");
        var stopped = await hub.SyncAsync(1);
        Assert.AreEqual("provider.quality.limit", stopped["s"].GetProperty("errorCode").GetString());
        StringAssert.StartsWith(await StateAsync(hub), "b ");
        CollectionAssert.AreEqual(before, await target.LinesAsync(Copy), "nothing of the run is delivered");
        await source.ExecuteAsync("UPDATE t SET amount = 3");
        // Where the hub may not, a running one waits; a sync by hand is somebody who asks again.
        if (automatic.Length == 0) Assert.AreEqual("b held", await StateAsync(hub));
        await hub.SyncAsync();
        Assert.AreEqual("b done", await StateAsync(hub));
        CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Copy));
    }

    static async Task<string> StateAsync(TestHub hub)
    {
        var newest = (await hub.GetAsync("reorganisations"))[0];
        return $"{newest.GetProperty("reason").GetString()} {newest.GetProperty("state").GetString()}";
    }
}
