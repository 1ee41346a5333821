using Exchange.Bus.Catalogue;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using static Exchange.UnitTests.Quality.Judging;

namespace Exchange.UnitTests.Quality;

[TestClass]
public sealed class ConversionTests
{
    [TestMethod]
    [DataRow("int32", "12", "12")]
    [DataRow("int32", "-2147483648", "-2147483648")]
    [DataRow("int32", "2147483648", "<range>")]
    [DataRow("int64", "9223372036854775807", "9223372036854775807")]
    [DataRow("int64", "-9223372036854775808", "-9223372036854775808")]
    [DataRow("int64", "9223372036854775808", "<range>")]
    [DataRow("int64", "99999999999999999999999999999999999999999999999", "<range>")]
    [DataRow("int32", "007", "7")]
    [DataRow("int32", "+1", "<type>")]
    [DataRow("int32", " 1", "<type>")]
    [DataRow("int32", "1.0", "<type>")]
    [DataRow("int32", "1,000", "<type>")]
    [DataRow("int32", "１", "<type>")]
    [DataRow("int32", "", "<type>")]
    [DataRow("int32", "-", "<type>")]
    [DataRow("decimal(5,2)", "123.45", "123.45")]
    [DataRow("decimal(5,2)", "123.4500", "123.45")]
    [DataRow("decimal(5,2)", "-0.00", "0")]
    [DataRow("decimal(5,2)", "123.456", "<type>")]
    [DataRow("decimal(5,2)", "1234.5", "<range>")]
    [DataRow("decimal(5,2)", "1e2", "<type>")]
    [DataRow("decimal(5,2)", ".5", "<type>")]
    [DataRow("decimal(5,2)", "5.", "<type>")]
    [DataRow("decimal(28,28)", "0.1234567890123456789012345678", "0.1234567890123456789012345678")]
    [DataRow("decimal(28,0)", "9999999999999999999999999999", "9999999999999999999999999999")]
    [DataRow("decimal(28,0)", "10000000000", "10000000000")]
    [DataRow("decimal(28,2)", "120.00", "120")]
    [DataRow("double", "0.1", "0.1")]
    [DataRow("double", "1.5e300", "1.5E+300")]
    [DataRow("double", "1e400", "<range>")]
    [DataRow("double", "1e-400", "<range>")]
    [DataRow("double", "NaN", "<type>")]
    [DataRow("double", "Infinity", "<type>")]
    [DataRow("double", "0.1234567890123456789", "<type>")]
    [DataRow("boolean", "true", "true")]
    [DataRow("boolean", "FALSE", "false")]
    [DataRow("boolean", "1", "true")]
    [DataRow("boolean", "0", "false")]
    [DataRow("boolean", "yes", "<type>")]
    [DataRow("date", "2026-07-01", "2026-07-01")]
    [DataRow("date", "0001-01-01", "0001-01-01")]
    [DataRow("date", "9999-12-31", "9999-12-31")]
    [DataRow("date", "2026-02-29", "<type>")]
    [DataRow("date", "0000-00-00", "<type>")]
    [DataRow("date", "2026-7-1", "<type>")]
    [DataRow("date", "20260701", "<type>")]
    [DataRow("date", "2026-07-01T00:00:00Z", "<type>")]
    [DataRow("timestamp", "2026-07-01T08:00:00Z", "2026-07-01T08:00:00Z")]
    [DataRow("timestamp", "2026-07-01T08:00:00.123456+08:00", "2026-07-01T00:00:00.123456Z")]
    [DataRow("timestamp", "2026-07-01T08:00:00.1234560Z", "2026-07-01T08:00:00.123456Z")]
    [DataRow("timestamp", "2026-07-01T08:00:00.1234567Z", "<type>")]
    [DataRow("timestamp", "2026-07-01T08:00:00", "2026-07-01T08:00:00Z")]
    [DataRow("timestamp", "2026-07-01", "2026-07-01T00:00:00Z")]
    [DataRow("timestamp", "2026-07-01 08:00:00", "<type>")]
    [DataRow("timestamp", "2026-07-01T24:00:00Z", "<type>")]
    [DataRow("timestamp", "2026-07-01T23:59:60Z", "<type>")]
    [DataRow("timestamp", "0001-01-01T00:00:00+08:00", "<range>")]
    [DataRow("binary", "00fF", "00ff")]
    [DataRow("binary", "0", "<type>")]
    [DataRow("binary", "xx", "<type>")]
    [DataRow("text", "a\0b", "<nul>")]
    [DataRow("string(4)", "示例", "示例")]
    public async Task Text_is_read_strictly(string type, string value, string becomes) =>
        Assert.AreEqual(becomes, await BecomesAsync(Item("x", type), Texts("x", value)));

    [TestMethod]
    [DataRow("int64", 5L, "int32", "5")]
    [DataRow("int64", 4294967296L, "int32", "<range>")]
    [DataRow("int32", 5L, "decimal(5,2)", "5")]
    [DataRow("int32", 5000L, "decimal(5,2)", "<range>")]
    [DataRow("int64", 5L, "string(3)", "5")]
    [DataRow("int64", 5000L, "string(3)", "<length>")]
    [DataRow("int64", 1L, "boolean", "true")]
    [DataRow("int64", 2L, "boolean", "<type>")]
    [DataRow("int64", 9007199254740993L, "double", "<type>")]
    [DataRow("int64", 9007199254740992L, "double", "9007199254740992")]
    [DataRow("int64", 20260701L, "date", "<type>")]
    [DataRow("boolean", 1L, "int32", "1")]
    [DataRow("boolean", 1L, "text", "true")]
    [DataRow("boolean", 1L, "date", "<type>")]
    [DataRow("date", 0L, "timestamp", "1970-01-01T00:00:00Z")]
    [DataRow("date", 0L, "text", "1970-01-01")]
    [DataRow("date", 0L, "int64", "<type>")]
    [DataRow("timestamp", 0L, "date", "1970-01-01")]
    [DataRow("timestamp", 1L, "date", "<type>")]
    [DataRow("timestamp", 1L, "text", "1970-01-01T00:00:00.000001Z")]
    public async Task Whole_numbers_and_dates_convert_without_loss_or_not_at_all(string from, long value, string to, string becomes) =>
        Assert.AreEqual(becomes, await BecomesAsync(Item("x", to), Longs("x", from, value)));

    [TestMethod]
    [DataRow("12.50", "decimal(4,1)", "12.5")]
    [DataRow("12.55", "decimal(4,1)", "<type>")]
    [DataRow("1234.5", "decimal(4,1)", "<range>")]
    [DataRow("12.00", "int32", "12")]
    [DataRow("12.5", "int32", "<type>")]
    [DataRow("3000000000", "int32", "<range>")]
    [DataRow("1.50", "text", "1.5")]
    [DataRow("0.1", "double", "0.1")]
    [DataRow("0.12345678901234567", "double", "<type>")]
    [DataRow("1", "boolean", "true")]
    [DataRow("0.5", "boolean", "<type>")]
    [DataRow("1", "date", "<type>")]
    public async Task Decimals_are_never_rounded(string value, string to, string becomes) =>
        Assert.AreEqual(becomes, await BecomesAsync(Item("x", to), Decimals("x", "decimal(28,17)", decimal.Parse(value, System.Globalization.CultureInfo.InvariantCulture))));

    [TestMethod]
    [DataRow(0.1, "decimal(4,1)", "0.1")]
    [DataRow(0.30000000000000004, "decimal(4,1)", "<type>")]
    [DataRow(1e30, "decimal(28,0)", "<range>")]
    [DataRow(5d, "int32", "5")]
    [DataRow(5.5, "int32", "<type>")]
    [DataRow(9223372036854775808d, "int64", "<range>")]
    [DataRow(0.1, "text", "0.1")]
    [DataRow(1d, "boolean", "<type>")]
    [DataRow(double.NaN, "double", "<not-finite>")]
    [DataRow(double.PositiveInfinity, "double", "<not-finite>")]
    public async Task Doubles_convert_by_their_shortest_text(double value, string to, string becomes) =>
        Assert.AreEqual(becomes, await BecomesAsync(Item("x", to), Doubles("x", value)));

    [TestMethod]
    public async Task Times_without_an_offset_are_of_the_source_connections_zone()
    {
        var connection = new Connection { Name = "c", Department = "d", Provider = "sqlite", ConnectionString = "", TimeZone = "America/New_York" };
        Resource FromC(Resource resource) => resource with { Source = new TableSource { Connection = "c", Table = new TableName(null, "t") } };
        Task<string> Becomes(string type, Column column) => BecomesAsync(Item("x", type), column, FromC, Entries(connection));

        Assert.AreEqual("2026-07-01T04:00:00Z", await Becomes("timestamp", Texts("x", "2026-07-01")));
        Assert.AreEqual("2026-07-01T16:00:00Z", await Becomes("timestamp", Texts("x", "2026-07-01T12:00:00")));
        Assert.AreEqual("<local-time>", await Becomes("timestamp", Texts("x", "2026-03-08T02:30:00")), "clocks skipped it");
        Assert.AreEqual("<local-time>", await Becomes("timestamp", Texts("x", "2026-11-01T01:30:00")), "clocks showed it twice");
        Assert.AreEqual("2026-11-01T05:30:00Z", await Becomes("timestamp", Texts("x", "2026-11-01T01:30:00-04:00")));
        Assert.AreEqual("1970-01-01", await Becomes("date", Longs("x", "timestamp", 5L * 3_600_000_000)));
        Assert.AreEqual("<type>", await Becomes("date", Longs("x", "timestamp", 0)));
        Assert.AreEqual("<range>", await Becomes("timestamp", Texts("x", "9999-12-31T23:00:00")));
        Assert.AreEqual("1880-01-01T04:56:02Z", await Becomes("timestamp", Texts("x", "1880-01-01")), "local mean time, to the second");
        Assert.AreEqual("1880-01-01", await Becomes("date", Longs("x", "timestamp", Temporal.Microseconds(new DateTimeOffset(1880, 1, 1, 4, 56, 2, TimeSpan.Zero)))));
    }

    [TestMethod]
    public async Task A_column_that_already_fits_is_handed_on_without_copying()
    {
        var column = Texts("x", "a", "b");
        var resource = Resource(Item("id", "int64"), Item("x", "text"));
        var judged = await Judge(resource).JudgeAsync(Page(Longs("id", "int64", 1, 2), column), default);
        Assert.AreSame(column, judged.Accepted["x"]);
    }

    [TestMethod]
    public async Task A_cell_past_the_largest_size_is_an_error_row()
    {
        var (value, broken) = (await ItemAsync(Item("x", "text"), Texts("x", new string('a', 11)), change: resource => resource with { MaxCellBytes = 10 }))[0];
        Assert.IsNull(value);
        Assert.AreEqual("size", broken.Single().Rule);
        Assert.AreEqual("The value has 11 bytes; at most 10 are allowed.", broken.Single().Message);
    }
}
