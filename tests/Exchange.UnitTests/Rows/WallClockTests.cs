using System.Globalization;
using Exchange.Contracts.Rows;

namespace Exchange.UnitTests.Rows;

[TestClass]
public sealed class WallClockTests
{
    [TestMethod]
    [DataRow("Asia/Shanghai", "1900-01-01T00:00:00", "1899-12-31T15:54:17Z", DisplayName = "local mean time")]
    [DataRow("Asia/Shanghai", "1901-01-01T00:00:00", "1900-12-31T16:00:00Z")]
    [DataRow("Asia/Shanghai", "1940-07-01T12:00:00", "1940-07-01T03:00:00Z", DisplayName = "summer time of the 1940s")]
    [DataRow("Asia/Shanghai", "1947-07-01T12:00:00", "1947-07-01T03:00:00Z")]
    [DataRow("Asia/Shanghai", "1950-01-01T00:00:00", "1949-12-31T16:00:00Z")]
    [DataRow("Asia/Shanghai", "1986-07-01T12:00:00", "1986-07-01T03:00:00Z", DisplayName = "summer time of 1986 to 1991")]
    [DataRow("Asia/Shanghai", "1991-07-01T12:00:00", "1991-07-01T03:00:00Z")]
    [DataRow("Asia/Shanghai", "1992-07-01T12:00:00", "1992-07-01T04:00:00Z")]
    [DataRow("China Standard Time", "1900-01-01T00:00:00", "1899-12-31T15:54:17Z", DisplayName = "Windows' name")]
    [DataRow("Asia/Ho_Chi_Minh", "1900-01-01T00:00:00", "1899-12-31T16:53:30Z")]
    [DataRow("Europe/Amsterdam", "1930-01-01T00:00:00", "1929-12-31T23:40:28Z")]
    [DataRow("Europe/Amsterdam", "1930-07-01T00:00:00", "1930-06-30T22:40:28Z")]
    [DataRow("Africa/Monrovia", "1972-01-01T00:00:00", "1972-01-01T00:44:30Z")]
    [DataRow("Africa/Monrovia", "1973-01-01T00:00:00", "1973-01-01T00:00:00Z")]
    [DataRow("America/New_York", "1972-12-31T23:59:59.999999", "1973-01-01T04:59:59.999999Z", DisplayName = "the border: local before, instant behind")]
    [DataRow("Asia/Tokyo", "1973-01-01T00:00:00", "1972-12-31T15:00:00Z", DisplayName = "the border: local behind, instant before")]
    [DataRow("UTC", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z")]
    [DataRow("UTC", "9999-12-31T23:59:59.999999", "9999-12-31T23:59:59.999999Z")]
    [DataRow("Etc/GMT-8", "1900-01-01T00:00:00", "1899-12-31T16:00:00Z", DisplayName = "a zone without any change")]
    public void A_local_time_is_one_instant_and_back(string zoneName, string local, string instant)
    {
        var zone = Zone(zoneName);
        Assert.AreEqual(1, WallClock.Instants(Micros(local), zone, out var earlier, out var later));
        Assert.AreEqual(instant, Temporal.TimestampText(earlier));
        Assert.AreEqual(earlier, later);
        Assert.AreEqual(earlier, WallClock.First(Micros(local), zone));
        Assert.AreEqual(earlier, WallClock.Standard(Micros(local), zone));
        Assert.AreEqual(Micros(local), earlier + WallClock.Offset(earlier, zone));
    }

    [TestMethod]
    [DataRow("Asia/Shanghai", "1940-06-01T00:30:00", "1940-05-31T16:00:00Z")]
    [DataRow("Europe/Amsterdam", "1937-07-01T00:00:05", "1937-06-30T22:40:28Z", DisplayName = "28 seconds, to be rid of the seconds")]
    [DataRow("Asia/Manila", "1844-12-31T12:00:00", "1844-12-31T15:56:08Z", DisplayName = "a day")]
    [DataRow("Asia/Shanghai", "1986-05-04T02:30:00", "1986-05-03T18:00:00Z")]
    [DataRow("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:00:00Z")]
    public void A_local_time_that_the_clock_passed_over_is_no_instant(string zone, string local, string next)
    {
        Assert.AreEqual(0, WallClock.Instants(Micros(local), Zone(zone), out var earlier, out var later));
        Assert.AreEqual(Micros(local), earlier);
        Assert.AreEqual(Micros(local), later);
        Assert.AreEqual(next, Temporal.TimestampText(WallClock.First(Micros(local), Zone(zone))));
    }

    [TestMethod]
    [DataRow("Asia/Shanghai", "1900-12-31T23:57:00", "1900-12-31T15:51:17Z", "1900-12-31T15:57:00Z", DisplayName = "the end of local mean time")]
    [DataRow("Asia/Shanghai", "1940-10-12T23:30:00", "1940-10-12T14:30:00Z", "1940-10-12T15:30:00Z")]
    [DataRow("Asia/Shanghai", "1986-09-14T01:30:00", "1986-09-13T16:30:00Z", "1986-09-13T17:30:00Z")]
    [DataRow("Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")]
    public void A_local_time_that_the_clock_showed_twice_is_two_instants(string zone, string local, string first, string second)
    {
        Assert.AreEqual(2, WallClock.Instants(Micros(local), Zone(zone), out var earlier, out var later));
        Assert.AreEqual(first, Temporal.TimestampText(earlier));
        Assert.AreEqual(second, Temporal.TimestampText(later));
        Assert.AreEqual(earlier, WallClock.First(Micros(local), Zone(zone)));
        Assert.AreEqual(later, WallClock.Standard(Micros(local), Zone(zone)));
    }

    [TestMethod]
    public void Every_instant_is_among_those_of_its_local_time()
    {
        var random = new Random(20_260_701);
        var zones = TimeZoneInfo.GetSystemTimeZones();
        var (from, to) = (Micros("1840-01-01T00:00:00"), Micros("2060-01-01T00:00:00"));
        for (var at = 0; at < 100_000; at++)
        {
            var (zone, instant) = (zones[random.Next(zones.Count)], random.NextInt64(from, to));
            var local = instant + WallClock.Offset(instant, zone);
            var count = WallClock.Instants(local, zone, out var earlier, out var later);
            Assert.IsTrue(count is 1 or 2 && (instant == earlier || instant == later), $"{zone.Id} {Temporal.TimestampText(instant)}: {count} {Temporal.TimestampText(earlier)} {Temporal.TimestampText(later)}");
        }
    }

    [TestMethod]
    public void Zones_stand_at_whole_minutes_since_1973_as_TimeZoneInfo_says()
    {
        // Else the border in WallClock would have to move.
        foreach (var zone in TimeZoneInfo.GetSystemTimeZones())
        {
            if (ZoneHistory.Of(zone) is not { } history) continue;
            for (var at = Micros("1973-01-01T00:00:00"); at < Micros("2026-01-01T00:00:00"); at += 7 * Temporal.DayMicroseconds)
                Assert.AreEqual(zone.GetUtcOffset(Temporal.Instant(at)).Ticks / TimeSpan.TicksPerMicrosecond, history.Offset(at), $"{zone.Id} {Temporal.TimestampText(at)}");
        }
    }

    [TestMethod]
    public void A_zone_without_a_file_is_as_TimeZoneInfo_has_it()
    {
        var zone = TimeZoneInfo.CreateCustomTimeZone("Of our own", TimeSpan.FromHours(3), null, null);
        Assert.AreEqual(1, WallClock.Instants(Micros("1900-01-01T00:00:00"), zone, out var earlier, out _));
        Assert.AreEqual("1899-12-31T21:00:00Z", Temporal.TimestampText(earlier));
        Assert.AreEqual(earlier, WallClock.Standard(Micros("1900-01-01T00:00:00"), zone));
        Assert.AreEqual(Micros("1900-01-01T00:00:00"), earlier + WallClock.Offset(earlier, zone));
    }

    static TimeZoneInfo Zone(string name) => TimeZoneInfo.FindSystemTimeZoneById(name);

    static long Micros(string local) => Temporal.Microseconds(DateTimeOffset.Parse(local, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal));
}
