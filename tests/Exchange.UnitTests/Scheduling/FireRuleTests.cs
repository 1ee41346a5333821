using System.Globalization;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Scheduling;

namespace Exchange.UnitTests.Scheduling;

/// <summary>What a schedule does at a moment: fires, fires that were missed, clocks that are set back.</summary>
[TestClass]
public sealed class FireRuleTests
{
    const string EachFiveMinutes = "0 0/5 * * * ?", Nightly = "0 0 2 * * ?";

    [TestMethod]
    public void A_schedule_waits_until_its_time_and_fires_for_it()
    {
        Expect(FireAction.Wait, "02:00", Entry(ReadKind.Full, Nightly, next: "02:00"), now: "01:59:59.999");
        Expect(FireAction.Fire, "2 02:00", Entry(ReadKind.Full, Nightly, next: "02:00"), now: "02:00");
        Expect(FireAction.Fire, "2 02:00", Entry(ReadKind.Full, Nightly, next: "02:00"), now: "02:01");
    }

    [TestMethod]
    public void However_many_fires_were_missed_an_increment_is_made_up_for_once() =>
        Expect(FireAction.Fire, "3 09:15", Entry(ReadKind.Incremental, EachFiveMinutes, next: "02:00"), now: "3 09:12");

    [TestMethod]
    public void A_missed_full_is_made_up_for_unless_its_next_fire_is_near()
    {
        Expect(FireAction.Fire, "2 02:00", Entry(ReadKind.Full, Nightly, next: "02:00"), now: "09:00");
        Expect(FireAction.Fire, "2 02:00", Entry(ReadKind.Full, Nightly, next: "02:00"), now: "2 00:59:59");
        Expect(FireAction.Miss, "2 02:00", Entry(ReadKind.Full, Nightly, next: "02:00"), now: "2 01:00");
        Expect(FireAction.Miss, "3 02:00", Entry(ReadKind.Full, Nightly, next: "02:00"), now: "3 01:30");
        Expect(FireAction.Fire, null, Entry(ReadKind.Full, "0 0 2 1 7 ? 2026", next: "02:00"), now: "3 09:00");
    }

    [TestMethod]
    public void A_schedule_says_what_is_made_up_for()
    {
        Expect(FireAction.Fire, "09:15", Entry(ReadKind.Incremental, EachFiveMinutes, next: "02:00", MisfirePolicy.Incremental), now: "09:12");
        Expect(FireAction.Miss, "2 02:00", Entry(ReadKind.Full, Nightly, next: "02:00", MisfirePolicy.Incremental), now: "09:12");
        Expect(FireAction.Miss, "09:15", Entry(ReadKind.Incremental, EachFiveMinutes, next: "02:00", MisfirePolicy.Skip), now: "09:12");
        Expect(FireAction.Miss, "2 02:00", Entry(ReadKind.Full, Nightly, next: "02:00", MisfirePolicy.Skip), now: "09:12");
        // Late is not missed.
        Expect(FireAction.Fire, "2 02:00", Entry(ReadKind.Full, Nightly, next: "02:00", MisfirePolicy.Skip), now: "02:00:59");
    }

    [TestMethod]
    public void A_clock_that_is_set_back_a_little_makes_no_fire_twice() =>
        Expect(FireAction.Wait, "02:05", Entry(ReadKind.Incremental, EachFiveMinutes, next: "02:05") with { NoticedAt = At("02:00:00.1") }, now: "01:59:30");

    [TestMethod]
    public void A_clock_that_is_set_back_far_stops_no_schedule()
    {
        var fired = Entry(ReadKind.Incremental, EachFiveMinutes, next: "02:05") with { Last = At("02:00"), NoticedAt = At("02:00:00.1") };
        Expect(FireAction.Reset, "00:35", fired, now: "00:33");
        // Once begun anew it waits for that time.
        Expect(FireAction.Wait, "00:35", fired with { Next = At("00:35") }, now: "00:34");
        Expect(FireAction.Fire, "00:40", fired with { Next = At("00:35") }, now: "00:35");
    }

    [TestMethod]
    public void After_a_time_that_was_made_up_for_a_clock_that_is_set_back_is_noticed_too()
    {
        var madeUp = Entry(ReadKind.Incremental, EachFiveMinutes, next: "3 09:15") with { Last = At("02:00"), NoticedAt = At("3 09:12") };
        Expect(FireAction.Wait, "3 09:15", madeUp, now: "3 09:13");
        Expect(FireAction.Reset, "3 08:05", madeUp, now: "3 08:01");
    }

    [TestMethod]
    public void A_schedule_that_has_never_fired_follows_a_clock_that_is_set_back() =>
        Expect(FireAction.Reset, "01:00", Entry(ReadKind.Incremental, "0 0 * * * ?", next: "05:00"), now: "00:30");

    [TestMethod]
    public void A_schedule_whose_last_time_has_passed_rests()
    {
        var rests = Entry(ReadKind.Full, "0 0 2 1 7 ? 2026", next: null) with { NoticedAt = At("02:00") };
        Expect(FireAction.Wait, null, rests, now: "5 02:00");
        Expect(FireAction.Reset, "02:00", rests, now: "01:30");
    }

    [TestMethod]
    public void A_day_on_a_clock_that_is_set_back_each_hour_fires_no_more_than_that_clock_shows()
    {
        // A minute forward at a time, ten minutes back each hour: what the clock shows is what fires, once each time it shows it.
        var (entry, shown, fires) = (Entry(ReadKind.Incremental, EachFiveMinutes, next: "00:05"), 0, 0);
        var cron = Cron.Parse(EachFiveMinutes, "", "UTC");
        for (var (minute, now) = (1, At("00:00")); minute <= 24 * 60; minute++)
        {
            now = minute % 60 == 0 ? now.AddMinutes(-10) : now.AddMinutes(1);
            if (minute % 60 != 0 && now.Minute % 5 == 0) shown++;
            var decision = FireRule.Decide(entry, cron, now);
            if (decision.Action == FireAction.Fire) fires++;
            entry = entry with { Next = decision.Next, NoticedAt = decision.Action == FireAction.Fire ? now : entry.NoticedAt };
        }

        Assert.IsGreaterThan(200, fires);
        Assert.IsLessThanOrEqualTo(shown, fires);
    }

    static void Expect(FireAction action, string? next, ScheduleEntry entry, string now)
    {
        var decision = FireRule.Decide(entry, Cron.Parse(entry.Definition.Expression, "", entry.Definition.Zone), At(now));
        Assert.AreEqual((action, next is null ? null : At(next)), (decision.Action, decision.Next), $"next {entry.Next:u}, now {now}");
    }

    static ScheduleEntry Entry(ReadKind kind, string cron, string? next, MisfirePolicy misfire = MisfirePolicy.Once) => new()
    {
        Definition = new ScheduleDefinition { Key = new ScheduleKey("s", kind), Resource = "r", Cron = cron, Expression = cron, Zone = "UTC", Misfire = misfire },
        Next = next is null ? null : At(next),
    };

    /// <summary>A time of July 2026, `day time`; without a day the first.</summary>
    static DateTimeOffset At(string text) =>
        DateTimeOffset.Parse($"2026-07-{(text.Contains(' ', StringComparison.Ordinal) ? "0" + text.Replace(" ", "T", StringComparison.Ordinal) : "01T" + text)}Z", CultureInfo.InvariantCulture);
}
