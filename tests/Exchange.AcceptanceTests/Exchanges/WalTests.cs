using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Exchange.AcceptanceTests.Hubs;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Intake;
using Exchange.Contracts.FrontEnd;
using Exchange.Host.Composition;

namespace Exchange.AcceptanceTests.Exchanges;

/// <summary>Sources of PostgreSQL that are followed by the server's own log.</summary>
[TestClass]
public sealed class WalTests
{
    public TestContext TestContext { get; set; } = null!;

    static readonly FrontTable Table = FrontTable.Of("t", "id", ("id", "int64"), ("name", "string(40)"), ("n", "int32"));

    static readonly FrontTable Copy = Table with { Name = "copy" };

    [TestMethod]
    public async Task What_was_written_updated_moved_and_deleted_arrives_and_removal_leaves_nothing_at_the_source()
    {
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = await HubAsync(source, target);
        var before = await ObjectsAsync(source);
        await source.InsertAsync(Table, ["1", "one", "1"], ["2", "two", "2"], ["3", "it's \"three\", \\ 三", "3"]);
        await hub.SyncAsync();
        await EqualAsync(source, target, "full");

        await source.UpdateAsync(Table, ["1"], ("name", "uno"));
        await source.UpdateAsync(Table, ["2"], ("id", "20"));
        await source.DeleteAsync(Table, "3");
        await source.InsertAsync(Table, ["4", "four", "4"]);
        var result = (await hub.SyncAsync())["s"];
        Assert.AreEqual("incremental", result.GetProperty("kind").GetString());
        Assert.AreEqual(5, result.GetProperty("read").GetInt64(), "1, 2, 20, 3, 4");
        await EqualAsync(source, target, "increment");
        Assert.AreEqual(0, (await hub.SyncAsync())["s"].GetProperty("read").GetInt64(), "what was taken up is told once");

        var status = JsonDocument.Parse((await hub.RunAsync(0, "capture", "status", "r", "-o", "json")).Out).RootElement;
        Assert.AreEqual("installed", status.GetProperty("state").GetString());
        Assert.AreEqual("reserved", status.GetProperty("slot").GetProperty("walStatus").GetString());
        Assert.IsLessThan(16 << 20, status.GetProperty("slot").GetProperty("lagBytes").GetInt64());

        await hub.RunAsync(0, "capture", "remove", "r");
        CollectionAssert.AreEqual(before, await ObjectsAsync(source));
        await source.InsertAsync(Table, ["5", "five", "5"]);
        Assert.AreEqual("full", (await hub.SyncAsync())["s"].GetProperty("kind").GetString());
        await EqualAsync(source, target, "after removal");
    }

    [TestMethod]
    public async Task Whatever_is_written_meanwhile_and_whatever_full_runs_beside_nothing_is_lost_or_undone()
    {
        const int Transactions = 150, FewestSyncs = 7;
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("postgresql");
        using var hub = await HubAsync(source, target, "  batchRows: 37");
        await source.InsertAsync(Table, Enumerable.Range(1, 300).Select(id => new[] { $"{id}", $"name {id}", "0" }));
        await using (var writers = new Writers(source, 4, AnythingAsync))
        {
            var clock = Stopwatch.StartNew();
            for (var sync = 0; sync < FewestSyncs || writers.Committed < Transactions; sync++)
            {
                Assert.IsLessThan(TimeSpan.FromSeconds(90), clock.Elapsed, $"{sync} syncs beside {writers.Committed} transactions");
                await hub.SyncAsync(0, sync % 3 == 2 ? ["--full"] : []);
            }
        }

        await hub.SyncAsync();
        await EqualAsync(source, target, "after the writers");
        await hub.RunAsync(0, "capture", "remove", "r");
    }

    [TestMethod]
    [DataRow("", "TRUNCATE t; INSERT INTO t VALUES (7, 'seven', 7)", "truncated")]
    [DataRow("", "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database(); UPDATE t SET n = 9 WHERE id = 1", "is gone")]
    [DataRow("", "DO $$ DECLARE p text; BEGIN SELECT pubname INTO p FROM pg_publication; EXECUTE format('ALTER PUBLICATION %I DROP TABLE t', p); UPDATE t SET n = 9 WHERE id = 1; EXECUTE format('ALTER PUBLICATION %I ADD TABLE t', p); END $$", "made anew")]
    [DataRow("UPDATE t SET n = 9 WHERE id = 1", "SELECT count(*) FROM pg_replication_slots s, pg_logical_slot_get_binary_changes(s.slot_name, NULL, NULL, 'proto_version', '1', 'publication_names', s.slot_name) WHERE s.database = current_database()", "somebody else")]
    public async Task Changes_that_no_log_tells_hold_increments_until_the_full_is_reorganised(string written, string sql, string told)
    {
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = await HubAsync(source, target, "  reorganise: { automatic: [] }");
        await source.InsertAsync(Table, ["1", "one", "1"], ["2", "two", "2"]);
        await hub.SyncAsync();
        // What is read from a slot must have been committed: within one transaction there would be nothing to read, and nothing lost.
        if (written.Length > 0) await source.ExecuteAsync(written);
        await source.ExecuteAsync(sql);
        var refused = await hub.RunAsync(1, "sync", "s");
        StringAssert.Contains(refused.Error + refused.Out, told);
        StringAssert.Contains(refused.Error + refused.Out, "reason d");
        CollectionAssert.AreEqual(new[] { "1|one|1", "2|two|2" }, await target.LinesAsync(Copy), "subscribers keep what they have");
        Assert.AreEqual(0, await source.NumberAsync("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"), "a slot that is of no use keeps no log");

        await hub.RunAsync(0, "notice", "r", "--reason", "d");
        await hub.SyncAsync();
        await EqualAsync(source, target, "after the notice");
        await source.UpdateAsync(Table, [(await source.NumberAsync("SELECT max(id) FROM t")).ToString(CultureInfo.InvariantCulture)], ("n", "77"));
        Assert.AreEqual("incremental", (await hub.SyncAsync())["s"].GetProperty("kind").GetString());
        await EqualAsync(source, target, "increments go on");
        await hub.RunAsync(0, "capture", "remove", "r");
    }

    [TestMethod]
    public async Task A_transaction_of_any_size_is_cut_into_batches_and_two_hubs_follow_one_table()
    {
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        await using var second = await FrontEnd.CreateAsync("sqlite");
        using var hub = await HubAsync(source, target, "  batchRows: 500");
        using var other = await HubAsync(source, second);
        await hub.SyncAsync();
        await other.SyncAsync();
        await source.ExecuteAsync("INSERT INTO t SELECT i, 'n', 0 FROM generate_series(1, 5000) i");
        await source.ExecuteAsync("BEGIN; UPDATE t SET n = 1; DELETE FROM t WHERE id % 10 = 0; UPDATE t SET id = -id WHERE id % 7 = 0; COMMIT");
        await hub.SyncAsync();
        await EqualAsync(source, target, "the first hub");
        await other.SyncAsync();
        await EqualAsync(source, second, "the second hub");
        Assert.AreEqual(2, await source.NumberAsync("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"));
        await hub.RunAsync(0, "capture", "remove", "r");
        await other.RunAsync(0, "capture", "remove", "r");
    }

    [TestMethod]
    public async Task A_running_hub_delivers_changes_as_they_are_committed()
    {
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("postgresql");
        using var hub = await HubAsync(source, target);
        await hub.SyncAsync();
        using var running = hub.Process.Start(hub.WithHub(["run"]));
        var said = (running.StandardError.ReadToEndAsync(), running.StandardOutput.ReadToEndAsync());
        var times = new List<double>();
        try
        {
            for (var id = 0; id < 20; id++)
            {
                await source.InsertAsync(Table, [$"{id}", "n", "0"]);
                var clock = Stopwatch.StartNew();
                await Probe.UntilAsync($"row {id}", () => target.NumberAsync($"SELECT count(*) FROM copy WHERE id = {id}"), rows => rows == 1);
                times.Add(clock.Elapsed.TotalMilliseconds);
            }

            await source.ExecuteAsync("DELETE FROM t");
            await Probe.UntilAsync("the deletions", () => target.NumberAsync("SELECT count(*) FROM copy"), rows => rows == 0);
        }
        finally
        {
            running.Kill();
        }

        await Task.WhenAll(said.Item1, said.Item2);
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"commit to delivered: median {times.Order().ElementAt(times.Count / 2):0} ms, longest of all but the first {times.Skip(1).Max():0} ms"));
        Assert.IsFalse((await said.Item1).Contains("warning", StringComparison.Ordinal), await said.Item1);
        await hub.RunAsync(0, "capture", "remove", "r");
    }

    [TestMethod]
    public async Task A_slot_that_keeps_too_much_is_given_up_and_the_full_that_follows_begins_with_another()
    {
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = new TestHub();
        await source.CreateAsync(Table);
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, "mode: wal, maxSlotLag: 1MiB", "  reorganise: { automatic: [] }"), TestHub.Subscription("s", "r", "copy"));
        await hub.SyncAsync();
        await source.ExecuteAsync("CREATE TABLE filler (x text); INSERT INTO filler SELECT repeat('x', 1000) FROM generate_series(1, 4000); INSERT INTO t VALUES (1, 'one', 1)");
        await using (var opened = await Hub.OpenAsync(new HubOptions(hub.Data, null, null), default))
        {
            var snapshot = await opened.Get<ICatalogue>().ReadAsync(default);
            await using var database = opened.Get<IFrontEndDatabases>().Open(snapshot.Connections["source"].ToFrontEnd());
            await opened.Get<WalWatch>().GuardAsync(snapshot.Resources["r"], snapshot.Resources["r"].Source!, database, default);
        }

        Assert.AreEqual(0, await source.NumberAsync("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"));
        StringAssert.Contains((await hub.GetAsync("hold"))[0].GetProperty("message").GetString(), "maxSlotLag");
        StringAssert.Contains((await hub.RunAsync(1, "sync", "s")).Error, "maxSlotLag");
        await hub.RunAsync(0, "notice", "r", "--reason", "d");
        await hub.SyncAsync();
        await EqualAsync(source, target, "after the notice");
        Assert.AreEqual(1, await source.NumberAsync("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"));
        await hub.RunAsync(0, "capture", "remove", "r");
    }

    [TestMethod]
    public async Task Refusals_say_what_to_do()
    {
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = new TestHub();
        hub.Process.Write("wrong.yaml", TestHub.Connections(("source", target), ("target", target)) + TestHub.Resource("r", Table, "mode: wal"));
        var refused = await hub.RunAsync(2, "apply", "-f", Path.Combine(hub.Process.Folder, "wrong.yaml"));
        StringAssert.Contains(refused.Error + refused.Out, "use changelog");

        await source.ExecuteAsync("CREATE TABLE t (id bigint UNIQUE, name varchar(40), n int)");
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, "mode: wal"), TestHub.Subscription("s", "r", "copy"));
        refused = await hub.RunAsync(1, "sync", "s");
        StringAssert.Contains(refused.Error + refused.Out, "REPLICA IDENTITY");
        Assert.AreEqual(0, await source.NumberAsync("SELECT count(*) FROM pg_publication"), "a publication without a replica identity would refuse the department's own updates");
        await source.ExecuteAsync("ALTER TABLE t REPLICA IDENTITY FULL; INSERT INTO t VALUES (1, 'one', 1)");
        await hub.SyncAsync();
        await source.ExecuteAsync("UPDATE t SET id = 2");
        await hub.SyncAsync();
        await EqualAsync(source, target, "identity full");
        await hub.RunAsync(0, "capture", "remove", "r");
    }

    static async Task<TestHub> HubAsync(FrontEnd source, FrontEnd target, string more = "")
    {
        if (await source.NumberAsync("SELECT count(*) FROM pg_class WHERE relname = 't'") == 0) await source.CreateAsync(Table);
        var hub = new TestHub();
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, "mode: wal", more), TestHub.Subscription("s", "r", "copy"));
        return hub;
    }

    static async Task EqualAsync(FrontEnd source, FrontEnd target, string when) => CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Copy), when);

    static async Task<List<string?>> ObjectsAsync(FrontEnd source) => (await source.Database.QueryAsync("""
        SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace UNION ALL SELECT pubname::text FROM pg_publication
        UNION ALL SELECT slot_name::text FROM pg_replication_slots WHERE database = current_database() UNION ALL SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1
        """)).ConvertAll(row => (string?)row[0]).Where(name => name != "t_error" && name?.StartsWith("t_error", StringComparison.Ordinal) != true).ToList();

    static async Task AnythingAsync(FrontEnd front, DbConnection connection, DbTransaction transaction, Random random)
    {
        for (var statement = random.Next(1, 6); statement > 0; statement--)
        {
            var id = ("@id", (object?)random.Next(1, 400));
            switch (random.Next(6))
            {
                case 0: await Writers.RunAsync(connection, transaction, "DELETE FROM t WHERE id = @id", id); break;
                case 1: await Writers.RunAsync(connection, transaction, "UPDATE t SET id = @to WHERE id = @id", id, ("@to", random.Next(1, 400))); break;
                default:
                    if (await Writers.RunAsync(connection, transaction, "UPDATE t SET name = @name, n = n + 1 WHERE id = @id", id, ("@name", $"名 {random.Next(1000)}")) == 0)
                        await Writers.RunAsync(connection, transaction, "INSERT INTO t VALUES (@id, 'new', 0)", id);
                    break;
            }
        }

        await Task.Delay(random.Next(30));
    }
}
