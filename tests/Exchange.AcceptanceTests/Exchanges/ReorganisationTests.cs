using System.Text.Json;
using Exchange.AcceptanceTests.Hubs;
using Exchange.TestSupport;

namespace Exchange.AcceptanceTests.Exchanges;

/// <summary>
/// Full updates that are re-organised (DB23/T 2835 §7.3.4): increments that cannot go on are held with their reason, the full is read after a notice, and a subscriber sees the old state or
/// the new one, never anything between.
/// </summary>
[TestClass]
public sealed class ReorganisationTests
{
    static readonly FrontTable Table = FrontTable.Of("t", "id", ("id", "string(20)"), ("doc", "string(20)"), ("amount", "decimal(12,2)"), ("at", "timestamp"));

    static readonly FrontTable Copy = Table with { Name = "copy" };

    const string Business = "  businessKey: [doc]\n  batchRows: 3";

    public TestContext TestContext { get; set; } = null!;

    static IEnumerable<string[]> Rows(string prefix, int from, int count, string day = "2026-07-01") =>
        Enumerable.Range(from, count).Select(number => new[] { $"{prefix}{number}", $"D-{number}", $"{number}.50", $"{day}T08:00:{number % 60:00}Z" });

    [TestMethod]
    [DataRow("cursor, column: at", "postgresql", "postgresql")]
    [DataRow("changelog", "mysql", "sqlite")]
    [DataRow("cursor, column: at", "sqlite", "mysql")]
    public async Task Other_keys_for_the_same_things_hold_the_increment_and_after_a_notice_subscribers_change_over_at_once(string mode, string from, string to)
    {
        await using var source = await FrontEnd.CreateAsync(from);
        await using var target = await FrontEnd.CreateAsync(to);
        using var hub = new TestHub();
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, Rows("old-", 1, 10));
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, $"mode: {mode}", Business), TestHub.Subscription("s", "r", "copy"));
        await hub.SyncAsync();
        // The subscriber's own index: a row that comes under a new key collides with the old one until that is gone.
        await target.ExecuteAsync($"CREATE UNIQUE INDEX by_doc ON {target.Q("copy")} ({target.Q("doc")})");
        var before = await target.LinesAsync(Copy);
        Assert.HasCount(10, before);

        if (mode == "changelog")
        {
            // The upgrade goes round the triggers.
            var triggers = await source.Database.QueryAsync("SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()");
            foreach (var trigger in triggers) await source.ExecuteAsync($"DROP TRIGGER {source.Q((string)trigger[0]!)}");
        }

        await source.ExecuteAsync($"DELETE FROM {source.Q("t")}");
        await source.InsertAsync(Table, Rows("new-", 1, 11, "2026-07-02"));
        if (mode == "changelog")
        {
            // Lost triggers alone are reason d, which the hub mends by itself: what is asked for here is that it changes over at once.
            var mended = await hub.SyncAsync();
            Assert.AreEqual("full", mended["s"].GetProperty("kind").GetString());
            Assert.AreEqual("d done s: 11", await StateAsync(hub));
        }
        else
        {
            var held = await hub.SyncAsync(1);
            Assert.AreEqual("provider.source.held", held["s"].GetProperty("errorCode").GetString());
            StringAssert.Contains(held["s"].GetProperty("error").GetString(), "reason a");
            CollectionAssert.AreEqual(before, await target.LinesAsync(Copy), "nothing of the increment is delivered");
            StringAssert.StartsWith(await StateAsync(hub), "a held");
            Assert.HasCount(1, (await hub.GetAsync("holds")).ToList());
            await hub.SyncAsync(1); // and stays held
            await hub.RunAsync(0, "notice", "r", "--reason", "a", "--message", "upgraded");
            await hub.SyncAsync();
            Assert.AreEqual("a done s: 11", await StateAsync(hub));
        }

        CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Copy));
        Assert.IsEmpty(await hub.GetAsync("holds"));
        await source.UpdateAsync(Table, ["new-3"], ("amount", "33.00"), ("at", "2026-07-03T08:00:00Z"));
        var later = await hub.SyncAsync();
        Assert.AreEqual("incremental", later["s"].GetProperty("kind").GetString());
        CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Copy), "the new cursor goes on");
    }

    [TestMethod]
    [DataRow("postgresql")]
    [DataRow("mysql")]
    public async Task A_reader_of_the_target_never_sees_a_half_state(string engine)
    {
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync(engine);
        using var hub = new TestHub();
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, Rows("old-", 1, 400));
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, "mode: changelog", "  batchRows: 20"), TestHub.Subscription("s", "r", "copy"));
        await hub.SyncAsync();
        await source.ExecuteAsync("TRUNCATE t");
        await source.InsertAsync(Table, Rows("new-", 1, 500));

        using var ended = new CancellationTokenSource();
        var seen = new HashSet<string>();
        var watching = Task.Run(async () =>
        {
            await using var connection = await target.Database.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "SELECT sum(CASE WHEN id LIKE 'old-%' THEN 1 ELSE 0 END), sum(CASE WHEN id LIKE 'new-%' THEN 1 ELSE 0 END) FROM copy";
            while (!ended.IsCancellationRequested)
            {
                await using var row = await command.ExecuteReaderAsync();
                await row.ReadAsync();
                seen.Add($"{row.GetValue(0)}+{row.GetValue(1)}");
            }
        }, TestContext.CancellationToken);
        await hub.SyncAsync();
        await ended.CancelAsync();
        await watching;
        Assert.AreEqual("d done s: 500", await StateAsync(hub));
        Assert.AreEqual("0+500, 400+0", string.Join(", ", seen.Append("0+500").Distinct().Order(StringComparer.Ordinal)));
    }

    /// <summary>A row whose newest version is refused stands with an older one, which the full does not hold. It is spared, and counts as spared although an increment frees it before the change-over commits.</summary>
    [TestMethod]
    public async Task A_row_that_is_mended_during_the_change_over_makes_no_counts_unequal()
    {
        await using var source = await FrontEnd.CreateAsync("sqlite");
        await using var target = await FrontEnd.CreateAsync("postgresql");
        using var hub = new TestHub();
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, Rows("r", 1, 6));
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)),
            TestHub.Resource("r", Table, "mode: cursor, column: at", items: new Dictionary<string, string> { ["amount"] = "rules: [ \"min 0\" ]" }), TestHub.Subscription("s", "r", "copy"));
        await hub.SyncAsync();
        await source.UpdateAsync(Table, ["r2"], ("amount", "-1.00"), ("at", "2026-07-02T08:00:00Z"));
        await source.DeleteAsync(Table, "r6");
        await hub.RunAsync(0, "notice", "r", "--reason", "e");

        // The change-over waits for a lock on the row that it removes, when it has seen what it spares.
        await using var holder = await target.Database.OpenAsync();
        await using var held = await holder.BeginTransactionAsync(TestContext.CancellationToken);
        await using (var hold = holder.CreateCommand())
        {
            hold.Transaction = held;
            hold.CommandText = "SELECT id FROM copy WHERE id = 'r6' FOR UPDATE";
            Assert.AreEqual("r6", await hold.ExecuteScalarAsync(TestContext.CancellationToken));
        }

        var changing = hub.RunProcessAsync("sync", "--all");
        await Probe.UntilAsync("the change-over waits", () => target.NumberAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"), waiting => waiting > 0);
        await source.UpdateAsync(Table, ["r2"], ("amount", "2.50"), ("at", "2026-07-03T08:00:00Z"));
        var increment = hub.RunProcessAsync("sync", "--all");
        await Probe.UntilAsync("the row is mended", () => source.NumberAsync("SELECT count(*) FROM t_error WHERE err_closed_batch IS NOT NULL"), closed => closed == 1);
        await held.RollbackAsync(TestContext.CancellationToken);

        foreach (var outcome in new[] { await changing, await increment }) Assert.IsTrue(outcome.Status is 0 or 3, $"{outcome.Status}\n{outcome.Out}\n{outcome.Error}");
        Assert.AreEqual("e done s: 5", await StateAsync(hub));
        CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Copy));
    }

    /// <summary>Killed in the middle of the re-organised full, of its mark and of the change-over.</summary>
    [TestMethod]
    [DataRow("Read", false)]
    [DataRow("Stage:2", true)]
    [DataRow("Mark", false)]
    [DataRow("Switch", true)]
    [DataRow("DeliverAfterCommit", false)]
    public async Task Killed_at_any_step_the_target_holds_the_old_state_or_the_new_one(string step, bool postgreSql)
    {
        await using var store = postgreSql ? await TestDatabase.CreateAsync("postgresql") : null;
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync(postgreSql ? "mysql" : "sqlite");
        using var hub = new TestHub { Store = store?.ConnectionString };
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, Rows("old-", 1, 10));
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, "mode: cursor, column: at", Business), TestHub.Subscription("s", "r", "copy"));
        await hub.SyncAsync();
        var before = await target.LinesAsync(Copy);
        await source.ExecuteAsync("DELETE FROM t");
        await source.InsertAsync(Table, Rows("new-", 1, 12, "2026-07-02"));
        await hub.RunAsync(0, "notice", "r", "--reason", "a");

        hub.Process.Environment["EXCHANGE_KILL_AT"] = step;
        Assert.AreEqual(128 + 9, (await hub.RunProcessAsync("sync", "--all")).Status, $"{step} was never reached");
        var left = await target.LinesAsync(Copy);
        if (step == "DeliverAfterCommit") Assert.HasCount(12, left);
        else CollectionAssert.AreEqual(before, left);
        await hub.SyncAsync();
        CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Copy));
        Assert.AreEqual("a done s: 12", await StateAsync(hub));
        var ledger = await target.Database.QueryAsync("SELECT batch FROM exchange_applied WHERE kind <> 'reset'");
        Assert.HasCount(ledger.Count, ledger.Select(entry => Convert.ToInt64(entry[0], System.Globalization.CultureInfo.InvariantCulture)).Distinct().ToList());
    }

    [TestMethod]
    public async Task A_full_that_was_begun_and_given_up_is_passed_over_by_those_who_wait_for_it()
    {
        await using var source = await FrontEnd.CreateAsync("sqlite");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = new TestHub();
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, Rows("a-", 1, 10));
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, "mode: snapshot", Business), TestHub.Subscription("s", "r", "copy"));
        await hub.SyncAsync();
        await hub.RunAsync(0, "notice", "r", "--reason", "e");
        hub.Process.Environment["EXCHANGE_KILL_AT"] = "Stage:2";
        Assert.AreEqual(128 + 9, (await hub.RunProcessAsync("sync", "--all")).Status);
        await source.DeleteAsync(Table, "a-4");
        await hub.RunAsync(0, "notice", "r", "--reason", "e", "--message", "begin anew");
        await hub.SyncAsync();
        CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Copy));
        Assert.AreEqual("e done s: 9", await StateAsync(hub));
    }

    [TestMethod]
    public async Task Content_off_standard_holds_a_running_hub_until_somebody_asks_again()
    {
        await using var source = await FrontEnd.CreateAsync("sqlite");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = new TestHub();
        var table = FrontTable.Of("t", "id", ("id", "int32"), ("kind", "string(2)"), ("amount", "decimal(12,2)"));
        var other = table with { Name = "other" };
        await source.CreateAsync(table);
        await source.CreateAsync(other);
        await source.InsertAsync(table, Enumerable.Range(1, 6).Select(id => new[] { $"{id}", "1", "1" }));
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), "kind: CodeSet\nmetadata: { name: kinds }\nspec: { codes: { \"1\": one } }\n",
            TestHub.Resource("r", table, "mode: changelog", "  maxErrorPercent: 20", new Dictionary<string, string> { ["kind"] = "codeSet: kinds", ["amount"] = "rules: [ \"min 0\" ]" }), TestHub.Subscription("s", "r", "copy"),
            TestHub.Resource("o", other, "mode: changelog"), TestHub.Subscription("os", "o", "other_copy"));
        await hub.SyncAsync();
        await source.ExecuteAsync("UPDATE t SET kind = '9' WHERE id < 5");
        var stopped = await hub.SyncAsync(1);
        Assert.AreEqual("provider.quality.limit", stopped["s"].GetProperty("errorCode").GetString());
        StringAssert.StartsWith(await StateAsync(hub), "c held");
        var runs = await RunsAsync();

        using (var running = hub.Process.Start(hub.WithHub(["run"])))
        {
            // It looks at all sources in turn: what comes through of another one tells that it has looked at this one.
            await source.InsertAsync(other, ["1", "1", "1"]);
            await Probe.UntilAsync("the other resource is delivered", async () => (await target.LinesAsync(other with { Name = "other_copy" })).Length, count => count == 1);
            running.Kill();
            await running.WaitForExitAsync(TestContext.CancellationToken);
        }

        Assert.AreEqual(runs, await RunsAsync(), "the running hub leaves a held source alone");
        await source.ExecuteAsync("UPDATE t SET kind = '1', amount = 2");
        var again = await hub.SyncAsync();
        Assert.AreEqual("full", again["s"].GetProperty("kind").GetString());
        CollectionAssert.AreEqual(await source.LinesAsync(table), await target.LinesAsync(table with { Name = "copy" }));
        Assert.AreEqual("c done s: 6", await StateAsync(hub));

        async Task<int> RunsAsync() => (await hub.GetAsync("run")).Count(run => run.GetProperty("resource").GetString() == "r" && run.GetProperty("subscription").ValueKind == JsonValueKind.Null);
    }

    [TestMethod]
    public async Task A_department_can_have_increments_held_and_take_its_word_back()
    {
        await using var source = await FrontEnd.CreateAsync("sqlite");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = new TestHub();
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, Rows("a-", 1, 5));
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, "mode: changelog"), TestHub.Subscription("s", "r", "copy"));
        await hub.SyncAsync();
        await hub.RunAsync(0, "notice", "r", "--reason", "e", "--hold", "--message", "upgrade tonight");
        await source.InsertAsync(Table, Rows("a-", 6, 1));
        await hub.SyncAsync(1);
        Assert.HasCount(5, await target.LinesAsync(Copy));
        await hub.RunAsync(0, "notice", "r", "--withdraw");
        Assert.AreEqual("incremental", (await hub.SyncAsync())["s"].GetProperty("kind").GetString());
        CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Copy));
        Assert.AreEqual("e withdrawn", await StateAsync(hub));
        var nothing = await hub.RunAsync(2, "notice", "r", "--withdraw");
        Assert.Contains("at fault: caller\n  next: `exchange get reorganisations r`", nothing.Error);
        Assert.Contains("code: hub.manifest.unknown", nothing.Error);
        await hub.RunAsync(2, "notice", "r");
        await hub.RunAsync(2, "notice", "r", "--reason", "x");
        await hub.RunAsync(2, "notice", "nobody", "--reason", "a");
    }

    [TestMethod]
    public async Task Rows_read_and_rows_accepted_are_of_the_same_reading()
    {
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = new TestHub();
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, Rows("a-", 1, 40));
        // More pages than are read as one piece: changes that wait are taken up after it.
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, "mode: changelog", "  batchRows: 1"), TestHub.Subscription("s", "r", "copy"));
        await hub.SyncAsync();
        await hub.RunAsync(0, "notice", "r", "--reason", "e");
        await source.UpdateAsync(Table, ["a-3"], ("amount", "3.33"));
        await source.InsertAsync(Table, Rows("a-", 41, 2));
        await hub.SyncAsync();
        var told = (await hub.GetAsync("reorganisations"))[0];
        Assert.IsGreaterThan(42, told.GetProperty("accepted").GetInt64(), "changes were taken up between the pages");
        Assert.AreEqual(told.GetProperty("accepted").GetInt64(), told.GetProperty("read").GetInt64());
    }

    /// <summary>A row whose key is changed in place, its old key gone with it, is an ordinary change.</summary>
    [TestMethod]
    public async Task Rows_that_move_to_other_keys_with_their_old_ones_gone_are_ordinary_changes()
    {
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = new TestHub();
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, Rows("a-", 1, 4));
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, "mode: changelog", "  businessKey: [doc]"), TestHub.Subscription("s", "r", "copy"));
        await hub.SyncAsync();
        await source.ExecuteAsync("UPDATE t SET id = 'b' || substr(id, 2)");
        var moved = await hub.SyncAsync();
        Assert.AreEqual("incremental", moved["s"].GetProperty("kind").GetString());
        CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Copy));

        await source.InsertAsync(Table, [["c-9", "D-1", "1", "2026-07-01T08:00:00Z"], .. Rows("c-", 10, 5)]);
        await hub.SyncAsync(3);
        Assert.HasCount(9, await target.LinesAsync(Copy), "one row that holds what another holds is an error row");
        var error = (await source.Database.QueryAsync("SELECT err_rule, id FROM t_error WHERE err_closed_batch IS NULL")).Single();
        Assert.AreEqual("business-key c-9", $"{error[0]} {error[1]}");
    }

    /// <summary>REASON STATE subscription: rows of the newest one.</summary>
    static async Task<string> StateAsync(TestHub hub)
    {
        var newest = (await hub.GetAsync("reorganisations"))[0];
        var switches = newest.GetProperty("switches").EnumerateArray().Where(target => target.GetProperty("switched").GetBoolean())
            .Select(target => $" {target.GetProperty("subscription").GetString()}: {target.GetProperty("rows").GetInt64()}");
        return $"{newest.GetProperty("reason").GetString()} {newest.GetProperty("state").GetString()}{string.Concat(switches)}";
    }
}
