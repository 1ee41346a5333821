using System.Globalization;
using Exchange.AcceptanceTests.Hubs;
using Exchange.TestSupport;

namespace Exchange.AcceptanceTests.Attachments;

/// <summary>Memory of the hub follows its configuration, not the size of what it carries.</summary>
[TestClass]
public sealed class AttachmentMemoryTests
{
    /// <summary>Were contents held, the peak would pass <see cref="Room"/>; and larger than the default of <c>maxCellBytes</c>, so that nothing is set for it.</summary>
    const int Large = 128 * 1024 * 1024;

    /// <summary>Megabytes by which the peak of an exchange of one byte may be exceeded: buffers of a few pieces (MariaDB's have 8 MiB), and what the collector has not collected. About 20 are used, 65 with MariaDB.</summary>
    const long Room = 96;

    /// <summary>A slow disk is no fault of the hub's memory.</summary>
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(4);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("postgresql", "sqlite", "sqlite")]
    [DataRow("sqlite", "postgresql", "postgresql")]
    [DataRow("mysql", "mysql", "sqlite")]
    public async Task Contents_larger_than_the_room_for_them_go_through_in_little_memory(string sourceEngine, string targetEngine, string storeEngine)
    {
        var small = await PeakAsync(sourceEngine, targetEngine, storeEngine, 1);
        var large = await PeakAsync(sourceEngine, targetEngine, storeEngine, Large);
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{sourceEngine} to {targetEngine}, store {storeEngine}: peak {small} MB with 1 byte, {large} MB with {Large >> 20} MiB"));
        Assert.IsLessThan(small + Room, large, $"peak of the hub in megabytes; with one byte it is {small}");
    }

    static async Task<long> PeakAsync(string sourceEngine, string targetEngine, string storeEngine, int bytes)
    {
        await using var store = storeEngine == "postgresql" ? await TestDatabase.CreateAsync("postgresql") : null;
        await using var source = await FrontEnd.CreateAsync(sourceEngine);
        await using var target = await FrontEnd.CreateAsync(targetEngine);
        using var hub = new TestHub { Store = store?.ConnectionString };
        var papers = new AttachmentTable(source);
        await papers.CreateAsync();
        var scan = AttachmentTable.Contents(1, bytes);
        await papers.InsertAsync(1, "one", scan);
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), AttachmentTable.Resource("mode: changelog"), TestHub.Subscription("s", "papers", "copy"));
        var (outcome, peak) = await PeakMemory.OfAsync(hub, Longest, "sync", "--all");
        Assert.AreEqual(0, outcome.Status, outcome.Out + outcome.Error);
        CollectionAssert.AreEqual(new[] { $"1|one|{AttachmentTable.Reference(scan)}" }, await new AttachmentTable(target).DeliveredAsync());
        return peak;
    }
}
