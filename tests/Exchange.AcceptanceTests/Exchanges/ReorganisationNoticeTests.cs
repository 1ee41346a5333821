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
}
