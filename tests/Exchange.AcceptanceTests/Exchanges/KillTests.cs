using Exchange.AcceptanceTests.Hubs;
using Exchange.Bus.Intake;
using Exchange.TestSupport;

namespace Exchange.AcceptanceTests.Exchanges;

/// <summary>
/// kill -9 right after each step of an exchange, in a full, in an increment and in a re-organised full; the next run must end with the target equal to the source, every error
/// with its provider once, and each batch in the ledger once. Walks the steps as the program lists them, one case a step; <see cref="KillMatrixTests"/> walks all of them.
/// </summary>
[TestClass]
public sealed class KillTests
{
    const int Killed = 128 + 9;

    static readonly FrontTable Table = FrontTable.Of("t", "id", ("id", "int32"), ("name", "string(10)"), ("amount", "decimal(12,2)"));

    static readonly Dictionary<string, string> Rules = new() { ["amount"] = "rules: [ \"min 0\" ]", ["name"] = "required: true" };

    static readonly string[] Modes = ["changelog", "snapshot", "wal"];

    static readonly string[] Steps = Attachments.AttachmentSteps.Others;

    public static IEnumerable<object[]> Cases => Steps
        .Select((step, at) => new object[] { step, step == nameof(ExchangeStep.Acknowledge) ? Modes[0] : Modes[at % Modes.Length] });

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public async Task Killed_after_a_step_and_started_again_nothing_is_lost_or_doubled(string step, string mode)
    {
        // Turn and turn about, so that steps meet both stores and all engines while the run stays short.
        var at = Steps.ToList().IndexOf(step);
        var even = at / Modes.Length % 2 == 0;
        await using var store = at % 2 == 0 ? await TestDatabase.CreateAsync("postgresql") : null;
        await using var source = await FrontEnd.CreateAsync(even || mode == "wal" ? "postgresql" : "mysql");
        await using var target = await FrontEnd.CreateAsync(even ? "sqlite" : "postgresql");
        using var hub = new TestHub { Store = store?.ConnectionString };
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, Enumerable.Range(1, 10).Select(id => new[] { $"{id}", id == 4 ? "" : $"name {id}", id is 4 or 8 ? "-1" : "1.50" }));
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, $"mode: {mode}", "  batchRows: 3", Rules), TestHub.Subscription("s", "r", "copy"));

        var kills = await KilledAsync(hub, step);
        await hub.SyncAsync(-1);
        await EqualAsync(source, target, "id NOT IN (4, 8)", "after the full", ("4", 2), ("8", 1));

        await source.UpdateAsync(Table, ["8"], ("amount", "8.00"));
        await source.UpdateAsync(Table, ["2"], ("amount", "-2.00"));
        await source.UpdateAsync(Table, ["5"], ("id", "50"), ("name", "five"));
        await source.DeleteAsync(Table, "1");
        await source.InsertAsync(Table, ["11", "eleven", "11"], ["12", "twelve", "-12"]);
        kills += await KilledAsync(hub, step);
        await hub.SyncAsync(-1);
        // The last good version of row 2 stays.
        await EqualAsync(source, target, "id NOT IN (2, 4, 12)", "after the changes", ("2", 1), ("4", 2), ("12", 1));

        await hub.RunAsync(0, "notice", "r", "--reason", "e");
        kills += await KilledAsync(hub, step);
        await hub.SyncAsync(-1);
        await EqualAsync(source, target, "id NOT IN (2, 4, 12)", "after the full was re-organised", ("2", 1), ("4", 2), ("12", 1));
        Assert.IsGreaterThan(0, kills, $"step {step} was never reached");

        var ledger = await target.Database.QueryAsync("SELECT batch, digest FROM exchange_applied WHERE kind <> 'reset' ORDER BY batch");
        Assert.HasCount(ledger.Count, ledger.DistinctBy(entry => entry[0]).ToList());
        var log = (await hub.GetAsync("batch", "r")).Where(batch => batch.GetProperty("state").GetString() == "visible")
            .ToDictionary(batch => batch.GetProperty("number").GetInt64(), batch => batch.GetProperty("digest").GetString());
        foreach (var entry in ledger) Assert.AreEqual(log[Convert.ToInt64(entry[0], System.Globalization.CultureInfo.InvariantCulture)], entry[1]);
        Assert.HasCount(log.Count, ledger, "batches applied");
        if (mode == "wal") await hub.RunAsync(0, "capture", "remove", "r");
        Assert.IsFalse((await hub.GetAsync("run")).Any(run => run.GetProperty("state").GetString() == "running"), "a run that was killed is still said to be running");
    }

    static async Task<int> KilledAsync(TestHub hub, string step)
    {
        hub.Process.Environment["EXCHANGE_KILL_AT"] = step;
        var outcome = await hub.RunProcessAsync("sync", "--all");
        Assert.IsTrue(outcome.Status is Killed or 0 or 3, $"{outcome.Status}\n{outcome.Out}\n{outcome.Error}");
        return outcome.Status == Killed ? 1 : 0;
    }

    static async Task EqualAsync(FrontEnd source, FrontEnd target, string good, string when, params (string Id, int Errors)[] open)
    {
        var expected = (await source.LinesAsync(Table, $"WHERE {good}")).ToList();
        if (open.Any(row => row.Id == "2")) expected.Add("2|name 2|1.5");
        CollectionAssert.AreEqual(expected.Order(StringComparer.Ordinal).ToList(), await target.LinesAsync(Table with { Name = "copy" }), when);
        var errors = await source.Database.QueryAsync("SELECT id, count(*) FROM t_error WHERE err_closed_batch IS NULL GROUP BY id");
        CollectionAssert.AreEquivalent(open.Select(row => $"{row.Id}: {row.Errors}").ToList(), errors.Select(row => $"{row[0]}: {row[1]}").ToList(), $"errors {when}");
    }
}
