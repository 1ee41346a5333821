using System.Data.Common;
using System.Text.Json;
using Exchange.AcceptanceTests.Hubs;

namespace Exchange.AcceptanceTests.Exchanges;

/// <summary>`exchange reconcile` finds what differs between a source and a target, whatever made it differ, and mends it through the log.</summary>
[TestClass]
public sealed class ReconcileTests
{
    static readonly FrontTable Plain = FrontTable.Of("t", "编号,day", ("编号", "string(40)"), ("day", "date"), ("name", "text"), ("n", "int32"), ("big", "int64"), ("amount", "decimal(20,4)"), ("ok", "boolean"),
        ("at", "timestamp"), ("raw", "binary"));

    static readonly FrontTable Real = Plain with { Columns = [.. Plain.Columns, ("real", "double")] };

    static readonly FrontTable Small = FrontTable.Of("t", "id", ("id", "int64"), ("name", "string(40)"), ("n", "int32"));

    static readonly string?[][] Rows =
    [
        ["a", "2026-07-01", "行政检查 👩‍👩‍👧‍👦", "1", "9223372036854775807", "1.5000", "true", "2026-07-01T08:00:00.000001Z", "00ff", "-0"],
        ["x", "2026-07-01", "trailing  ", "0", "-9223372036854775808", "0", "false", "1970-01-01T00:00:00Z", "", "0.1"],
        ["b", "0001-01-01", "", "-1", "0", "-0.0001", null, "0001-01-01T00:00:00Z", null, "1E-05"],
        ["c", "9999-12-31", null, null, null, null, "true", "9999-12-31T23:59:59.999999Z", "20", null],
        ["键 '", "2026-07-01", "5:x", "7", "1", "9999999999999999.9999", "false", "2026-07-01T08:00:00.500000Z", "0a", "1.7976931348623157E+308"],
        ["e", "2026-07-01", "-", "7", "1", "100", "false", null, "0a", "-0.30000000000000004"],
    ];

    public static IEnumerable<TestDataRow<(string, string, bool, string)>> Pairs => new[]
    {
        ("postgresql", "postgresql", false, "database"), ("postgresql", "postgresql", true, "database"), ("postgresql", "mysql", false, "database"), ("mysql", "mysql", false, "database"),
        ("postgresql", "mysql", true, "hub"), ("sqlite", "postgresql", true, "hub"), ("mysql", "sqlite", false, "hub"), ("sqlserver", "postgresql", true, "hub"),
    }.Select(pair => FrontEnd.Row(pair, pair.Item1, pair.Item2));

    [TestMethod]
    [DynamicData(nameof(Pairs))]
    public async Task What_a_hand_did_to_a_target_is_told_by_key_and_repaired_through_the_log(string sourceEngine, string targetEngine, bool withReal, string computed)
    {
        var table = withReal ? Real : Plain;
        await using var source = await FrontEnd.CreateAsync(sourceEngine);
        await using var target = await FrontEnd.CreateAsync(targetEngine);
        using var hub = new TestHub();
        await source.CreateAsync(table);
        await source.InsertAsync(table, Rows.Select(row => row[..table.Columns.Count]));
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", table, "mode: changelog", "  batchRows: 2"), TestHub.Subscription("s", "r", "copy"));
        await hub.SyncAsync();
        var copy = table with { Name = "copy" };

        var equal = await ReconcileAsync(hub, 0);
        Assert.AreEqual(computed, equal.GetProperty("computed").GetString());
        Assert.AreEqual((6, 6), (Number(equal, "sourceRows"), Number(equal, "targetRows")));

        await target.UpdateAsync(copy, ["x", "2026-07-01"], ("name", "trailing "));
        await target.UpdateAsync(copy, ["c", "9999-12-31"], ("name", ""));
        await target.DeleteAsync(copy, "a", "2026-07-01");
        await target.InsertAsync(copy, [["B", "0001-01-01", .. Rows[2][2..table.Columns.Count]]]);
        string[] damaged = ["different c|9999-12-31", "different x|2026-07-01", "extra B|0001-01-01", "missing a|2026-07-01"];
        CollectionAssert.AreEqual(damaged, Keys(await ReconcileAsync(hub, 4)));
        Assert.HasCount(1, Keys(await ReconcileAsync(hub, 4, "--keys", "1")), "only so many are told");

        var repaired = await ReconcileAsync(hub, 0, "--repair");
        Assert.AreEqual(4, Number(repaired, "repaired"));
        CollectionAssert.AreEqual((await source.LinesAsync(table)).Select(line => line.EndsWith("|-0", StringComparison.Ordinal) ? line[..^2] + "0" : line).ToList(), await target.LinesAsync(copy), "-0 is 0");
        await ReconcileAsync(hub, 0);
    }

    [TestMethod]
    public async Task Equal_tables_are_read_once_a_side()
    {
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("postgresql");
        using var hub = await SmallAsync(source, target, "mode: changelog");
        Assert.AreEqual((1L, 1L), await ScansAsync(0), "equal: one statement a side");
        await target.UpdateAsync(Small with { Name = "copy" }, ["4"], ("name", "名 5"));
        await target.UpdateAsync(Small with { Name = "copy" }, ["5"], ("name", "名 4"));
        var (ofSource, ofTarget) = await ScansAsync(4, "different 4", "different 5");
        Assert.IsTrue(ofSource > 1 && ofTarget > 1, "they differ: the ranges are summed, and what lies in two of them is read");

        // The server counts what a session did when it ends at the latest.
        async Task<(long Source, long Target)> ScansAsync(int status, params string[] keys)
        {
            var before = await CountsAsync();
            var told = await hub.RunProcessAsync("reconcile", "s", "-o", "json");
            Assert.AreEqual(status, told.Status, told.Error);
            CollectionAssert.AreEqual(keys, Keys(JsonDocument.Parse(told.Out).RootElement));
            var after = await CountsAsync();
            return (after.Source - before.Source, after.Target - before.Target);
        }

        async Task<(long Source, long Target)> CountsAsync()
        {
            Npgsql.NpgsqlConnection.ClearAllPools();
            foreach (var front in new[] { source, target })
                await Probe.UntilAsync("all sessions end", () => front.NumberAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"), sessions => sessions == 0);
            return (await CountAsync(source, "t"), await CountAsync(target, "copy"));
        }

        static Task<long> CountAsync(FrontEnd front, string table) => front.NumberAsync($"SELECT seq_scan FROM pg_stat_user_tables WHERE relname = '{table}'");
    }

    [TestMethod]
    [DataRow("mode: cursor, column: n", "apply")]
    [DataRow("mode: cursor, column: n", "tombstone")]
    [DataRow("mode: snapshot", "apply")]
    public async Task Rows_that_were_deleted_without_a_trace_are_found_and_deleted(string mode, string deletes)
    {
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("mysql");
        using var hub = await SmallAsync(source, target, mode, $"deletes: {deletes}");
        await source.DeleteAsync(Small, "3");
        await source.DeleteAsync(Small, "7");
        if (mode.Contains("cursor", StringComparison.Ordinal)) await hub.SyncAsync();
        CollectionAssert.AreEqual(new[] { "extra 3", "extra 7" }, Keys(await ReconcileAsync(hub, 4)));
        var repaired = await ReconcileAsync(hub, 0, "--repair");
        Assert.AreEqual((2, 8, 8), (Number(repaired, "repaired"), Number(repaired, "sourceRows"), Number(repaired, "targetRows")), "all numbers are of after the repair");
        var said = await hub.RunAsync(0, "reconcile", "s");
        Assert.Contains("s: compared\n", said.Error);
        Assert.DoesNotContain("batches", said.Error);
        Assert.AreEqual(8, await target.NumberAsync(deletes == "apply" ? "SELECT count(*) FROM copy" : "SELECT count(*) FROM copy WHERE exchange_deleted = 0"));
        await ReconcileAsync(hub, 0);
    }

    /// <summary>The database, which sums, must bear what the hub refused.</summary>
    [TestMethod]
    public async Task Times_that_no_item_holds_are_left_out()
    {
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("mysql");
        using var hub = new TestHub();
        var table = FrontTable.Of("t", "id", ("id", "int32"), ("at", "timestamp"));
        await source.CreateAsync(table);
        await source.ExecuteAsync("INSERT INTO t VALUES (1, '2026-07-01T08:00:00Z'), (2, '294276-01-01'), (3, 'infinity'), (4, '-infinity'), (5, NULL)");
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", table, "mode: snapshot"), TestHub.Subscription("s", "r", "copy"));
        await hub.SyncAsync(3);
        var equal = await ReconcileAsync(hub, 0);
        Assert.AreEqual(("database", 3), (equal.GetProperty("computed").GetString(), Number(equal, "leftOut")));
    }

    [TestMethod]
    public async Task Filter_map_code_map_and_tombstones_decide_what_the_target_should_hold()
    {
        var table = FrontTable.Of("t", "id", ("id", "int64"), ("kind", "string(1)"), ("name", "string(20)"));
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("postgresql");
        using var hub = new TestHub();
        await source.CreateAsync(table);
        await source.InsertAsync(table, Enumerable.Range(1, 9).Select(id => new[] { $"{id}", $"{1 + (id % 2)}", $"name {id}" }));
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), "kind: CodeMap\nmetadata: { name: m }\nspec: { map: { \"1\": 甲, \"2\": 乙 } }\n", TestHub.Resource("r", table, "mode: changelog"),
            TestHub.Subscription("s", "r", "copy", "deletes: tombstone", "  filter: \"id > 3\"\n  map: { no: { from: id, type: string(20) }, kind: { from: kind, codeMap: m }, long: { expression: \"length(name)\", type: int32 }, origin: { constant: here } }"));
        await hub.SyncAsync();
        await source.DeleteAsync(table, "9");
        await hub.SyncAsync();
        var equal = await ReconcileAsync(hub, 0);
        Assert.AreEqual((5, 5, "hub"), (Number(equal, "sourceRows"), Number(equal, "targetRows"), equal.GetProperty("computed").GetString()));

        await target.ExecuteAsync("UPDATE copy SET kind = '甲' WHERE no = '5'; UPDATE copy SET kind = '乙' WHERE no = '4'; UPDATE copy SET exchange_deleted = false WHERE no = '9'; UPDATE copy SET exchange_deleted = true WHERE no = '6'; DELETE FROM copy WHERE no = '7'");
        await target.ExecuteAsync("INSERT INTO copy (no, kind, long, origin, exchange_deleted) VALUES ('2', '甲', 6, 'here', false), ('no number', '甲', 6, 'here', false)");
        var damaged = await ReconcileAsync(hub, 4);
        // Row 5 has kind 2, row 4 has kind 1: each got the other's code.
        CollectionAssert.AreEqual(new[] { "different 4", "different 5", "extra 2", "extra 9", "extra no number", "missing 6", "missing 7" }, Keys(damaged));
        Assert.AreEqual(1, Number(damaged, "outOfReach"));

        var repaired = await ReconcileAsync(hub, 4, "--repair");
        CollectionAssert.AreEqual(new[] { "extra no number" }, Keys(repaired), "no key of the resource leads there");
        Assert.AreEqual(6, Number(repaired, "repaired"));
        await target.ExecuteAsync("DELETE FROM copy WHERE no = 'no number'");
        await ReconcileAsync(hub, 0);
    }

    [TestMethod]
    [DataRow("postgresql")]
    [DataRow("sqlite")]
    public async Task Rows_in_quarantine_are_left_out_on_both_sides(string engine)
    {
        await using var source = await FrontEnd.CreateAsync(engine);
        await using var target = await FrontEnd.CreateAsync("postgresql");
        using var hub = await SmallAsync(source, target, "mode: changelog", "", new() { ["n"] = "rules: [ \"min 0\" ]" });
        await source.InsertAsync(Small, ["11", "never good", "-1"]);
        await source.UpdateAsync(Small, ["4"], ("n", "-4"));
        await hub.SyncAsync(3);
        var result = await ReconcileAsync(hub, 0);
        Assert.AreEqual(2, Number(result, "leftOut"));
        await source.UpdateAsync(Small, ["5"], ("n", "-5"));
        CollectionAssert.AreEqual(Array.Empty<string>(), Keys(await ReconcileAsync(hub, 0)), "not read yet, but known to be refused once it is");
        await target.UpdateAsync(Small with { Name = "copy" }, ["6"], ("n", "60"));
        CollectionAssert.AreEqual(new[] { "different 6" }, Keys(await ReconcileAsync(hub, 4)));
        await ReconcileAsync(hub, 0, "--repair");
    }

    [TestMethod]
    public async Task Beside_writers_and_a_running_hub_nothing_is_told_but_what_is_damaged()
    {
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("mysql");
        using var hub = await SmallAsync(source, target, "mode: changelog", batchRows: 1_000); // the hub must be faster than the writers
        using var running = hub.Process.Start(hub.WithHub(["run"]));
        try
        {
            await source.InsertAsync(Small, ["99", "the hub is at work", "0"]);
            await Probe.UntilAsync("the hub delivers", () => target.NumberAsync("SELECT count(*) FROM copy"), rows => rows == 11);
            await using var writers = new Writers(source, 3, WriteAsync);
            for (var (round, committed) = (0, writers.Committed); round < 2; round++, committed = writers.Committed)
            {
                await Probe.UntilAsync("writers go on", () => Task.FromResult(writers.Committed), now => now > committed);
                CollectionAssert.AreEqual(Array.Empty<string>(), Keys(await ReconcileAsync(hub, 0, "--wait", "5s")));
            }

            // Settling may take six waits: long enough for any machine.
            await target.UpdateAsync(Small with { Name = "copy" }, ["10"], ("name", "damaged"));
            CollectionAssert.AreEqual(new[] { "different 10" }, Keys(await ReconcileAsync(hub, 4, "--wait", "60s")));
            var repaired = await ReconcileAsync(hub, 0, "--repair", "--wait", "60s");
            Assert.AreEqual(1, Number(repaired, "repaired"));
            Assert.IsFalse(running.HasExited);
        }
        finally
        {
            running.Kill();
            await running.WaitForExitAsync();
        }
    }

    [TestMethod]
    public async Task A_repair_waits_for_a_hub_that_is_delivering()
    {
        await using var source = await FrontEnd.CreateAsync("sqlite");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = await SmallAsync(source, target, "mode: snapshot");
        await target.ExecuteAsync("UPDATE copy SET name = 'damaged' WHERE id = 3");
        var until = (DateTimeOffset.UtcNow + TimeSpan.FromSeconds(5)).ToUnixTimeMilliseconds() * 1000; // less than a lease lasts, more than the command needs to come there
        await using (var store = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(hub.Data, "exchange.db")};Pooling=False"))
        {
            await store.OpenAsync();
            await using var command = store.CreateCommand();
            command.CommandText = $"UPDATE bus_lease SET until_at = {until}, fence = fence + 1, owner = 'another/1' WHERE name = 'delivery:s'";
            Assert.AreEqual(1, await command.ExecuteNonQueryAsync());
        }

        Assert.AreEqual(1, Number(await ReconcileAsync(hub, 0, "--repair"), "repaired"));
        CollectionAssert.AreEqual(await source.LinesAsync(Small), await target.LinesAsync(Small with { Name = "copy" }));
    }

    [TestMethod]
    [DataRow("Read")]
    [DataRow("Append")]
    [DataRow("DeliverBeforeCommit")]
    [DataRow("DeliverAfterCommit")]
    public async Task A_repair_that_is_killed_leaves_nothing_half_done(string step)
    {
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("postgresql");
        using var hub = await SmallAsync(source, target, "mode: cursor, column: n");
        await source.DeleteAsync(Small, "3");
        await target.ExecuteAsync("UPDATE copy SET name = 'damaged' WHERE id < 3; DELETE FROM copy WHERE id = 10");
        hub.Process.Environment["EXCHANGE_KILL_AT"] = step;
        Assert.AreEqual(128 + 9, (await hub.RunProcessAsync("reconcile", "s", "--repair")).Status);
        await ReconcileAsync(hub, 0, "--repair");
        CollectionAssert.AreEqual(await source.LinesAsync(Small), await target.LinesAsync(Small with { Name = "copy" }));
        var ledger = await target.Database.QueryAsync("SELECT batch FROM exchange_applied");
        Assert.HasCount(ledger.Count, ledger.DistinctBy(entry => entry[0]).ToList());
    }

    [TestMethod]
    public async Task Wrong_usage_is_told_as_such()
    {
        await using var source = await FrontEnd.CreateAsync("sqlite");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = await SmallAsync(source, target, "mode: snapshot");
        await hub.RunAsync(2, "reconcile");
        await hub.RunAsync(2, "reconcile", "nobody");
        await hub.RunAsync(2, "reconcile", "s", "--keys", "-1");
        await hub.RunAsync(2, "reconcile", "s", "--wait", "soon");
        await target.ExecuteAsync("DELETE FROM copy WHERE id = 1");
        var told = await hub.RunAsync(4, "reconcile", "s");
        StringAssert.Contains(told.Out, "missing");
        await source.ExecuteAsync("ALTER TABLE t RENAME TO gone");
        await hub.RunAsync(1, "reconcile", "s");
    }

    static async Task<TestHub> SmallAsync(FrontEnd source, FrontEnd target, string mode, string more = "", Dictionary<string, string>? items = null, int batchRows = 4)
    {
        var hub = new TestHub();
        await source.CreateAsync(Small);
        await source.InsertAsync(Small, Enumerable.Range(1, 10).Select(id => new[] { $"{id}", $"名 {id}", $"{id}" }));
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Small, mode, $"  batchRows: {batchRows}", items), TestHub.Subscription("s", "r", "copy", more));
        await hub.SyncAsync();
        return hub;
    }

    static async Task<JsonElement> ReconcileAsync(TestHub hub, int status, params string[] more)
    {
        var outcome = await hub.RunAsync(status, ["reconcile", "s", "-o", "json", .. more]);
        return JsonDocument.Parse(outcome.Out).RootElement;
    }

    static long Number(JsonElement result, string name) => result.GetProperty(name).GetInt64();

    static List<string> Keys(JsonElement result) =>
        [.. result.GetProperty("keys").EnumerateArray().Select(key => $"{key.GetProperty("kind").GetString()} {string.Join('|', key.GetProperty("key").EnumerateArray().Select(value => value.GetString()))}").Order(StringComparer.Ordinal)];

    /// <summary>Keys from 100 on are the writers'; row 10 is nobody's.</summary>
    static async Task WriteAsync(FrontEnd front, DbConnection connection, DbTransaction transaction, Random random)
    {
        for (var statement = random.Next(1, 4); statement > 0; statement--)
        {
            var id = ("@id", (object?)random.Next(100, 160));
            if (random.Next(4) == 0) await Writers.RunAsync(connection, transaction, "DELETE FROM t WHERE id = @id", id);
            else if (await Writers.RunAsync(connection, transaction, "UPDATE t SET n = n + 1 WHERE id = @id", id) == 0)
                await Writers.RunAsync(connection, transaction, "INSERT INTO t VALUES (@id, '新', 0)", id);
        }

        await Task.Delay(random.Next(50));
    }
}
