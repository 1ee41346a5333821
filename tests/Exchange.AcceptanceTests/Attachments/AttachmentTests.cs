using Exchange.AcceptanceTests.Hubs;
using Exchange.TestSupport;

namespace Exchange.AcceptanceTests.Attachments;

/// <summary>F-15, V-05: files beside rows, from each engine to each, each digest computed by the test at the target.</summary>
[TestClass]
public sealed class AttachmentTests
{
    /// <summary>Larger than what may come with its row, and than one piece of what is read at once from any engine. What is larger than the default of <c>maxCellBytes</c> goes through <see cref="AttachmentMemoryTests"/>.</summary>
    const int Large = 9 * 1024 * 1024;

    static readonly string[] Tested = ["postgresql", "mysql", "sqlite"];

    public static IEnumerable<object[]> Pairs => from source in Tested from target in Tested select new object[] { source, target };

    [TestMethod]
    [DynamicData(nameof(Pairs))]
    public async Task Contents_of_any_size_arrive_whole_and_follow_their_rows(string sourceEngine, string targetEngine)
    {
        await using var store = sourceEngine == targetEngine ? await TestDatabase.CreateAsync("postgresql") : null;
        await using var source = await FrontEnd.CreateAsync(sourceEngine);
        await using var target = await FrontEnd.CreateAsync(targetEngine);
        using var hub = new TestHub { Store = store?.ConnectionString };
        var (papers, copy) = (new AttachmentTable(source), new AttachmentTable(target));
        await papers.CreateAsync();
        var scans = new Dictionary<int, byte[]?>
        {
            [1] = AttachmentTable.Contents(1, Large), [2] = null, [3] = [], [4] = [7], [5] = AttachmentTable.Contents(5, 1024 * 1024), [6] = AttachmentTable.Contents(6, (1024 * 1024) + 1), [7] = [7],
        };
        foreach (var (id, scan) in scans) await papers.InsertAsync(id, $"paper {id}", scan);
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), AttachmentTable.Resource("mode: changelog", more: "  maxCellBytes: 2000000"), TestHub.Subscription("s", "papers", "copy"));

        await hub.SyncAsync();
        await EqualAsync("after the full");

        scans[1] = AttachmentTable.Contents(11, Large - 12345);
        scans[4] = AttachmentTable.Contents(4, 2_500_000);
        scans[5] = null;
        scans[8] = AttachmentTable.Contents(8, 3_000_000);
        foreach (var id in new[] { 1, 4, 5 }) await papers.UpdateAsync(id, scans[id]);
        await papers.InsertAsync(8, "paper 8", scans[8]);
        await source.ExecuteAsync("DELETE FROM papers WHERE id = 6");
        scans.Remove(6);
        await hub.SyncAsync();
        await EqualAsync("after the changes");
        Assert.AreEqual(0, (await hub.SyncAsync())["s"].GetProperty("read").GetInt32(), "nothing is left to read");
        Assert.AreEqual(0, (await hub.RunAsync("reconcile", "s")).Status, "reconciled");

        async Task EqualAsync(string when) => CollectionAssert.AreEqual(
            scans.Select(scan => $"{scan.Key}|paper {scan.Key}|{AttachmentTable.Reference(scan.Value)}").Order(StringComparer.Ordinal).ToArray(), await copy.DeliveredAsync(), when);
    }
}
