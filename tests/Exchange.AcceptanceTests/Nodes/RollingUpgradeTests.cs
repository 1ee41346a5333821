using Exchange.AcceptanceTests.Hubs;

namespace Exchange.AcceptanceTests.Nodes;

/// <summary>`./test --upgrade REVISION`: nodes of that revision's program are replaced by this one's, one after another. Where nobody asks, the nodes to be replaced are of this program too.</summary>
[TestClass]
[DoNotParallelize] // several processes
public sealed class RollingUpgradeTests
{
    [TestMethod]
    public async Task Nodes_that_are_replaced_one_after_another_under_load_lose_nothing_and_read_nothing_in_full_again()
    {
        var older = Environment.GetEnvironmentVariable("EXCHANGE_TEST_OLDER") is { Length: > 0 } program ? program : HubProcess.Built;
        await using var province = await Province.CreateAsync("postgresql", older);
        List<HubNode> nodes = [HubNode.Start(province.Hub), HubNode.Start(province.Hub)];
        try
        {
            await province.MarkAsync(1);
            var fulls = await province.FullsAsync();
            await using var writers = province.Write(3);
            province.Hub.Process.Program = HubProcess.Built;
            await province.Hub.RunAsync(0, "setup");
            await province.MarkAsync(2);

            await nodes[0].EndAsync();
            await ReplaceAsync(province, nodes, 0);
            await province.MarkAsync(3);

            // The other dies with what it has under way, and the new one takes it over.
            nodes[1].Kill();
            await province.MarkAsync(4);
            await ReplaceAsync(province, nodes, 1);
            await province.MarkAsync(5);

            await writers.EndAsync();
            await province.EqualAsync();
            Assert.AreEqual(fulls, await province.FullsAsync(), "sources that were read in full");
            foreach (var node in nodes) await node.EndAsync();
        }
        finally
        {
            foreach (var node in nodes) node.Dispose();
        }
    }

    /// <summary>A node of this program in the place of one that has ended, and it has worked.</summary>
    static async Task ReplaceAsync(Province province, List<HubNode> nodes, int at)
    {
        nodes[at].Dispose();
        nodes[at] = HubNode.Start(province.Hub);
        await Probe.UntilAsync("a run of the new node", () => province.Store.QueryAsync($"SELECT count(*) FROM bus_run WHERE node = '{nodes[at].Name}'"), rows => (long)rows[0][0]! > 0);
    }
}
