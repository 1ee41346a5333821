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

    static bool IsAbove(TrackPass start, DateTimeOffset value)
    {
        var column = (LongColumn)Column.Create("updated_at", new ItemType(ItemKind.Timestamp), 1);
        column.Append(Temporal.Microseconds(value));
        return TrackedReader.IsAbove(column, 0, start, Lateness);
    }
}
