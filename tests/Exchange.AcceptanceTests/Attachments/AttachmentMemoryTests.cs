using System.Diagnostics;
using System.Globalization;
using Exchange.AcceptanceTests.Hubs;
using Exchange.TestSupport;

namespace Exchange.AcceptanceTests.Attachments;

/// <summary>Memory of the hub follows its configuration, not the size of what it carries.</summary>
[TestClass]
[DoNotParallelize]
public sealed class AttachmentMemoryTests
{
    const int Large = 200 * 1024 * 1024;

    /// <summary>Megabytes by which the peak of an exchange of one byte may be exceeded: buffers of a few pieces (MariaDB's have 8 MiB), and what the collector has not collected. About 20 are used, 65 with MariaDB.</summary>
    const long Room = 96;

    /// <summary>A slow disk is no fault of the hub's memory.</summary>
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(4);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("postgresql", "sqlite", "sqlite")]
    [DataRow("sqlite", "postgresql", "postgresql")]
    [DataRow("mysql", "mysql", "sqlite")]
    public async Task Two_hundred_megabytes_go_through_in_little_memory(string sourceEngine, string targetEngine, string storeEngine)
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
        using var process = hub.Process.Start(hub.WithHub(["sync", "--all"]));
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.StandardInput.Close();
        var peak = 0L;
        for (var clock = Stopwatch.StartNew(); !process.HasExited; await Task.Delay(10))
        {
            peak = Math.Max(peak, PeakOf(process));
            Assert.IsLessThan(Longest, clock.Elapsed, $"{bytes} bytes");
        }

        Assert.AreEqual(0, process.ExitCode, await output + await error);
        CollectionAssert.AreEqual(new[] { $"1|one|{AttachmentTable.Reference(scan)}" }, await new AttachmentTable(target).DeliveredAsync());
        return peak;
    }

    /// <summary>The kernel's high-water mark of resident memory, in megabytes; 0 once the process has ended.</summary>
    static long PeakOf(Process process)
    {
        try
        {
            return File.ReadLines($"/proc/{process.Id}/status").Where(line => line.StartsWith("VmHWM", StringComparison.Ordinal))
                .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024).FirstOrDefault();
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
