using System.Diagnostics;
using Exchange.AcceptanceTests.Hubs;
using Exchange.AcceptanceTests.Nodes;
using Exchange.TestSupport;

namespace Exchange.AcceptanceTests.Faults;

/// <summary>What a hub that runs lives with: servers that stop, connections that are cut, a disk that is full. It waits, says once what for, and goes on by itself.</summary>
[TestClass]
public sealed class OutageTests
{
    /// <summary>Long enough for several attempts in vain; EXCHANGE_TEST_OUTAGE says other seconds.</summary>
    static readonly TimeSpan Outage = TimeSpan.FromSeconds(double.Parse(Environment.GetEnvironmentVariable("EXCHANGE_TEST_OUTAGE") ?? "6", System.Globalization.CultureInfo.InvariantCulture));

    static readonly FrontTable Table = FrontTable.Of("t", "id", ("id", "int64"), ("name", "string(40)"));

    static readonly FrontTable Copy = Table with { Name = "copy" };

    [TestMethod]
    [DataRow("source", "changelog", "Waiting for connection source: ", "Connection source answers again after ")]
    [DataRow("source", "wal", "Waiting for connection source: ", "Connection source answers again after ")]
    [DataRow("source", "scheduled", "Waiting for connection source: ", "Connection source answers again after ")]
    [DataRow("target", "changelog", "Waiting for connection target: ", "Connection target answers again after ")]
    [DataRow("store", "changelog", "DeliveryDuty waits for the hub's store", "DeliveryDuty goes on after")]
    public async Task A_server_that_is_stopped_is_waited_for_and_then_the_exchange_goes_on(string which, string mode, string says, string then)
    {
        await using var server = await PrivatePostgreSql.StartNewAsync();
        await using var source = which == "source" ? new FrontEnd(TestDatabase.On(server)) : await FrontEnd.CreateAsync("postgresql");
        await using var target = which == "target" ? new FrontEnd(TestDatabase.On(server)) : await FrontEnd.CreateAsync("postgresql");
        using var hub = new TestHub { Store = which == "store" ? server.ConnectionString : null };
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, ["1", "first"]);
        var schedule = mode == "scheduled" ? "  schedule: { incremental: '* * * * * ?' }" : "";
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, mode == "wal" ? "mode: wal" : "mode: changelog"), TestHub.Subscription("s", "r", "copy", more: schedule));
        await hub.SyncAsync();
        using var node = HubNode.Start(hub);
        await source.InsertAsync(Table, ["2", "before"]);
        await EqualAsync(source, target);

        await server.StopAsync();
        if (which != "source") await source.InsertAsync(Table, ["3", "meanwhile"]);
        await Probe.UntilAsync("the hub says what it waits for", () => Task.FromResult(node.Said), said => said.Contains(says, StringComparison.Ordinal));
        await Task.Delay(Outage); // the outage itself: nothing is waited for
        await server.StartAsync();
        await source.InsertAsync(Table, ["4", "after"]);
        await EqualAsync(source, target);
        Assert.AreEqual(1, node.Lines(says), node.Said);
        await Probe.UntilAsync("the hub says that it goes on", () => Task.FromResult(node.Said), said => said.Contains(then, StringComparison.Ordinal));
        Assert.AreEqual(1, node.Lines(then), node.Said);
        if (which == "target") Assert.AreEqual(0, node.Lines("subscription s waits"), node.Said);
        Assert.IsLessThan(25, node.Said.Split('\n').Length, node.Said);
        await node.EndAsync();
    }

    [TestMethod]
    public async Task Connections_that_are_cut_in_the_middle_of_a_copy_are_made_anew()
    {
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("postgresql");
        using var hub = new TestHub();
        await source.CreateAsync(Table);
        await source.ExecuteAsync("INSERT INTO t SELECT i, 'n' || i FROM generate_series(1, 60000) i");
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, "mode: changelog", "  batchRows: 2000"), TestHub.Subscription("s", "r", "copy"));
        using var node = HubNode.Start(hub);
        foreach (var front in new[] { source, target })
        {
            await Probe.UntilAsync("a COPY that was cut", () => front.NumberAsync(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active' AND query ILIKE 'copy %'"), cut => cut > 0, pause: TimeSpan.Zero);
        }

        await Probe.UntilAsync("the target's table", () => target.NumberAsync("SELECT count(*) FROM pg_class WHERE relname = 'copy'"), tables => tables == 1);
        await Probe.UntilAsync("all rows", () => target.NumberAsync("SELECT count(*) FROM copy"), rows => rows == 60_000);
        await EqualAsync(source, target);
        await Probe.UntilAsync("the hub says that it goes on", () => Task.FromResult(node.Said), said => said.Contains("Connection target answers again after ", StringComparison.Ordinal));
        Assert.AreEqual(1, node.Lines("Waiting for connection target: "), node.Said);
        await node.EndAsync();
    }

    [TestMethod]
    public async Task A_full_disk_in_the_data_folder_is_waited_for()
    {
        const int Blocks = 2_500; // of 1,024 bytes: more than an empty store
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("postgresql");
        using var hub = new TestHub();
        var wide = FrontTable.Of("t", "id", ("id", "int64"), ("name", "text"));
        await source.CreateAsync(wide);
        await source.InsertAsync(wide, ["1", "first"]);
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", wide, "mode: changelog"), TestHub.Subscription("s", "r", "copy"));
        await hub.SyncAsync();

        // A limit of the process stands for the disk: no file grows past it, as none does on a full disk. The runtime's own double mapping of code needs a large file.
        var command = string.Join(' ', new[] { "dotnet", HubProcess.Built }.Concat(hub.WithHub(["run"])).Select(part => $"'{part}'"));
        var start = new ProcessStartInfo("bash", ["-c", $"trap '' XFSZ; ulimit -S -f {Blocks}; exec {command}"]) { WorkingDirectory = hub.Process.Folder, RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        using var node = HubNode.Of(Process.Start(start)!);
        // Text that compression makes little smaller: one batch is larger than the limit.
        await source.ExecuteAsync("INSERT INTO t SELECT i, (SELECT string_agg(md5((i * 100 + j)::text), '') FROM generate_series(1, 60) j) FROM generate_series(2, 6000) i");
        await Probe.UntilAsync("the hub says what it waits for", () => Task.FromResult(node.Said), said => said.Contains("resource r waits", StringComparison.Ordinal));
        Assert.AreEqual(1, await target.NumberAsync("SELECT count(*) FROM copy"));
        using var mending = Process.Start("prlimit", ["--pid", $"{node.Id}", "--fsize=unlimited:unlimited"]);
        await mending.WaitForExitAsync();
        Assert.AreEqual(0, mending.ExitCode);
        await Probe.UntilAsync("all rows", () => target.NumberAsync("SELECT count(*) FROM copy"), rows => rows == 6_000);
        CollectionAssert.AreEqual(await source.LinesAsync(wide), await target.LinesAsync(wide with { Name = "copy" }));
        await node.EndAsync();
    }

    static async Task EqualAsync(FrontEnd source, FrontEnd target)
    {
        var expected = await source.LinesAsync(Table);
        await Probe.UntilAsync("target equal to source", () => target.LinesAsync(Copy), lines => lines.SequenceEqual(expected));
    }
}
