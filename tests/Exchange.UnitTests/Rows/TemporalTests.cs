using Exchange.Contracts.Rows;

namespace Exchange.UnitTests.Rows;

[TestClass]
public sealed class TemporalTests
{
    [TestMethod]
    [DataRow("0001-01-01")]
    [DataRow("1582-10-15")]
    [DataRow("1900-02-28")]
    [DataRow("1970-01-01")]
    [DataRow("2000-02-29")]
    [DataRow("2100-03-01")]
    [DataRow("9999-12-31")]
    public void A_far_date_reads_as_a_near_one_does(string text) =>
        Assert.AreEqual(text, Temporal.FarDateText(Temporal.Days(DateOnly.ParseExact(text, "yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture))));

    [TestMethod]
    public void Dates_beyond_the_calendar_have_their_years()
    {
        Assert.AreEqual("10000-01-01", Temporal.FarDateText(Temporal.LargestDay + 1));
        Assert.AreEqual("20000-01-01", Temporal.FarDateText(6_585_322));
        Assert.AreEqual("0000-12-31", Temporal.FarDateText(Temporal.SmallestDay - 1));
    }

    [TestMethod]
    public void Every_day_of_four_centuries_agrees()
    {
        for (var day = DateOnly.Parse("1900-01-01", System.Globalization.CultureInfo.InvariantCulture); day.Year < 2300; day = day.AddDays(1))
            Assert.AreEqual(Temporal.DateText(Temporal.Days(day)), Temporal.FarDateText(Temporal.Days(day)));
    }
}
