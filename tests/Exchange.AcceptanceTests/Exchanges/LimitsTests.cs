using System.Diagnostics;
using System.Text.Json;
using Exchange.AcceptanceTests.Hubs;
using Microsoft.Data.Sqlite;

namespace Exchange.AcceptanceTests.Exchanges;

/// <summary>What the hub may use of databases, memory and disk.</summary>
[TestClass]
public sealed class LimitsTests
{
    static readonly FrontTable Table = FrontTable.Of("t", "id", ("id", "int64"), ("name", "text"));

    [TestMethod]
    public async Task A_connection_that_allows_one_at_once_at_a_rate_serves_as_source_and_target_at_that_rate()
    {
        await using var front = await FrontEnd.CreateAsync("sqlite");
        await front.CreateAsync(Table);
        await front.InsertAsync(Table, Rows(1, 1_500));
        using var hub = new TestHub();
        await hub.ApplyAsync(Limited(front, "limits: { rowsPerSecond: 1000 }"), TestHub.Resource("r", Table, "mode: snapshot", "  batchRows: 500"), TestHub.Subscription("s", "r", "copy", connection: "source"));
        var clock = Stopwatch.StartNew();
        await hub.SyncAsync();
        Assert.IsGreaterThan(TimeSpan.FromSeconds(1.4), clock.Elapsed, "1,500 rows at 1,000 a second");
        CollectionAssert.AreEqual(await front.LinesAsync(Table), await front.LinesAsync(Table with { Name = "copy" }));
    }

    [TestMethod]
    public async Task A_node_with_one_place_serves_every_resource_in_turn()
    {
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        await source.CreateAsync(Table);
        using var hub = new TestHub();
        await hub.RunAsync(2, "run", "--exchanges", "0");
        string[] each = ["1", "2", "3", "4"];
        foreach (var at in each) await source.CreateAsync(Table with { Name = $"t{at}" });
        await hub.ApplyAsync([TestHub.Connections(("source", source), ("target", target)), .. each.Select(at => TestHub.Resource($"r{at}", Table with { Name = $"t{at}" }, "mode: changelog") + TestHub.Subscription($"s{at}", $"r{at}", $"copy{at}"))]);
        await hub.SyncAsync();
        foreach (var at in each) await source.InsertAsync(Table with { Name = $"t{at}" }, Rows(1, 100));
        using var running = hub.Process.Start(hub.WithHub(["run", "--exchanges", "1"]));
        try
        {
            foreach (var at in each) await Probe.UntilAsync($"copy{at}", () => target.NumberAsync($"SELECT count(*) FROM copy{at}"), rows => rows == 100);
        }
        finally
        {
            running.Kill();
            await running.WaitForExitAsync();
        }
    }

    [TestMethod]
    public async Task A_node_whose_places_are_taken_leaves_the_work_to_the_others()
    {
        await using var store = await FrontEnd.CreateAsync("postgresql");
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("postgresql");
        using var hub = new TestHub { Store = store.Database.ConnectionString };
        string[] each = ["1", "2", "3", "4", "5", "6"];
        foreach (var at in each) await source.CreateAsync(Table with { Name = $"t{at}" });
        await hub.ApplyAsync([TestHub.Connections(("source", source), ("target", target)), .. each.Select(at => TestHub.Resource($"r{at}", Table with { Name = $"t{at}" }, "mode: changelog") + TestHub.Subscription($"s{at}", $"r{at}", $"copy{at}"))]);
        await hub.SyncAsync();
        await using var locking = await target.Database.OpenAsync();
        await using var locked = await locking.BeginTransactionAsync();
        await using var command = locking.CreateCommand();
        command.CommandText = "LOCK TABLE copy1 IN ACCESS EXCLUSIVE MODE";
        await command.ExecuteNonQueryAsync();
        var running = Enumerable.Range(0, 2).Select(_ => hub.Process.Start(hub.WithHub(["run", "--exchanges", "1"]))).ToList();
        try
        {
            await source.InsertAsync(Table with { Name = "t1" }, Rows(1, 10));
            await Probe.UntilAsync("a delivery that waits for the department's own lock", () => target.NumberAsync("SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"), waiting => waiting > 0);
            foreach (var at in each[1..]) await source.InsertAsync(Table with { Name = $"t{at}" }, Rows(1, 10));
            foreach (var at in each[1..]) await Probe.UntilAsync($"copy{at}", () => target.NumberAsync($"SELECT count(*) FROM copy{at}"), rows => rows == 10);
            await locked.RollbackAsync();
            await Probe.UntilAsync("copy1", () => target.NumberAsync("SELECT count(*) FROM copy1"), rows => rows == 10);
        }
        finally
        {
            foreach (var node in running)
            {
                node.Kill();
                await node.WaitForExitAsync();
                node.Dispose();
            }
        }
    }

    [TestMethod]
    public async Task Wide_rows_that_changed_are_taken_up_in_batches_of_bounded_size()
    {
        foreach (var engine in new[] { "postgresql", "mysql", "sqlite" })
        {
            await using var source = await FrontEnd.CreateAsync(engine);
            await using var target = await FrontEnd.CreateAsync("sqlite");
            await source.CreateAsync(Table);
            using var hub = new TestHub();
            await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, "mode: changelog", "  batchBytes: 1000000"), TestHub.Subscription("s", "r", "copy"));
            await hub.SyncAsync();
            await source.InsertAsync(Table, Enumerable.Range(1, 60).Select(id => new[] { $"{id}", new string((char)('a' + (id % 26)), 50_000 + id) }));
            Assert.AreEqual(60, (await hub.SyncAsync())["s"].GetProperty("accepted").GetInt32());
            var changes = (await hub.GetAsync("batch", "r")).Where(batch => batch.GetProperty("kind").GetString() == "change" && batch.GetProperty("upserts").GetInt32() > 0).ToList();
            Assert.IsGreaterThan(2, changes.Count, engine);
            Assert.IsTrue(changes.TrueForAll(batch => batch.GetProperty("upserts").GetInt32() <= 20), engine);
            CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Table with { Name = "copy" }), engine);
        }
    }

    [TestMethod]
    public async Task Rows_of_the_log_that_nobody_needs_go_and_who_comes_back_begins_with_the_newest_full()
    {
        await using var source = await FrontEnd.CreateAsync("sqlite");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, Rows(1, 10));
        using var hub = new TestHub();
        string[] all = [TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, "mode: snapshot"), TestHub.Subscription("s", "r", "copy"), TestHub.Subscription("away", "r", "old")];
        await hub.ApplyAsync(all);
        await hub.SyncAsync();
        hub.Process.Write("without.yaml", string.Join("---\n", all[..^1]));
        await hub.RunAsync(0, "apply", "--prune", "-f", Path.Combine(hub.Process.Folder, "without.yaml"));
        await source.DeleteAsync(Table, "2");
        await source.UpdateAsync(Table, ["3"], ("name", "changed"));
        await hub.SyncAsync();
        await source.InsertAsync(Table, Rows(11, 12));
        await hub.SyncAsync();
        await hub.RunAsync(0, "setup", "--log-keep", "1d");
        await AgeAsync(hub, TimeSpan.FromDays(2));

        using (var running = hub.Process.Start(hub.WithHub(["run"])))
        {
            await Probe.UntilAsync("the log of r", async () => (await hub.GetAsync("log"))[0].GetProperty("dropped").GetInt32(), dropped => dropped > 0);
            running.Kill();
            await running.WaitForExitAsync();
        }

        var log = (await hub.GetAsync("log"))[0];
        Assert.AreEqual(log.GetProperty("fullStart").GetInt64(), log.GetProperty("oldestKept").GetInt64());
        await hub.ApplyAsync([.. all, TestHub.Subscription("new", "r", "new")]);
        await hub.SyncAsync();
        foreach (var table in new[] { "copy", "old", "new" }) CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Table with { Name = table }), table);
    }

    [TestMethod]
    public async Task A_log_over_its_budget_holds_reading_and_says_who_fills_it_and_goes_on_once_there_is_room()
    {
        await using var source = await FrontEnd.CreateAsync("sqlite");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, Rows(1, 300));
        using var hub = new TestHub();
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, "mode: snapshot", "  batchRows: 100"), TestHub.Subscription("s", "r", "copy"));
        await hub.RunAsync(0, "setup", "--log-budget", "1KiB");
        var held = (await hub.SyncAsync(1))["s"];
        Assert.AreEqual("hub.log.full", held.GetProperty("errorCode").GetString());
        StringAssert.Contains(held.GetProperty("error").GetString(), "resource r");
        await hub.RunAsync(2, "setup", "--log-budget", "1 gigabyte");
        await hub.RunAsync(0, "setup", "--log-budget", "1GiB");
        await hub.SyncAsync();
        CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Table with { Name = "copy" }));
        Assert.AreEqual(300, (await hub.GetAsync("run")).Where(run => run.GetProperty("kind").GetString() == "full").Sum(run => run.GetProperty("read").GetInt32()), "the full went on where it was");
    }

    static IEnumerable<string[]> Rows(int first, int last) => Enumerable.Range(first, last - first + 1).Select(id => new[] { $"{id}", $"name {id}" });

    static string Limited(FrontEnd front, string limits) => $"{TestHub.Connections(("source", front)).TrimEnd()[..^1]}, {limits} }}\n";

    /// <summary>Lets time pass for the log.</summary>
    static async Task AgeAsync(TestHub hub, TimeSpan time)
    {
        await using var store = new SqliteConnection($"Data Source={Path.Combine(hub.Data, "exchange.db")};Pooling=False");
        await store.OpenAsync();
        await using var command = store.CreateCommand();
        command.CommandText = $"UPDATE bus_log_batch SET appended_at = appended_at - {(long)time.TotalMicroseconds}";
        await command.ExecuteNonQueryAsync();
    }
}
