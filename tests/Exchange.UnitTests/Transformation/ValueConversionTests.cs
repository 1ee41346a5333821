using Exchange.Bus.Transformation.Conversion;
using Exchange.Contracts.Rows;

namespace Exchange.UnitTests.Transformation;

[TestClass]
public sealed class ValueConversionTests
{
    [TestMethod]
    [DataRow("int64", "2147483647", "int32", null, "2147483647")]
    [DataRow("int64", "2147483648", "int32", null, "! range")]
    [DataRow("int64", "1", "boolean", null, "true")]
    [DataRow("int64", "2", "boolean", null, "! type")]
    [DataRow("boolean", "true", "int32", null, "1")]
    [DataRow("int64", "12", "decimal(4,2)", null, "12")]
    [DataRow("int64", "123", "decimal(4,2)", null, "! range")]
    [DataRow("int64", "9007199254740993", "double", null, "! range")]
    [DataRow("int64", "-12", "string(3)", null, "-12")]
    [DataRow("int64", "-123", "string(3)", null, "! length")]
    [DataRow("decimal(10,2)", "1.50", "decimal(4,1)", null, "1.5")]
    [DataRow("decimal(10,2)", "1.55", "decimal(4,1)", null, "! range")]
    [DataRow("decimal(10,2)", "7.00", "int32", null, "7")]
    [DataRow("decimal(10,2)", "7.01", "int32", null, "! type")]
    [DataRow("decimal(10,2)", "0.1", "double", null, "0.1")]
    [DataRow("double", "0.25", "decimal(3,2)", null, "0.25")]
    [DataRow("double", "1e300", "decimal(28,0)", null, "! range")]
    [DataRow("double", "1e300", "text", null, "1E+300")]
    [DataRow("string(9)", "示例😀", "string(3)", null, "示例😀")]
    [DataRow("string(9)", "示例😀x", "string(3)", null, "! length")]
    [DataRow("text", "", "string(1)", null, "")]
    [DataRow("text", "007", "int32", null, "7")]
    [DataRow("text", "7 ", "int32", null, "! type")]
    [DataRow("text", "99999999999999999999", "int64", null, "! range")]
    [DataRow("text", "", "int32", null, "! type")]
    [DataRow("text", "1.5", "decimal(3,1)", null, "1.5")]
    [DataRow("text", "1e5", "decimal(10,1)", null, "! type")]
    [DataRow("text", "1.00000000000000000000000000001", "decimal(28,1)", null, "! range")]
    [DataRow("text", "NaN", "double", null, "! type")]
    [DataRow("text", "1e400", "double", null, "! range")]
    [DataRow("text", "true", "boolean", null, "true")]
    [DataRow("text", "yes", "boolean", null, "! type")]
    [DataRow("text", "2024-02-29", "date", null, "2024-02-29")]
    [DataRow("text", "2023-02-29", "date", null, "! type")]
    [DataRow("text", "0000-00-00", "date", null, "! type")]
    [DataRow("text", "20240229", "date", "yyyyMMdd", "2024-02-29")]
    [DataRow("text", "2099/12/31", "date", "yyyy/MM/dd", "2099-12-31")]
    [DataRow("text", "20260701080000", "timestamp", "yyyyMMddHHmmss", "2026-07-01T00:00:00Z")]
    [DataRow("text", "2026-07-01T08:00:00+08:00", "timestamp", null, "2026-07-01T00:00:00Z")]
    [DataRow("text", "2026-07-01T08:00:00", "timestamp", null, "! type")]
    [DataRow("date", "0001-01-01", "text", "yyyy/MM/dd", "0001/01/01")]
    [DataRow("date", "2026-07-01", "timestamp", null, "2026-06-30T16:00:00Z")]
    [DataRow("timestamp", "2026-06-30T16:00:00Z", "date", null, "2026-07-01")]
    [DataRow("timestamp", "2026-06-30T16:00:01Z", "date", null, "! type")]
    [DataRow("timestamp", "2026-06-30T16:00:00Z", "string(14)", "yyyyMMddHHmmss", "20260701000000")]
    [DataRow("timestamp", "1899-12-31T15:54:17Z", "string(14)", "yyyyMMddHHmmss", "19000101000000")]
    [DataRow("timestamp", "1899-12-31T15:54:17Z", "date", null, "1900-01-01")]
    [DataRow("text", "19000101000000", "timestamp", "yyyyMMddHHmmss", "1899-12-31T15:54:17Z")]
    [DataRow("date", "1900-01-01", "timestamp", null, "1899-12-31T15:54:17Z")]
    public void A_value_is_converted_without_loss_or_refused(string from, string value, string to, string? format, string expected)
    {
        Assert.IsNull(ItemType.Parse(from, out var fromType));
        Assert.IsNull(ItemType.Parse(to, out var toType));
        var source = Column.Create("s", fromType);
        ExpressionBench.Append(source, value);
        var target = Column.Create("t", toType);
        var misfit = ValueConversion.Create(fromType, toType, format, RouteBench.Zone)!(source, 0, target);
        Assert.AreEqual(misfit is null ? 1 : 0, target.Count);
        Assert.AreEqual(expected, misfit is null ? target.TextAt(0) : "! " + misfit.Rule);
    }

    [TestMethod]
    public void A_local_time_that_does_not_exist_is_refused_and_of_two_the_earlier_is_meant()
    {
        var berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        Assert.IsFalse(Moments.TryTimestamp("2026-03-29 02:30", "yyyy-MM-dd HH:mm", berlin, out _));
        Assert.IsTrue(Moments.TryTimestamp("2026-10-25 02:30", "yyyy-MM-dd HH:mm", berlin, out var instant));
        Assert.AreEqual("2026-10-25T00:30:00Z", Temporal.TimestampText(instant));
    }

    [TestMethod]
    public void Dates_at_the_ends_of_the_calendar_have_a_start_in_every_zone()
    {
        foreach (var name in new[] { "Asia/Shanghai", "America/New_York", "UTC" })
        {
            var zone = TimeZoneInfo.FindSystemTimeZoneById(name);
            foreach (var day in new[] { Temporal.SmallestDay, Temporal.LargestDay })
                Temporal.TimestampText(Moments.StartOfDay(day, zone));
            Moments.Day(Temporal.SmallestMicrosecond, zone);
            Moments.Day(Temporal.LargestMicrosecond, zone);
        }
    }
}
