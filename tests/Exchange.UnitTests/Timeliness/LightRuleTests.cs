using System.Globalization;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Timeliness;

namespace Exchange.UnitTests.Timeliness;

/// <summary>Frequency classes of DB23/T 2835 §7.2.2 (X-13 to X-17) and scenario S2: a missed day makes class b yellow then red, class e only after seven days.</summary>
[TestClass]
public sealed class LightRuleTests
{
    static readonly DateTimeOffset Last = new(2026, 7, 1, 9, 0, 0, TimeSpan.Zero);

    [TestMethod]
    [DataRow("A", 1)]
    [DataRow("B", 1)]
    [DataRow("C", 1)]
    [DataRow("D", 1)]
    [DataRow("E", 7)]
    public void A_light_turns_yellow_past_the_longest_gap_of_its_class_and_red_a_day_later(string name, int days)
    {
        var frequency = Enum.Parse<FrequencyClass>(name);
        Assert.AreEqual((Light.Green, Last), LightRule.Of(frequency, Last, Last.AddDays(days)));
        Assert.AreEqual((Light.Yellow, Last.AddDays(days)), LightRule.Of(frequency, Last, Last.AddDays(days).AddSeconds(1)));
        Assert.AreEqual((Light.Yellow, Last.AddDays(days)), LightRule.Of(frequency, Last, Last.AddDays(days + 1)));
        Assert.AreEqual((Light.Red, Last.AddDays(days + 1)), LightRule.Of(frequency, Last, Last.AddDays(days + 1).AddSeconds(1)));
        Assert.AreEqual((Light.Red, Last.AddDays(days + 1)), LightRule.Of(frequency, Last, Last.AddYears(1)));
    }

    [TestMethod]
    public void Without_a_class_there_is_no_light() => Assert.AreEqual((Light.None, Last), LightRule.Of(null, Last, Last.AddYears(1)));

    [TestMethod]
    public void Days_are_those_of_the_zone_and_the_one_that_goes_on_is_not_whole()
    {
        // Shanghai is eight hours ahead: 2026-07-01 begins there at 16:00 UTC the day before.
        Assert.AreEqual("06-29T16 whole, 06-30T16 whole, 07-01T16 part", Intervals(FrequencyClass.B, "Asia/Shanghai", from: "2026-06-29T16:00Z", known: "2026-01-01T00:00Z", now: "2026-07-02T01:00Z"));
        // Applied in the afternoon: that day is not whole either.
        Assert.AreEqual("06-30T16 part, 07-01T16 part", Intervals(FrequencyClass.B, "Asia/Shanghai", from: "2026-06-01T16:00Z", known: "2026-07-01T08:00Z", now: "2026-07-02T01:00Z"));
    }

    [TestMethod]
    public void Weeks_begin_on_Mondays()
    {
        // 2026-07-01 is a Wednesday.
        Assert.AreEqual("06-29T00 whole, 07-06T00 part", Intervals(FrequencyClass.E, "UTC", from: "2026-07-01T00:00Z", known: "2026-01-01T00:00Z", now: "2026-07-08T00:00Z"));
        Assert.AreEqual("06-29T00 part, 07-06T00 part", Intervals(FrequencyClass.E, "UTC", from: "2026-07-01T00:00Z", known: "2026-07-05T23:00Z", now: "2026-07-08T00:00Z"));
    }

    [TestMethod]
    public void Days_on_which_clocks_move_are_shorter_and_longer()
    {
        Assert.AreEqual("03-28T23 whole, 03-29T22 whole, 03-30T22 part", Intervals(FrequencyClass.A, "Europe/Berlin", from: "2026-03-28T23:00Z", known: "2026-01-01T00:00Z", now: "2026-03-30T22:30Z"));
        Assert.AreEqual("10-24T22 whole, 10-25T23 part", Intervals(FrequencyClass.A, "Europe/Berlin", from: "2026-10-24T22:00Z", known: "2026-01-01T00:00Z", now: "2026-10-25T23:30Z"));
        // Beirut moves its clocks at midnight: that day begins at one.
        Assert.AreEqual(new DateTimeOffset(2026, 3, 28, 22, 0, 0, TimeSpan.Zero), DueIntervals.Midnight(new DateOnly(2026, 3, 29), TimeZoneInfo.FindSystemTimeZoneById("Asia/Beirut")));
    }

    static string Intervals(FrequencyClass frequency, string zone, string from, string known, string now) => string.Join(", ", DueIntervals
        .Of(frequency, TimeZoneInfo.FindSystemTimeZoneById(zone), At(from), At(known), At(now))
        .Select(interval => $"{interval.Begins.ToString("MM-dd'T'HH", CultureInfo.InvariantCulture)} {(interval.Whole ? "whole" : "part")}"));

    static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
