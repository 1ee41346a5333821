using Exchange.AcceptanceTests.Hubs;
using Exchange.AcceptanceTests.Nodes;

namespace Exchange.AcceptanceTests.Exchanges;

/// <summary>What a running hub does of a department's notice.</summary>
[TestClass]
public sealed class ReorganisationNoticeTests
{
    static readonly FrontTable Table = FrontTable.Of("t", "id", ("id", "int32"), ("name", "string(20)"));

    [TestMethod]
    [DataRow("sqlite", "changelog")]
    [DataRow("postgresql", "wal")]
    public async Task A_source_that_is_followed_in_real_time_is_read_at_once_though_nobody_writes_to_it(string engine, string mode)
    {
        await using var source = await FrontEnd.CreateAsync(engine);
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = new TestHub();
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, ["1", "a"], ["2", "b"]);
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, $"mode: {mode}"), TestHub.Subscription("s", "r", "copy"));
        await hub.SyncAsync();
        using var node = HubNode.Start(hub);
        await hub.RunAsync(0, "notice", "r", "--reason", "a");
        await Probe.UntilAsync("the change-over", async () => (await hub.GetAsync("reorganisations")).Single().GetProperty("state").GetString(), state => state == "done");
        await node.EndAsync();
        if (mode == "wal") await hub.RunAsync(0, "capture", "remove", "r");
    }

    [TestMethod]
    public async Task A_subscription_with_a_filter_is_counted_before_it_changes_over()
    {
        await using var source = await FrontEnd.CreateAsync("sqlite");
        await using var target = await FrontEnd.CreateAsync("postgresql");
        using var hub = new TestHub();
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, ["1", "a"], ["2", "b"], ["3", "a"]);
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, "mode: snapshot"), TestHub.Subscription("s", "r", "copy", more: "  filter: name == 'a'"));
        await hub.SyncAsync();
        await hub.RunAsync(0, "notice", "r", "--reason", "e");
        await hub.SyncAsync();
        var counted = (await hub.GetAsync("reorganisations")).Single().GetProperty("switches")[0];
        Assert.AreEqual((2L, 2L), (counted.GetProperty("rows").GetInt64(), counted.GetProperty("expected").GetInt64()));

        // Somebody else's trigger takes a row away: the change-over does not happen.
        await target.ExecuteAsync("""
            CREATE FUNCTION thief() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.id = 5 THEN DELETE FROM copy WHERE id = 1; END IF; RETURN NULL; END';
            CREATE TRIGGER thief AFTER INSERT ON copy FOR EACH ROW EXECUTE FUNCTION thief()
            """);
        await source.InsertAsync(Table, ["5", "a"]);
        await hub.RunAsync(0, "notice", "r", "--reason", "e");
        Assert.AreEqual("subscriber.switch.unequal", (await hub.SyncAsync(1))["s"].GetProperty("errorCode").GetString());
        Assert.HasCount(2, await target.LinesAsync(Table with { Name = "copy" }));
    }
}
