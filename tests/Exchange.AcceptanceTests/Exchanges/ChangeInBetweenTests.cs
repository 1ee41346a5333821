using Exchange.AcceptanceTests.Hubs;

namespace Exchange.AcceptanceTests.Exchanges;

/// <summary>What a department does between two steps of the hub must reach the target all the same.</summary>
[TestClass]
public sealed class ChangeInBetweenTests
{
    static readonly FrontTable Table = FrontTable.Of("t", "id", ("id", "int64"), ("name", "string(10)"), ("day", "date"));

    static readonly FrontTable Copy = Table with { Name = "copy" };

    [TestMethod]
    public async Task A_table_that_is_truncated_while_a_full_reads_it_stands_at_the_target_as_it_is_then()
    {
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = await HubAsync(source, target, "mode: changelog", "  batchRows: 1");
        await source.InsertAsync(Table, Rows(1, 3));
        await KilledAsync(hub, "Append:2");

        await source.ExecuteAsync("TRUNCATE t");
        await source.InsertAsync(Table, Rows(11, 25)); // enough pages for the full to look at the change log between two
        await hub.SyncAsync();
        await EqualAsync(source, target);
    }

    [TestMethod]
    public async Task Changes_that_no_trigger_saw_while_a_full_lay_still_are_read()
    {
        await using var source = await FrontEnd.CreateAsync("sqlite");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = await HubAsync(source, target, "mode: changelog", "  batchRows: 1");
        await source.InsertAsync(Table, Rows(1, 5));
        await KilledAsync(hub, "Append:2");

        await source.ExecuteAsync("DROP TRIGGER exchange_u_t");
        await source.UpdateAsync(Table, ["1"], ("name", "changed"));
        await hub.SyncAsync();
        await EqualAsync(source, target);
    }

    [TestMethod]
    public async Task More_changes_than_a_source_is_asked_for_at_once_are_taken_up()
    {
        await using var source = await FrontEnd.CreateAsync("sqlite");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = await HubAsync(source, target, "mode: changelog", "  batchRows: 50000");
        await hub.SyncAsync();

        await source.ExecuteAsync("WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 20001) INSERT INTO t SELECT id, 'name', '2026-07-01' FROM n");
        var taken = (await hub.SyncAsync())["s"];
        Assert.AreEqual(20_001, taken.GetProperty("accepted").GetInt32());
        await EqualAsync(source, target);
    }

    [TestMethod]
    [DynamicData(nameof(FrontEnd.Each), typeof(FrontEnd))]
    public async Task A_number_that_was_taken_early_and_written_late_is_not_passed_over(string engine)
    {
        await using var source = await FrontEnd.CreateAsync(engine);
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = await HubAsync(source, target, "mode: cursor, column: id");
        await source.InsertAsync(Table, Rows(1, 2));
        await hub.SyncAsync();
        await source.InsertAsync(Table, Rows(200_010, 200_011));
        await hub.SyncAsync();
        await hub.SyncAsync();

        await source.InsertAsync(Table, Rows(5, 5));
        await source.InsertAsync(Table, Rows(200_009, 200_009));
        await hub.SyncAsync();
        await EqualAsync(source, target);
        Assert.AreEqual(0, (await hub.SyncAsync())["s"].GetProperty("read").GetInt32(), "nothing is taken up twice");
    }

    [TestMethod]
    public async Task A_row_that_is_set_back_after_a_kill_is_set_back_at_the_target()
    {
        await using var source = await FrontEnd.CreateAsync("sqlite");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = await HubAsync(source, target, "mode: cursor, column: day");
        await source.InsertAsync(Table, Rows(1, 3));
        await hub.SyncAsync();
        await hub.SyncAsync();

        await source.UpdateAsync(Table, ["2"], ("name", "wrong"));
        await KilledAsync(hub, "Append");
        await source.UpdateAsync(Table, ["2"], ("name", "name 2"));
        await hub.SyncAsync();
        await EqualAsync(source, target);
    }

    [TestMethod]
    public async Task What_waited_in_a_change_log_that_a_resource_leaves_is_read()
    {
        await using var source = await FrontEnd.CreateAsync("sqlite");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = new TestHub();
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, Rows(1, 3));
        var (one, other) = (TestHub.Resource("a", Table, "mode: changelog"), TestHub.Resource("b", Table, "mode: changelog }, errors: { table: b_error"));
        await hub.ApplyAsync(Connections(source, target), one, other, TestHub.Subscription("first", "a", "copy_a"), TestHub.Subscription("s", "b", "copy"));
        await hub.SyncAsync();

        await source.UpdateAsync(Table, ["2"], ("name", "changed"));
        await hub.SyncAsync(0, "first");
        hub.Process.Write("only-b.yaml", string.Join("---\n", Connections(source, target), other, TestHub.Subscription("s", "b", "copy")));
        await hub.RunAsync(0, "apply", "--prune", "-f", Path.Combine(hub.Process.Folder, "only-b.yaml"));
        await hub.SyncAsync();
        await EqualAsync(source, target);
    }

    [TestMethod]
    public async Task One_full_heals_a_target_whose_ledger_is_of_another_log()
    {
        await using var source = await FrontEnd.CreateAsync("sqlite");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using (var before = await HubAsync(source, target, "mode: snapshot"))
        {
            await source.InsertAsync(Table, Rows(1, 40));
            await before.SyncAsync();
        }

        await source.UpdateAsync(Table, ["3"], ("name", "changed"));
        using var hub = new TestHub();
        await ApplyAsync(hub, source, target, "mode: snapshot", "  batchRows: 1"); // a full that is still read when the target is looked at
        var held = (await hub.SyncAsync(1))["s"];
        Assert.AreEqual("subscriber.ledger.mismatch", held.GetProperty("errorCode").GetString());

        await source.DeleteAsync(Table, "2");
        await hub.SyncAsync(0, "--full");
        await EqualAsync(source, target);
    }

    [TestMethod]
    public async Task A_new_hub_with_the_same_rows_fills_another_table()
    {
        await using var source = await FrontEnd.CreateAsync("sqlite");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using (var before = await HubAsync(source, target, "mode: snapshot"))
        {
            await source.InsertAsync(Table, Rows(1, 3));
            await before.SyncAsync();
        }

        using var hub = new TestHub();
        await hub.ApplyAsync(Connections(source, target), TestHub.Resource("r", Table, "mode: snapshot"), TestHub.Subscription("s", "r", "another"));
        await hub.SyncAsync();
        CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Table with { Name = "another" }));
    }

    static IEnumerable<string[]> Rows(int first, int last) => Enumerable.Range(first, last - first + 1).Select(id => new[] { $"{id}", $"name {id % 1000}", "2026-07-01" });

    static string Connections(FrontEnd source, FrontEnd target) => TestHub.Connections(("source", source), ("target", target));

    static async Task<TestHub> HubAsync(FrontEnd source, FrontEnd target, string mode, string more = "")
    {
        await source.CreateAsync(Table);
        var hub = new TestHub();
        await ApplyAsync(hub, source, target, mode, more);
        return hub;
    }

    static Task ApplyAsync(TestHub hub, FrontEnd source, FrontEnd target, string mode, string more = "") =>
        hub.ApplyAsync(Connections(source, target), TestHub.Resource("r", Table, mode, more), TestHub.Subscription("s", "r", "copy"));

    static async Task KilledAsync(TestHub hub, string step)
    {
        hub.Process.Environment["EXCHANGE_KILL_AT"] = step;
        var outcome = await hub.RunProcessAsync("sync", "--all");
        Assert.AreEqual(128 + 9, outcome.Status, $"{outcome.Out}\n{outcome.Error}");
    }

    static async Task EqualAsync(FrontEnd source, FrontEnd target) => CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Copy));
}
