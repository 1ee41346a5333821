using Exchange.Bus.Intake;
using Exchange.Contracts.Rows;

namespace Exchange.UnitTests.Intake;

/// <summary>Which rows of a full are remembered, because the first increment after it reads them again.</summary>
[TestClass]
public sealed class OverlapTests
{
    static readonly TimeSpan Lateness = TimeSpan.FromMinutes(10);
    static readonly DateTimeOffset Now = new(2026, 7, 31, 12, 0, 0, TimeSpan.Zero);

    [TestMethod]
    public void Rows_near_a_greatest_value_much_older_than_the_clock_are_remembered()
    {
        var greatest = Now.AddDays(-20);
        var start = new TrackPass("2026-07-11T12:00:00Z", Now, null, null) { GreatestAt = greatest };
        Assert.IsTrue(IsAbove(start, greatest));
        Assert.IsTrue(IsAbove(start, greatest - Lateness));
        Assert.IsFalse(IsAbove(start, greatest - (3 * Lateness)));
    }

    [TestMethod]
    public void Rows_near_the_clock_are_remembered_even_if_a_wrong_year_is_greater()
    {
        var start = new TrackPass("2099-01-01T00:00:00Z", Now, null, null) { GreatestAt = new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero) };
        Assert.IsTrue(IsAbove(start, Now - Lateness));
        Assert.IsFalse(IsAbove(start, Now.AddDays(-1)));
    }

    [TestMethod]
    public void Batches_of_the_greatest_ones_day_and_of_the_day_before_are_remembered()
    {
        var start = new TrackPass("2026080100005", Now, null, null);
        var batches = Column.Create("cd_batch", new ItemType(ItemKind.String, 32), 1);
        foreach (var batch in new[] { "2026080100001", "2026073100009", "2026073000009" }) ((BytesColumn)batches).Append(System.Text.Encoding.UTF8.GetBytes(batch));
        CollectionAssert.AreEqual(new[] { true, true, false }, Enumerable.Range(0, 3).Select(row => TrackedReader.IsAbove(batches, row, start, Lateness)).ToArray());
    }

    [TestMethod]
    [DataRow("2026030100001", "20260228")]
    [DataRow("2026030100001-甲", "20260228")]
    [DataRow("20260301", "20260301")] // no run's number
    [DataRow("2026130100001", "2026130100001")]
    [DataRow("0001010100001", "0001010100001")]
    [DataRow("batch 7", "batch 7")]
    [DataRow("", "")]
    public void The_day_before_a_batch_is_its_date_s(string batch, string expected) => Assert.AreEqual(expected, Exchange.Contracts.FrontEnd.BatchNumber.DayBefore(batch));

    static bool IsAbove(TrackPass start, DateTimeOffset value)
    {
        var column = (LongColumn)Column.Create("updated_at", new ItemType(ItemKind.Timestamp), 1);
        column.Append(Temporal.Microseconds(value));
        return TrackedReader.IsAbove(column, 0, start, Lateness);
    }
}
