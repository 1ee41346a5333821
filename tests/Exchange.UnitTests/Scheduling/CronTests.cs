using System.Globalization;
using Exchange.Bus.Catalogue.Schema;
using Exchange.Bus.Scheduling;
using FsCheck.Fluent;
using Quartz;

namespace Exchange.UnitTests.Scheduling;

/// <summary>Cron expressions mean here what they mean to Quartz, and what is wrong with one is said so that it can be mended.</summary>
[TestClass]
public sealed class CronTests
{
    [TestMethod]
    [DataRow("0 0/5 * * * ?")]
    [DataRow("0 0 2 ? * SUN")]
    [DataRow("0 15 10 L * ? 2027")]
    [DataRow("0 0 12 1/5 * ?")]
    [DataRow("0 11 11 11 NOV ?")]
    [DataRow("0 15 10 ? * FRIL")]
    [DataRow("0,30 0-10/2 8-18 ? jan-mar 6#3")]
    [DataRow("0 0 0 15W * ?")]
    [DataRow("0 0 0 L-3,1W * ?")]
    [DataRow("0 0 2 * * *")]
    [DataRow("0 0 2 ? * ?")]
    [DataRow("0 0 2 1 * MON")]
    [DataRow("0 0 22-2 ? * FRI-MON")]
    [DataRow("0 0 2 ? * MON/2")]
    [DataRow("0 H H(0-5) * * ?")]
    [DataRow("@daily")]
    [DataRow("@HOURLY")]
    [DataRow(" 0  0\t2 * * ? ")]
    public void Expressions_of_Quartz_are_taken(string text) => Assert.IsNull(CronSyntax.Problem(text));

    [TestMethod]
    [DataRow("", "has 0")]
    [DataRow("*/5 * * * *", "has 5; every five minutes is 0 0/5 * * * ?")]
    [DataRow("0 0 2 * * ? * *", "has 8")]
    [DataRow("60 0 2 * * ?", "'60' is no seconds of a cron expression: values are from 0 to 59")]
    [DataRow("0 0 25 * * ?", "'25' is no hours of a cron expression: values are from 0 to 23")]
    [DataRow("0 0 2 32 * ?", "'32' is no day of month")]
    [DataRow("0 0 2 ? * 8", "'8' is no day of week of a cron expression: values are from 1 to 7, or SUN MON TUE WED THU FRI SAT")]
    [DataRow("0 0 2 ? * 0", "'0' is no day of week")]
    [DataRow("0 0 2 ? FOO SUN", "'FOO' is no month of a cron expression: values are from 1 to 12, or JAN FEB")]
    [DataRow("0 0/0 2 * * ?", "a step is from 1 to 59")]
    [DataRow("0 0 0-23/25 * * ?", "a step is from 1 to 23")]
    [DataRow("0 0 2 * * ? 1900", "'1900' is no year")]
    [DataRow("0 ; 2 * * ?", "';' is no minutes of a cron expression: expected *, a value, a range a-b or a step a/b")]
    [DataRow("? 0 2 * * ?", "? stands only for a day")]
    [DataRow("0 0 2 ? * MON#6", "between 1 and 5 must follow the '#'")]
    [DataRow("0 0 2 1-5W * ?", "cannot follow a range")]
    [DataRow("0 0 2 ? * MON,FRI#3", "cannot appear beside other days")]
    [DataRow("0 H(0-99) 2 * * ?", "exceeds field bounds")]
    [DataRow("@reboot", "a scheduler has no reboot")]
    [DataRow("@fortnightly", "@daily")]
    [DataRow("０ 0 2 * * ?", "'０' is no seconds")]
    public void Other_texts_are_refused_with_the_cure(string text, string says) => StringAssert.Contains(CronSyntax.Problem(text) ?? "(taken)", says);

    [TestMethod]
    public void A_text_that_no_person_writes_is_refused_for_its_length() => StringAssert.Contains(CronSyntax.Problem($"0 {string.Join(',', Enumerable.Repeat(0, 1_000))} 2 * * ?"), "characters");

    [TestMethod]
    public void Whatever_Quartz_takes_is_taken_and_nothing_else()
    {
        var parts = Gen.Elements("*", "?", "0", "5", "12", "29", "60", "L", "LW", "15W", "1-5", "22-2", "*/7", "3/5", "0-10/3", "H", "H/4", "MON", "FRI#2", "6L", "JAN", "DEC-FEB", "2030", "1,2,30", "x", "-1", "", "?/2", "L-3", "5C");
        var texts = Gen.ListOf(parts, 6).Select(fields => string.Join(' ', fields)).Or(Gen.ListOf(parts, 7).Select(fields => string.Join(' ', fields)));
        FsCheck.Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(3_000), Prop.ForAll(texts.ToArbitrary(), text => CronExpression.TryParseWithHash(text, "key", out _) == (CronSyntax.Problem(text) is null)));
    }

    [TestMethod]
    public void A_day_that_never_comes_is_found()
    {
        Assert.IsFalse(Cron.EverFires("0 0 0 31 2 ?"));
        Assert.IsFalse(Cron.EverFires("0 0 0 29 2 ? 2099"));
        Assert.IsTrue(Cron.EverFires("0 0 0 29 2 ?"));
        Assert.IsTrue(Cron.EverFires("0 0 0 1 1 ? 2020"), "a manifest stays well-formed when its year has passed");
    }

    [TestMethod]
    public void Hashed_fields_are_the_same_for_the_same_schedule_and_spread_over_others()
    {
        Assert.AreEqual(Cron.Parse("0 H 2 * * ?", "s/Full", "UTC").Text, Cron.Parse("0 H 2 * * ?", "s/Full", "UTC").Text);
        Assert.IsGreaterThan(20, Enumerable.Range(0, 100).Select(number => Cron.Parse("0 H 2 * * ?", $"s{number}", "UTC").Text).Distinct().Count());
    }

    [TestMethod]
    // Berlin: clocks go from 02:00 to 03:00 on 2026-03-29 (01:00 UTC) and from 03:00 back to 02:00 on 2026-10-25 (01:00 UTC).
    [DataRow("0 30 2 * * ?", "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-29T01:00Z 2026-03-30T00:30Z", DisplayName = "a fixed time that the clocks skip is met once, when they moved")]
    [DataRow("0 30 2 * * ?", "Europe/Berlin", "2026-10-24T12:00Z", "2026-10-25T00:30Z 2026-10-26T01:30Z", DisplayName = "a fixed time that comes twice is met once, at its first")]
    [DataRow("0 0,30 2 * * ?", "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-29T01:00Z 2026-03-30T00:00Z", DisplayName = "several fixed times that are skipped are met once together")]
    [DataRow("0 0/30 * * * ?", "Europe/Berlin", "2026-10-24T23:45Z", "2026-10-25T00:00Z 2026-10-25T00:30Z 2026-10-25T01:00Z 2026-10-25T01:30Z 2026-10-25T02:00Z", DisplayName = "an interval goes on through both passes of an hour")]
    [DataRow("0 0/30 * * * ?", "Europe/Berlin", "2026-03-29T00:15Z", "2026-03-29T00:30Z 2026-03-29T01:00Z 2026-03-29T01:30Z", DisplayName = "an interval goes on over a gap")]
    [DataRow("0 0 2 * * ?", "Asia/Shanghai", "2026-07-01T00:00Z", "2026-07-01T18:00Z 2026-07-02T18:00Z", DisplayName = "a zone without daylight saving")]
    [DataRow("0 0 2 * * ?", "UTC", "2026-07-01T00:00Z", "2026-07-01T02:00Z 2026-07-02T02:00Z", DisplayName = "UTC")]
    public void Times_follow_the_clocks_of_the_zone(string text, string zone, string after, string expected)
    {
        var cron = Cron.Parse(text, "", zone);
        var moment = DateTimeOffset.Parse(after, CultureInfo.InvariantCulture);
        var met = new List<string>();
        foreach (var _ in expected.Split(' '))
        {
            moment = cron.After(moment)!.Value;
            met.Add(moment.ToString("yyyy-MM-dd'T'HH:mm'Z'", CultureInfo.InvariantCulture));
        }

        Assert.AreEqual(expected, string.Join(' ', met));
    }
}
