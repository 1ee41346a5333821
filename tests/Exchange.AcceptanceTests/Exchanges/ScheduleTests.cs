using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Exchange.AcceptanceTests.Hubs;
using Exchange.TestSupport;

namespace Exchange.AcceptanceTests.Exchanges;

/// <summary>Running hubs that read sources by their schedules: several on one store, killed, and with manifests that change under them.</summary>
[TestClass]
public sealed class ScheduleTests
{
    static readonly FrontTable Table = FrontTable.Of("t", "id", ("id", "int32"), ("name", "string(20)"));

    static FrontTable Named(string name) => Table with { Name = name };

    static string Scheduled(string schedule, string subscription = "s", string copy = "copy") => TestHub.Subscription(subscription, "r", copy, more: $"  schedule: {{ {schedule} }}");

    [TestMethod]
    [DataRow("postgresql")]
    [DataRow("sqlite")]
    public async Task Each_fire_is_one_reading_of_one_of_two_hubs_and_goes_on_when_one_is_killed(string store)
    {
        await using var world = await World.CreateAsync(store);
        var hub = world.Hub;
        await hub.ApplyAsync(world.Connections, TestHub.Resource("r", Table, "mode: cursor, column: id"), Scheduled("incremental: \"0/2 * * * * ?\""));
        var one = await world.RunAsync();
        var other = await world.RunAsync();
        await Probe.UntilAsync("a fire", () => FiresAsync(hub), fires => fires >= 1);
        var first = await OneAsync(hub);
        await Probe.UntilAsync("five more", () => FiresAsync(hub), fires => fires >= 6);
        AssertEachFireOnce(first, await OneAsync(hub), await ReadingsAsync(hub));

        one.Kill();
        await one.WaitForExitAsync();
        // A reading that the killed hub was at is kept from others for 15 seconds; fires meanwhile join what waits.
        var killedAt = await FiresAsync(hub);
        await world.Source.InsertAsync(Table, ["7", "seven"]);
        await Probe.UntilAsync("a row that came after the kill", () => world.CopyAsync(), rows => rows.Contains("7|seven"));
        await Probe.UntilAsync("further fires", () => FiresAsync(hub), fires => fires >= killedAt + 3);
        var kept = await OneAsync(hub);
        AssertEachFireOnce(first, kept, await ReadingsAsync(hub));
        Assert.AreEqual($"{Environment.MachineName}/{other.Id}", kept.GetProperty("node").GetString(), "the hub that lives reads");
    }

    /// <summary>A fire every two seconds, none doubled: between two looks no more fires than such seconds, and no more readings than fires.</summary>
    static void AssertEachFireOnce(JsonElement first, JsonElement later, IReadOnlyList<JsonElement> readings)
    {
        var (from, to) = (first.GetProperty("last").GetDateTimeOffset(), later.GetProperty("last").GetDateTimeOffset());
        var (before, after) = (first.GetProperty("fires").GetInt64(), later.GetProperty("fires").GetInt64());
        Assert.IsLessThanOrEqualTo((long)(to - from).TotalSeconds / 2, after - before, $"fires between {from:O} and {to:O}");
        // One may have fired since the schedule was looked at.
        Assert.IsLessThanOrEqualTo(after + 1, readings.Count, "readings");
    }

    [TestMethod]
    [DataRow("Read:1")]
    [DataRow("Append:3")]
    [DataRow("Mark:1")]
    public async Task A_full_that_a_killed_hub_was_reading_is_gone_on_with_by_the_other_one(string step)
    {
        await using var world = await World.CreateAsync("postgresql");
        var hub = world.Hub;
        await world.Source.InsertAsync(Table, Enumerable.Range(10, 300).Select(id => new[] { $"{id}", "many" }));
        await hub.ApplyAsync(world.Connections, TestHub.Resource("r", Table, "mode: snapshot", "  batchRows: 50"));
        hub.Process.Environment["EXCHANGE_KILL_AT"] = step;
        var doomed = await world.RunAsync();
        hub.Process.Environment.Remove("EXCHANGE_KILL_AT");
        await hub.ApplyAsync(Scheduled($"full: \"{Soon()}\""));
        await doomed.WaitForExitAsync(world.Limit);
        Assert.AreEqual(137, doomed.ExitCode);
        var left = await ReadingsAsync(hub);
        Assert.HasCount(1, left);
        Assert.AreEqual("running", left[0].GetProperty("state").GetString());

        var heir = await world.RunAsync();
        var expected = await world.Source.LinesAsync(Table);
        await Probe.UntilAsync("the full at the target", () => world.CopyAsync(), rows => rows.SequenceEqual(expected));
        await Probe.UntilAsync("the end of the reading", () => OneAsync(hub), schedule => schedule.GetProperty("outcome").GetString() == "done");
        var schedule = await OneAsync(hub);
        Assert.AreEqual(1, schedule.GetProperty("fires").GetInt64());
        Assert.AreEqual(JsonValueKind.Null, schedule.GetProperty("next").ValueKind);
        Assert.AreEqual($"{Environment.MachineName}/{heir.Id}", schedule.GetProperty("node").GetString());
        // Past its mark the full was complete, and a snapshot source has no other reading.
        if (step == "Mark:1") return;
        var run = (await ReadingsAsync(hub)).Single();
        Assert.AreEqual(left[0].GetProperty("id").GetInt64(), run.GetProperty("id").GetInt64(), "the same run went on");
        Assert.AreEqual("done", run.GetProperty("state").GetString());
        Assert.AreEqual(302, run.GetProperty("read").GetInt64(), "no page was read twice but the one that was lost");
    }

    [TestMethod]
    [DataRow("sqlite")]
    [DataRow("postgresql")]
    public async Task A_changelog_source_with_an_increment_schedule_is_read_by_it_only_and_a_changed_schedule_holds_at_once(string store)
    {
        await using var world = await World.CreateAsync(store);
        var hub = world.Hub;
        await world.Source.CreateAsync(Named("u"));
        var live = TestHub.Resource("live", Named("u"), "mode: changelog") + TestHub.Subscription("live", "live", "live");
        var resource = TestHub.Resource("r", Table, "mode: changelog");
        await hub.ApplyAsync(world.Connections, resource + live, Scheduled("incremental: \"0 0 3 1 1 ?\""));
        await hub.SyncAsync();
        await world.RunAsync();

        await world.Source.InsertAsync(Table, ["3", "three"]);
        await world.Source.InsertAsync(Named("u"), ["1", "live"]);
        await Probe.UntilAsync("the source without a schedule, in real time", () => world.Target.LinesAsync(Named("live")), rows => rows.Length == 1);
        await world.Source.InsertAsync(Named("u"), ["2", "live"]);
        await Probe.UntilAsync("the source without a schedule once more", () => world.Target.LinesAsync(Named("live")), rows => rows.Length == 2);
        CollectionAssert.DoesNotContain(await world.CopyAsync(), "3|three", "a scheduled source was read in real time");

        await hub.ApplyAsync(Scheduled("incremental: \"* * * * * ?\", timeZone: Asia/Shanghai"));
        await Probe.UntilAsync("the new schedule, without a restart", () => world.CopyAsync(), rows => rows.Contains("3|three"));
        var schedule = await OneAsync(hub);
        Assert.AreEqual("* * * * * ?", schedule.GetProperty("cron").GetString());
        Assert.AreEqual("Asia/Shanghai", schedule.GetProperty("timeZone").GetString());

        await hub.ApplyAsync(TestHub.Subscription("s", "r", "copy"));
        await world.Source.InsertAsync(Table, ["4", "four"]);
        await Probe.UntilAsync("real time, now that no schedule is left", () => world.CopyAsync(), rows => rows.Contains("4|four"));
        Assert.IsEmpty(await hub.GetAsync("schedules"));
    }

    [TestMethod]
    public async Task A_source_that_does_not_answer_at_its_time_is_tried_again_and_its_light_and_schedule_say_how_it_stands()
    {
        await using var world = await World.CreateAsync("sqlite");
        var hub = world.Hub;
        await hub.ApplyAsync(world.Connections, TestHub.Resource("r", Table, "mode: snapshot", "  class: b"));
        await world.Source.ExecuteAsync("ALTER TABLE t RENAME TO away");
        await world.RunAsync();
        await hub.ApplyAsync(Scheduled($"incremental: \"{Soon()}\""));
        await Probe.UntilAsync("the reading that failed", () => OneAsync(hub), schedule => schedule.GetProperty("outcome").GetString() == "held");
        var light = (await hub.GetAsync("lights")).First(light => light.GetProperty("kind").GetString() == "resource");
        Assert.AreEqual("green", light.GetProperty("light").GetString(), "applied less than a day ago");
        Assert.AreEqual("frontend.object.missing", light.GetProperty("hold").GetString());

        await world.Source.ExecuteAsync("ALTER TABLE away RENAME TO t");
        await Probe.UntilAsync("the source once it was there again, without another fire", () => world.CopyAsync(), rows => rows.Length == 2);
        await Probe.UntilAsync("its outcome", () => OneAsync(hub), schedule => schedule.GetProperty("outcome").GetString() == "done");
        Assert.AreEqual(1, await FiresAsync(hub));
    }

    /// <summary>One moment in a few seconds, and never again: what is read later was not asked for by another fire.</summary>
    static string Soon() => DateTimeOffset.UtcNow.AddSeconds(12).ToString("s m H d M '?' yyyy", CultureInfo.InvariantCulture);

    static async Task<JsonElement> OneAsync(TestHub hub) => (await hub.GetAsync("schedules")).Single();

    static async Task<long> FiresAsync(TestHub hub) => (await OneAsync(hub)).GetProperty("fires").GetInt64();

    static async Task<IReadOnlyList<JsonElement>> ReadingsAsync(TestHub hub) => [.. (await hub.GetAsync("runs")).Where(run => run.GetProperty("subscription").ValueKind == JsonValueKind.Null)];

    /// <summary>A hub between two SQLite databases, and its running processes.</summary>
    sealed class World(FrontEnd source, FrontEnd target, TestDatabase? store) : IAsyncDisposable
    {
        readonly List<Process> _running = [];
        readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(2));

        public FrontEnd Source => source;

        public FrontEnd Target => target;

        public CancellationToken Limit => _limit.Token;

        public TestHub Hub { get; } = new() { Store = store?.ConnectionString };

        public string Connections => TestHub.Connections(("source", source), ("target", target));

        /// <param name="engine">Of the hub's store.</param>
        public static async Task<World> CreateAsync(string engine)
        {
            var world = new World(await FrontEnd.CreateAsync("sqlite"), await FrontEnd.CreateAsync("sqlite"), engine == "postgresql" ? await TestDatabase.CreateAsync("postgresql") : null);
            await world.Source.CreateAsync(Table);
            await world.Source.InsertAsync(Table, ["1", "one"], ["2", "two"]);
            return world;
        }

        /// <summary>Starts a hub and waits until it runs; it ends with the test at the latest.</summary>
        public async Task<Process> RunAsync()
        {
            var process = Hub.Process.Start(Hub.WithHub(["run"]));
            _running.Add(process);
            string? line;
            do line = await process.StandardError.ReadLineAsync(Limit);
            while (line is not null && !line.StartsWith("the hub runs", StringComparison.Ordinal));
            Assert.IsNotNull(line, "the hub ended at once");
            // Unread, a full pipe would stop it.
            _ = process.StandardError.ReadToEndAsync();
            _ = process.StandardOutput.ReadToEndAsync();
            return process;
        }

        public async Task<string[]> CopyAsync() =>
            await target.NumberAsync("SELECT count(*) FROM sqlite_master WHERE name = 'copy'") == 0 ? [] : await target.LinesAsync(Named("copy"));

        public async ValueTask DisposeAsync()
        {
            foreach (var process in _running)
            {
                if (!process.HasExited) process.Kill();
                await process.WaitForExitAsync();
                process.Dispose();
            }

            _limit.Dispose();
            Hub.Dispose();
            await source.DisposeAsync();
            await target.DisposeAsync();
            if (store is not null) await store.DisposeAsync();
        }
    }
}
