using Exchange.AcceptanceTests.Exchanges;
using Exchange.AcceptanceTests.Hubs;
using Exchange.TestSupport;

namespace Exchange.AcceptanceTests.Attachments;

/// <summary>Attachments in every way in which rows are read, refused, kept back and changed. Small cells are allowed, so that contents of a few kilobytes are read as large ones are.</summary>
[TestClass]
public sealed class AttachmentModeTests
{
    const string SmallCells = "  maxCellBytes: 4096";

    static readonly byte[] One = AttachmentTable.Contents(1, 10_000), Other = AttachmentTable.Contents(2, 10_000);

    [TestMethod]
    [DataRow("mode: snapshot", "mysql", true)]
    [DataRow("mode: cursor, column: seq", "sqlite", false)]
    [DataRow("mode: cursor, column: seq", "postgresql", false)]
    [DataRow("mode: wal", "postgresql", true)]
    public async Task Contents_follow_their_rows_in_every_capture_mode(string capture, string engine, bool deletions)
    {
        await using var source = await FrontEnd.CreateAsync(engine);
        await using var target = await FrontEnd.CreateAsync("mysql");
        using var hub = new TestHub();
        var (papers, copy) = (new AttachmentTable(source), new AttachmentTable(target));
        await papers.CreateAsync();
        await source.ExecuteAsync("ALTER TABLE papers ADD seq int");
        await papers.InsertAsync(1, "one", One);
        await papers.InsertAsync(2, "two", [1, 2, 3]);
        await papers.InsertAsync(3, "three", Other);
        await source.ExecuteAsync("UPDATE papers SET seq = id");
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), AttachmentTable.Resource(capture, more: SmallCells), TestHub.Subscription("s", "papers", "copy"));
        await hub.SyncAsync();
        CollectionAssert.AreEqual(new[] { $"1|one|{AttachmentTable.Reference(One)}", $"2|two|{AttachmentTable.Reference([1, 2, 3])}", $"3|three|{AttachmentTable.Reference(Other)}" }, await copy.DeliveredAsync());

        await papers.UpdateAsync(2, Other);
        await papers.UpdateAsync(1, []);
        if (deletions) await source.ExecuteAsync("DELETE FROM papers WHERE id = 3");
        await source.ExecuteAsync("UPDATE papers SET seq = 10 + id WHERE id < 3");
        await hub.SyncAsync();
        string[] left = [$"1|one|{AttachmentTable.Reference([])}", $"2|two|{AttachmentTable.Reference(Other)}"];
        CollectionAssert.AreEqual(deletions ? left : [.. left, $"3|three|{AttachmentTable.Reference(Other)}"], await copy.DeliveredAsync());
        Assert.AreEqual(0, (await hub.RunAsync("reconcile", "s")).Status);
        await target.ExecuteAsync("UPDATE copy SET scan = NULL WHERE id = 2");
        Assert.AreEqual(4, (await hub.RunAsync("reconcile", "s")).Status, "a reference that is missing is a difference");
        Assert.AreEqual(0, (await hub.RunAsync("reconcile", "s", "--repair")).Status);
        CollectionAssert.IsSubsetOf(left, await copy.DeliveredAsync());
        if (capture == "mode: wal") await hub.RunAsync(0, "capture", "remove", "papers");
    }

    [TestMethod]
    [DataRow("postgresql", "text")]
    [DataRow("mysql", "longtext")]
    [DataRow("sqlite", "text")]
    public async Task A_long_text_is_carried_as_its_UTF8(string engine, string type)
    {
        await using var source = await FrontEnd.CreateAsync(engine);
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = new TestHub();
        var text = string.Concat(Enumerable.Repeat("行政检查𠀀", 4_000));
        await new AttachmentTable(source).CreateAsync(engine == "mysql" ? type + " CHARACTER SET utf8mb4" : type);
        await source.ExecuteAsync($"INSERT INTO papers VALUES (1, 'long', '{text}'), (2, 'short', '检查'), (3, 'none', NULL)");
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), AttachmentTable.Resource("mode: changelog", more: SmallCells), TestHub.Subscription("s", "papers", "copy"));
        await hub.SyncAsync();
        var utf8 = System.Text.Encoding.UTF8;
        CollectionAssert.AreEqual(new[] { $"1|long|{AttachmentTable.Reference(utf8.GetBytes(text))}", $"2|short|{AttachmentTable.Reference(utf8.GetBytes("检查"))}", "3|none|∅" }, await new AttachmentTable(target).DeliveredAsync());
        Assert.AreEqual(0, (await hub.RunAsync("reconcile", "s")).Status);
    }

    [TestMethod]
    public async Task Too_large_contents_are_an_error_row_of_which_nothing_is_kept_until_they_are_smaller()
    {
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = new TestHub();
        var (papers, copy) = (new AttachmentTable(source), new AttachmentTable(target));
        await papers.CreateAsync();
        await papers.InsertAsync(1, "one", One);
        await papers.InsertAsync(2, "too large", AttachmentTable.Contents(3, 20 * 1024 + 1));
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), AttachmentTable.Resource("mode: changelog", ", maxAttachmentBytes: 20KiB", SmallCells), TestHub.Subscription("s", "papers", "copy"));
        Assert.AreEqual(1, (await hub.SyncAsync(3))["s"].GetProperty("rejected").GetInt32());
        CollectionAssert.AreEqual(new[] { $"1|one|{AttachmentTable.Reference(One)}" }, await copy.DeliveredAsync());
        Assert.AreEqual("size", (string)(await source.Database.QueryAsync("SELECT err_rule FROM papers_error WHERE id = '2' AND err_item = 'scan' AND err_closed_batch IS NULL"))[0][0]!);
        Assert.AreEqual(1, Directory.EnumerateFiles(Path.Combine(hub.Data, "attachments"), "*", SearchOption.AllDirectories).Count(), "files kept");

        await papers.UpdateAsync(2, Other);
        await hub.SyncAsync();
        CollectionAssert.AreEqual(new[] { $"1|one|{AttachmentTable.Reference(One)}", $"2|too large|{AttachmentTable.Reference(Other)}" }, await copy.DeliveredAsync());
        Assert.AreEqual(0, await source.NumberAsync("SELECT count(*) FROM papers_error WHERE err_closed_batch IS NULL"));
    }

    [TestMethod]
    public async Task A_subscriber_gets_the_contents_of_its_own_rows_only_and_equal_contents_once()
    {
        await using var store = await TestDatabase.CreateAsync("postgresql");
        await using var source = await FrontEnd.CreateAsync("sqlite");
        await using var target = await FrontEnd.CreateAsync("postgresql");
        using var hub = new TestHub { Store = store.ConnectionString };
        var papers = new AttachmentTable(source);
        await papers.CreateAsync();
        await papers.InsertAsync(1, "public", One);
        await papers.InsertAsync(2, "secret", Other);
        await papers.InsertAsync(3, "public", One);
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), AttachmentTable.Resource("mode: changelog", more: SmallCells),
            TestHub.Subscription("s", "papers", "copy", more: "  filter: \"name == 'public' and scan is not null\"\n  map: { id: id, name: name, scan: scan, size_text: { expression: \"substring(scan, 73, 20)\" } }"));
        await hub.SyncAsync();
        CollectionAssert.AreEqual(new[] { $"1|public|{AttachmentTable.Reference(One)}", $"3|public|{AttachmentTable.Reference(One)}" }, await new AttachmentTable(target).DeliveredAsync());
        Assert.AreEqual(1, await target.NumberAsync("SELECT count(*) FROM exchange_attachment"), "parts at the target");
        Assert.AreEqual("10000", (string)(await target.Database.QueryAsync("SELECT DISTINCT size_text FROM copy"))[0][0]!, "an expression sees the reference");
        await hub.RunAsync(0, "notice", "papers", "--reason", "e");
        await papers.UpdateAsync(3, [5]);
        await hub.SyncAsync();
        CollectionAssert.AreEqual(new[] { $"1|public|{AttachmentTable.Reference(One)}", $"3|public|{AttachmentTable.Reference([5])}" }, await new AttachmentTable(target).DeliveredAsync(), "re-organised");
    }

    [TestMethod]
    [DataRow("postgresql")]
    [DataRow("mysql")]
    [DataRow("sqlite")]
    public async Task Beside_writers_that_go_on_contents_belong_to_the_row_that_they_come_with(string engine)
    {
        await using var source = await FrontEnd.CreateAsync(engine);
        await using var target = await FrontEnd.CreateAsync("postgresql");
        using var hub = new TestHub();
        var (papers, copy) = (new AttachmentTable(source), new AttachmentTable(target));
        await papers.CreateAsync();
        await source.ExecuteAsync("ALTER TABLE papers ADD digest varchar(100)");
        for (var id = 1; id <= 4; id++) await papers.InsertAsync(id, $"{id}", null);
        if (engine == "sqlite") await source.ExecuteAsync("PRAGMA journal_mode = WAL");
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), AttachmentTable.Resource("mode: changelog", more: SmallCells).Replace("  items:", "  items:\n    - { name: digest, type: string(100) }", StringComparison.Ordinal),
            TestHub.Subscription("s", "papers", "copy"));
        await using (var writers = new Writers(source, 2, async (_, connection, transaction, random) =>
        {
            // The row says which contents are its own.
            var scan = AttachmentTable.Contents(random.Next(), random.Next(1_100_000, 1_600_000));
            await AttachmentTable.RunAsync(connection, transaction, $"UPDATE papers SET digest = '{AttachmentTable.Reference(scan)}', scan = @scan WHERE id = {random.Next(1, 5)}", scan);
        }))
        {
            for (var round = 0; round < 5; round++)
            {
                var before = writers.Committed;
                await Probe.UntilAsync("a change", () => Task.FromResult(writers.Committed), committed => committed > before);
                await hub.SyncAsync();
                foreach (var row in await target.Database.QueryAsync("SELECT digest, scan FROM copy")) Assert.AreEqual(row[0], row[1], "what the row says of its contents, and its contents");
                await copy.DeliveredAsync();
            }
        }

        await hub.SyncAsync();
        Assert.AreEqual(0, (await hub.RunAsync("reconcile", "s")).Status);
    }
}
