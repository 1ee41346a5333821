using Exchange.AcceptanceTests.Hubs;
using Exchange.Bus.Intake;
using Exchange.TestSupport;

namespace Exchange.AcceptanceTests.Attachments;

/// <summary>kill -9 in the middle of contents, between contents and their batch, in the middle of sending and before the rows: on both stores, in a full, an increment and a re-organised full.</summary>
[TestClass]
public sealed class AttachmentKillTests
{
    const int Killed = 128 + 9;

    /// <summary>Larger than what may come with its row, and more than one part at a target.</summary>
    const int Large = 1_200_000;

    /// <summary>More than one piece of what is read at once from MariaDB, so that a kill at the first is in the middle; PostgreSQL is read by 64 KiB.</summary>
    const int Pieces = 9_000_000;

    public static IEnumerable<object[]> Cases =>
        from step in AttachmentSteps.Exchanged.Select(step => step == ExchangeStep.DeliverContentsPart ? $"{step}:2" : $"{step}")
        from store in new[] { "sqlite", "postgresql" }
        select new object[] { step, store };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public async Task Killed_and_started_again_every_reference_has_its_contents(string step, string storeEngine)
    {
        await using var store = storeEngine == "postgresql" ? await TestDatabase.CreateAsync("postgresql") : null;
        await using var source = await FrontEnd.CreateAsync(storeEngine == "postgresql" ? "mysql" : "postgresql");
        await using var target = await FrontEnd.CreateAsync(storeEngine == "postgresql" ? "sqlite" : "mysql");
        using var hub = new TestHub { Store = store?.ConnectionString };
        var (papers, copy) = (new AttachmentTable(source), new AttachmentTable(target));
        var size = source.Provider == "mysql" && step == nameof(ExchangeStep.ContentsPart) ? Pieces : Large;
        byte[][] scans = [AttachmentTable.Contents(1, size), AttachmentTable.Contents(2, Large + 1), AttachmentTable.Contents(3, size + 2), AttachmentTable.Contents(4, size + 3)];
        await papers.CreateAsync();
        await papers.InsertAsync(1, "one", scans[0]);
        await papers.InsertAsync(2, "two", scans[1]);
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), AttachmentTable.Resource("mode: changelog", more: "  maxCellBytes: 1000000"), TestHub.Subscription("s", "papers", "copy"));

        await KilledAsync(hub, target, copy, step);
        await hub.SyncAsync();
        CollectionAssert.AreEqual(new[] { $"1|one|{AttachmentTable.Reference(scans[0])}", $"2|two|{AttachmentTable.Reference(scans[1])}" }, await copy.DeliveredAsync(), "after the full");

        await papers.UpdateAsync(2, scans[2]);
        await source.ExecuteAsync("DELETE FROM papers WHERE id = 1");
        await KilledAsync(hub, target, copy, step);
        await hub.SyncAsync();
        CollectionAssert.AreEqual(new[] { $"2|two|{AttachmentTable.Reference(scans[2])}" }, await copy.DeliveredAsync(), "after the changes");

        await hub.RunAsync(0, "notice", "papers", "--reason", "e");
        await papers.UpdateAsync(2, scans[3]);
        await KilledAsync(hub, target, copy, step);
        await hub.SyncAsync();
        CollectionAssert.AreEqual(new[] { $"2|two|{AttachmentTable.Reference(scans[3])}" }, await copy.DeliveredAsync(), "after the re-organised full");
        Assert.AreEqual(0, (await hub.RunAsync("reconcile", "s")).Status);
    }

    /// <summary>Killed; whatever stands at the target by then is whole.</summary>
    static async Task KilledAsync(TestHub hub, FrontEnd target, AttachmentTable copy, string step)
    {
        hub.Process.Environment["EXCHANGE_KILL_AT"] = step;
        var outcome = await hub.RunProcessAsync("sync", "--all");
        Assert.AreEqual(Killed, outcome.Status, $"{step} was not reached\n{outcome.Out}\n{outcome.Error}");
        if (await target.Database.QueryAsync(target.Provider == "sqlite" ? "SELECT 1 FROM sqlite_master WHERE name = 'copy'" : "SELECT 1 FROM information_schema.tables WHERE table_name = 'copy' AND table_schema = database()") is { Count: > 0 })
            await copy.DeliveredAsync();
    }
}
