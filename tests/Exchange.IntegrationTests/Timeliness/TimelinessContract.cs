using Exchange.Bus.Runs;
using Exchange.Bus.Timeliness;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Operations;
using Exchange.IntegrationTests.Storage;
using Exchange.Storage;

namespace Exchange.IntegrationTests.Timeliness;

/// <summary>Lights and statistics on every store, under a clock that the test moves (it begins at 2026-07-01 08:00 UTC, a Wednesday).</summary>
public abstract class TimelinessContract
{
    public TestContext TestContext { get; set; } = null!;

    protected abstract StoreEngine Engine { get; }

    CancellationToken Cancel => TestContext.CancellationToken;

    [TestMethod]
    public async Task A_missed_day_makes_class_b_yellow_then_red_and_class_e_follows_after_seven_days()
    {
        await using var hub = await HubAsync();
        await hub.ReadAsync("daily");
        await hub.ReadAsync("weekly");
        Assert.AreEqual("daily green, weekly green, classless none", await hub.LightsAsync());
        hub.Pass(days: 1, minutes: 1);
        Assert.AreEqual("daily yellow, weekly green, classless none", await hub.LightsAsync());
        hub.Pass(days: 1);
        Assert.AreEqual("daily red, weekly green, classless none", await hub.LightsAsync());
        hub.Pass(days: 5);
        Assert.AreEqual("daily red, weekly yellow, classless none", await hub.LightsAsync());
        hub.Pass(days: 1);
        Assert.AreEqual("daily red, weekly red, classless none", await hub.LightsAsync());
        // A run that finds nothing is an exchange; one that fails is none.
        await hub.ReadAsync("daily", RunState.Failed);
        await hub.ReadAsync("weekly");
        Assert.AreEqual("daily red, weekly green, classless none", await hub.LightsAsync());
    }

    [TestMethod]
    public async Task What_was_never_read_counts_from_when_it_was_applied_and_applying_it_again_makes_it_no_younger()
    {
        await using var hub = await HubAsync();
        Assert.AreEqual("daily green, weekly green, classless none", await hub.LightsAsync());
        await hub.LookAsync();
        hub.Pass(days: 1, minutes: 1);
        await hub.ApplyAsync("title: changed, ");
        Assert.AreEqual("daily yellow, weekly green, classless none", await hub.LightsAsync());
        var view = await hub.OneAsync("daily");
        Assert.IsNull(view.LastSuccess);
        Assert.IsNotNull(view.Class);
    }

    [TestMethod]
    public async Task A_light_says_since_when_what_holds_it_and_how_it_will_be()
    {
        await using var hub = await HubAsync();
        var read = hub.Now;
        await hub.ReadAsync("daily");
        await hub.HoldAsync("daily");
        hub.Pass(days: 1, minutes: 5);
        var light = await hub.OneAsync("daily");
        Assert.AreEqual((Light.Yellow, read.AddDays(1), "frontend.object.missing"), (light.Light, light.Since, light.Hold!.Code));
        Assert.AreEqual("Put it back.", LightAdvice.Of(light));
        Assert.AreEqual(Light.Red, (await hub.OneAsync("daily", hub.Now.AddDays(2))).Light, "as it will be if nothing comes");
        Assert.AreEqual(Light.Yellow, (await hub.OneAsync("weekly", hub.Now.AddDays(6))).Light);
    }

    [TestMethod]
    public async Task A_subscription_is_as_late_as_the_oldest_thing_that_waits_for_it()
    {
        await using var hub = await HubAsync();
        Assert.AreEqual(Light.Green, (await hub.OneAsync("to-centre")).Light);
        await hub.ReadAsync("daily");
        await hub.AppendAsync("daily");
        await hub.DeliveredAsync("to-centre", applied: 1);
        var upToDate = hub.Now;
        hub.Pass(days: 0, minutes: 60);
        await hub.ReadAsync("daily"); // found nothing: the subscription is as fresh as its resource
        Assert.AreEqual(hub.Now, (await hub.OneAsync("to-centre")).LastSuccess);
        await hub.AppendAsync("daily");
        var waits = hub.Now;
        for (var day = 0; day < 2; day++)
        {
            hub.Pass(days: 1);
            await hub.ReadAsync("daily");
        }

        var late = await hub.OneAsync("to-centre", hub.Now.AddMinutes(1));
        Assert.AreEqual((Light.Red, waits), (late.Light, late.LastSuccess), "its resource is read each day, but nothing was delivered since");
        StringAssert.Contains(LightAdvice.Of(late), "exchange sync to-centre");
        await hub.DeliveredAsync("to-centre", applied: 2);
        Assert.AreEqual(Light.Green, (await hub.OneAsync("to-centre")).Light);
        Assert.IsGreaterThan(upToDate, (await hub.OneAsync("to-centre")).LastSuccess!.Value);
    }

    [TestMethod]
    public async Task A_held_subscription_with_nothing_that_waits_grows_late_all_the_same()
    {
        await using var hub = await HubAsync();
        await hub.ReadAsync("daily");
        await hub.AppendAsync("daily");
        await hub.DeliveredAsync("to-centre", applied: 1, held: true);
        var held = hub.Now;
        hub.Pass(days: 1, minutes: 1);
        await hub.ReadAsync("daily");
        var light = await hub.OneAsync("to-centre");
        Assert.AreEqual((Light.Yellow, held), (light.Light, light.LastSuccess));
    }

    [TestMethod]
    public async Task A_change_of_a_light_is_told_once_by_all_nodes_with_what_to_do()
    {
        await using var hub = await HubAsync();
        await hub.ReadAsync("daily");
        await hub.LookAsync();
        Assert.IsEmpty(hub.Told);
        hub.Pass(days: 1, minutes: 1);
        await hub.LookAsync();
        await hub.LookAsync();
        await hub.LookAsync(anotherNode: true);
        Assert.AreEqual("Warning resource daily yellow; Warning subscription to-centre yellow", string.Join("; ", hub.TakeTold()));
        hub.Pass(days: 1);
        await hub.LookAsync(anotherNode: true);
        await hub.LookAsync();
        Assert.AreEqual("Warning resource daily red; Warning subscription to-centre red", string.Join("; ", hub.TakeTold()));
        await hub.ReadAsync("daily");
        await hub.LookAsync();
        Assert.AreEqual("Warning resource daily green", string.Join("; ", hub.TakeTold()));
    }

    [TestMethod]
    public async Task A_record_of_a_clock_that_was_years_ahead_keeps_no_light_green()
    {
        await using var hub = await HubAsync();
        var now = hub.Now;
        hub.Pass(days: 2_000);
        await hub.ReadAsync("daily");
        Assert.AreEqual(Light.Yellow, (await hub.OneAsync("daily", now.AddDays(1).AddMinutes(1), now)).Light);
    }

    [TestMethod]
    public async Task After_the_first_run_of_scenario_S2_volume_accuracy_and_timeliness_are_as_it_says()
    {
        await using var hub = await HubAsync();
        await hub.ReadAsync("daily", read: 12, rejected: 4);
        var s2 = await hub.StatisticsAsync("daily");
        Assert.AreEqual((12L, 66.67m, 100m, 1L), (s2.Volume, s2.AccuracyPercent, s2.TimelinessPercent, s2.Runs));
        hub.Pass(minutes: 60);
        await hub.ReadAsync("daily", read: 4, rejected: 0);
        Assert.AreEqual((16L, 75m, 100m), ((await hub.StatisticsAsync("daily")).Volume, (await hub.StatisticsAsync("daily")).AccuracyPercent, (await hub.StatisticsAsync("daily")).TimelinessPercent));
    }

    [TestMethod]
    public async Task Timeliness_counts_the_days_that_were_due()
    {
        await using var hub = await HubAsync();
        Assert.AreEqual(((decimal?)null, (decimal?)null, 0), Of(await hub.StatisticsAsync("daily")), "nothing was due yet, nothing was read");
        // Wednesday afternoon without, Thursday with, Friday without, Saturday twice; Sunday goes on.
        hub.Pass(days: 1);
        await hub.ReadAsync("daily", read: 10, rejected: 1);
        hub.Pass(days: 2);
        await hub.ReadAsync("daily", read: 0);
        hub.Pass(minutes: 60);
        await hub.ReadAsync("daily", read: 0);
        hub.Pass(days: 1);
        Assert.AreEqual((66.67m, 90m, 3), Of(await hub.StatisticsAsync("daily")));
        await hub.ReadAsync("daily", RunState.Failed, read: 5, rejected: 0);
        Assert.AreEqual((66.67m, 93.33m, 3), Of(await hub.StatisticsAsync("daily")), "a run that failed is not in time; what it read is volume");
        Assert.AreEqual((100m, 100m, 1), Of(await hub.StatisticsAsync("daily", period: TimeSpan.FromDays(1))), "only Saturday was due since then");
        Assert.AreEqual(((decimal?)null, (decimal?)null, 0), Of(await hub.StatisticsAsync("classless")));

        static (decimal? Timeliness, decimal? Accuracy, int Due) Of(StatisticsView view) => (view.TimelinessPercent, view.AccuracyPercent, view.Due);
    }

    [TestMethod]
    public async Task A_source_that_is_watched_and_quiet_is_read_for_the_record_four_times_a_day()
    {
        await using var hub = await HubAsync();
        var quiet = hub.Get<QuietSources>();
        await hub.ReadAsync("daily", now: true);
        Assert.IsFalse(await quiet.AreDueAsync("daily", Cancel));
        Assert.IsTrue(await quiet.AreDueAsync("weekly", Cancel), "never read");
        Assert.IsFalse(await quiet.AreDueAsync("weekly", Cancel), "not asked again at once");
    }

    [TestMethod]
    public async Task Wrong_questions_are_refused()
    {
        await using var hub = await HubAsync();
        var timeliness = hub.Get<ITimeliness>();
        Assert.AreEqual(ErrorCodes.ResourceUnknown, (await Assert.ThrowsExactlyAsync<ExchangeException>(() => timeliness.StatisticsAsync("nobody", TimeSpan.FromDays(1), Cancel))).Code);
        Assert.AreEqual(Party.Caller, (await Assert.ThrowsExactlyAsync<ExchangeException>(() => timeliness.StatisticsAsync(null, TimeSpan.FromDays(367), Cancel))).Party);
        Assert.AreEqual(Party.Caller, (await Assert.ThrowsExactlyAsync<ExchangeException>(() => timeliness.LightsAsync(DateTimeOffset.UnixEpoch, Cancel))).Party);
    }

    async Task<TimelinessHub> HubAsync() => await TimelinessHub.CreateAsync(await StoreFixture.CreateAsync(Engine), Cancel);
}

[TestClass]
public sealed class PostgreSqlTimelinessTests : TimelinessContract
{
    protected override StoreEngine Engine => StoreEngine.PostgreSql;
}

[TestClass]
public sealed class SqliteTimelinessTests : TimelinessContract
{
    protected override StoreEngine Engine => StoreEngine.Sqlite;
}
