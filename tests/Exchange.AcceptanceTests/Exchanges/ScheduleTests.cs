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
        var one = world.Run();
        var other = world.Run();
        await Probe.UntilAsync("five fires", () => FiresAsync(hub), fires => fires >= 5);
        AssertEachFireOnce(await OneAsync(hub), await ReadingsAsync(hub));

        one.Kill();
        await one.WaitForExitAsync();
        // A reading that the killed hub was at is kept from others for 15 seconds; fires meanwhile join what waits.
        var killedAt = await FiresAsync(hub);
        await world.Source.InsertAsync(Table, ["7", "seven"]);
        await Probe.UntilAsync("a row that came after the kill", () => world.CopyAsync(), rows => rows.Contains("7|seven"));
        await Probe.UntilAsync("further fires", () => FiresAsync(hub), fires => fires >= killedAt + 3);
        AssertEachFireOnce(await OneAsync(hub), await ReadingsAsync(hub));
        var kept = await OneAsync(hub);
        Assert.AreEqual($"{Environment.MachineName}/{other.Id}", kept.GetProperty("node").GetString(), "the hub that lives reads");
    }

    /// <summary>A fire every two seconds, none doubled: no more fires than such seconds, no more readings than fires.</summary>
    static void AssertEachFireOnce(JsonElement schedule, IReadOnlyList<JsonElement> readings)
    {
        var first = readings.Min(run => run.GetProperty("started").GetDateTimeOffset());
        var last = schedule.GetProperty("last").GetDateTimeOffset();
        var seconds = (long)Math.Ceiling((last - first).TotalSeconds) + 2;
        var fires = schedule.GetProperty("fires").GetInt64();
        Assert.IsLessThanOrEqualTo(seconds / 2 + 1, fires, $"fires between {first:O} and {last:O}");
        Assert.IsLessThanOrEqualTo(fires + 1, readings.Count, "readings (one may have begun since the schedule was looked at)");
    }

    [TestMethod]
    public async Task A_full_that_a_killed_hub_was_reading_is_gone_on_with_by_the_other_one()
    {
        await using var world = await World.CreateAsync("postgresql");
        var hub = world.Hub;
        await world.Source.InsertAsync(Table, Enumerable.Range(10, 300).Select(id => new[] { $"{id}", "many" }));
        // One moment, and never again: what is read after the kill was not asked for by another fire.
        var moment = DateTimeOffset.UtcNow.AddSeconds(15);
        await hub.ApplyAsync(world.Connections, TestHub.Resource("r", Table, "mode: snapshot", "  batchRows: 50"), Scheduled($"full: \"{moment.ToString("s m H d M '?' yyyy", CultureInfo.InvariantCulture)}\""));
        hub.Process.Environment["EXCHANGE_KILL_AT"] = "Append:3";
        var doomed = world.Run();
        hub.Process.Environment.Remove("EXCHANGE_KILL_AT");
        await doomed.WaitForExitAsync(world.Limit);
        Assert.AreEqual(137, doomed.ExitCode);
        var left = await ReadingsAsync(hub);
        Assert.HasCount(1, left);
        Assert.AreEqual("running", left[0].GetProperty("state").GetString());

        var heir = world.Run();
        var expected = await world.Source.LinesAsync(Table);
        await Probe.UntilAsync("the full at the target", () => world.CopyAsync(), rows => rows.SequenceEqual(expected));
        await Probe.UntilAsync("the end of the reading", () => OneAsync(hub), schedule => schedule.GetProperty("outcome").GetString() == "done");
        var schedule = await OneAsync(hub);
        Assert.AreEqual(1, schedule.GetProperty("fires").GetInt64());
        Assert.AreEqual(JsonValueKind.Null, schedule.GetProperty("next").ValueKind);
        Assert.AreEqual($"{Environment.MachineName}/{heir.Id}", schedule.GetProperty("node").GetString());
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
        world.Run();

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
        var moment = DateTimeOffset.UtcNow.AddSeconds(8);
        await hub.ApplyAsync(world.Connections, TestHub.Resource("r", Table, "mode: snapshot", "  class: b"), Scheduled($"incremental: \"{moment.ToString("s m H d M '?' yyyy", CultureInfo.InvariantCulture)}\""));
        await world.Source.ExecuteAsync("ALTER TABLE t RENAME TO away");
        world.Run();
        await Probe.UntilAsync("the reading that failed", () => OneAsync(hub), schedule => schedule.GetProperty("outcome").GetString() == "held");
        var light = (await hub.GetAsync("lights")).First(light => light.GetProperty("kind").GetString() == "resource");
        Assert.AreEqual("green", light.GetProperty("light").GetString(), "applied less than a day ago");
        Assert.AreEqual("frontend.object.missing", light.GetProperty("hold").GetString());

        await world.Source.ExecuteAsync("ALTER TABLE away RENAME TO t");
        await Probe.UntilAsync("the source once it was there again, without another fire", () => world.CopyAsync(), rows => rows.Length == 2);
        await Probe.UntilAsync("its outcome", () => OneAsync(hub), schedule => schedule.GetProperty("outcome").GetString() == "done");
        Assert.AreEqual(1, await FiresAsync(hub));
    }

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

        /// <summary>Starts a hub; it ends with the test at the latest.</summary>
        public Process Run()
        {
            var process = Hub.Process.Start(Hub.WithHub(["run"]));
            _running.Add(process);
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
