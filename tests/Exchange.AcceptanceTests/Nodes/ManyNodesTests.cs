using Exchange.AcceptanceTests.Hubs;

namespace Exchange.AcceptanceTests.Nodes;

/// <summary>Several `exchange run` on one PostgreSQL store: they share the work, and one that is killed or frozen costs seconds and no row.</summary>
[TestClass]
[DoNotParallelize] // several processes each, and times that are measured
public sealed class ManyNodesTests
{
    const int Killed = 128 + 9;

    /// <summary>What the operator is promised.</summary>
    static readonly TimeSpan TakenOver = TimeSpan.FromSeconds(15);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("postgresql")]
    [DataRow("mysql")]
    public async Task Of_three_nodes_one_is_killed_and_one_is_frozen_and_woken_and_the_targets_equal_the_sources(string targetEngine)
    {
        await using var province = await Province.CreateAsync(targetEngine);
        using var dying = HubNode.Start(province.Hub, "DeliverBeforeCommit:3");
        using var frozen = HubNode.Start(province.Hub);
        using var steady = HubNode.Start(province.Hub);
        await using (var writers = province.Write(3))
        {
            await Probe.UntilAsync("the node that kills itself inside a transaction of a target", () => Task.FromResult(dying.HasExited), exited => exited);
            Assert.AreEqual(Killed, dying.ExitCode, dying.Said);
            await WithinAsync(province, 1, "after a node was killed");

            foreach (var (mark, kind) in new[] { (2, "delivery:"), (3, "source:") })
            {
                await FreezeAsync(province, frozen, kind);
                try
                {
                    await WithinAsync(province, mark, $"after a node was frozen that held {kind}");
                }
                finally
                {
                    frozen.Wake();
                }

                await WithinAsync(province, mark + 10, "after it was woken");
            }

            await writers.EndAsync();
            Assert.IsGreaterThan(50, writers.Committed);
        }

        await province.EqualAsync();
        await Probe.UntilAsync("nobody said to be working that is dead", async () => (await province.Hub.GetAsync("runs")).Where(run => run.GetProperty("state").GetString() == "running").ToList(), running => running.Count == 0);
        var worked = (await province.Store.QueryAsync("SELECT node, count(*) FROM bus_run GROUP BY node")).ToDictionary(row => (string)row[0]!, row => (long)row[1]!);
        TestContext.WriteLine(string.Join("; ", worked.Select(node => $"{node.Key}: {node.Value} runs")));
        foreach (var node in new[] { dying, frozen, steady }) Assert.Contains(node.Name, worked.Keys, "a node was idle while there was work");
        await frozen.EndAsync();
        await steady.EndAsync();
    }

    async Task WithinAsync(Province province, int mark, string when)
    {
        var took = await province.MarkAsync(mark);
        TestContext.WriteLine($"{when}: {took.TotalSeconds:0.0} s");
        Assert.IsLessThan(TakenOver, took, when);
    }

    /// <summary>Freezes a node while it is at work under such a lease.</summary>
    static Task FreezeAsync(Province province, HubNode node, string kind) => Probe.UntilAsync($"the node frozen while it holds {kind}", async () =>
    {
        node.Freeze();
        var held = await province.LeasesAsync(node);
        if (!held.Any(lease => lease.StartsWith(kind, StringComparison.Ordinal))) node.Wake();
        return held;
    }, held => held.Any(lease => lease.StartsWith(kind, StringComparison.Ordinal)));
}
