using Exchange.AcceptanceTests.Hubs;
using Exchange.AcceptanceTests.Nodes;
using Exchange.Bus.Intake;
using Exchange.TestSupport;

namespace Exchange.AcceptanceTests.Attachments;

/// <summary>`exchange run` removes contents at a target that no row refers to any more, whatever it is killed at, and what comes back is sent again.</summary>
[TestClass]
public sealed class AttachmentSweepTests
{
    const int Killed = 128 + 9;

    static readonly byte[][] Scans = [.. Enumerable.Range(1, 5).Select(seed => AttachmentTable.Contents(seed, seed == 2 ? 2_500_000 : 1_000 * seed))];

    [TestMethod]
    [DataRow("sqlite", "postgresql")]
    [DataRow("postgresql", "mysql")]
    public async Task Contents_of_rows_that_are_gone_go_and_come_back_with_them(string storeEngine, string targetEngine)
    {
        await using var store = storeEngine == "postgresql" ? await TestDatabase.CreateAsync("postgresql") : null;
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync(targetEngine);
        using var hub = new TestHub { Store = store?.ConnectionString };
        var (papers, copy) = (new AttachmentTable(source), new AttachmentTable(target));
        await papers.CreateAsync();
        for (var id = 1; id <= 4; id++) await papers.InsertAsync(id, $"{id}", Scans[id - 1]);
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), AttachmentTable.Resource("mode: changelog"), TestHub.Subscription("s", "papers", "copy"));
        await hub.RunAsync(0, "setup", "--contents-keep", "0s");
        await hub.SyncAsync();
        await papers.UpdateAsync(1, Scans[4]);
        await source.ExecuteAsync("DELETE FROM papers WHERE id IN (2, 3)");
        await hub.SyncAsync();
        string[] left = [$"1|1|{AttachmentTable.Reference(Scans[4])}", $"4|4|{AttachmentTable.Reference(Scans[3])}"];

        int[] standing = [5, 4]; // after each step: marked and no more, then one was removed
        Assert.HasCount(standing.Length, AttachmentSteps.Swept);
        for (var at = 0; at < standing.Length; at++)
        {
            await KilledAsync(hub, $"{AttachmentSteps.Swept[at]}");
            Assert.AreEqual(standing[at], await StandingAsync(target), $"{AttachmentSteps.Swept[at]}");
        }

        CollectionAssert.AreEqual(left, await copy.DeliveredAsync());
        using (var node = HubNode.Start(hub))
        {
            await Probe.UntilAsync("the rest", () => StandingAsync(target), standing => standing == 2);
            CollectionAssert.AreEqual(left, await copy.DeliveredAsync());

            await papers.InsertAsync(2, "2", Scans[1]);
            await Probe.UntilAsync("what came back", async () => (await target.NumberAsync("SELECT count(*) FROM copy")), rows => rows == 3);
            await node.EndAsync();
        }

        CollectionAssert.AreEqual(new[] { left[0], $"2|2|{AttachmentTable.Reference(Scans[1])}", left[1] }, await copy.DeliveredAsync());
    }

    static async Task KilledAsync(TestHub hub, string step)
    {
        using var node = HubNode.Start(hub, step);
        await Probe.UntilAsync($"killed at {step}", () => Task.FromResult(node.HasExited), exited => exited);
        Assert.AreEqual(Killed, node.ExitCode, node.Said);
    }

    static Task<long> StandingAsync(FrontEnd target) => target.NumberAsync("SELECT count(DISTINCT reference) FROM exchange_attachment");
}
