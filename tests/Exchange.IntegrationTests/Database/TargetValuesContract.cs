using System.Diagnostics;
using System.Globalization;
using Exchange.Adapters.Database.MySql;
using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.IntegrationTests.Database;

/// <summary>What is written stands as it was given.</summary>
public abstract class TargetValuesContract(string provider) : TargetSuite(provider)
{
    internal static TargetTable EveryType() => new()
    {
        Subscription = "every-type",
        Table = new TableName(null, "every_type"),
        Columns =
        [
            new("k1", ItemType.String(40), true, null), new("k2", Int64, true, null), new("k3", Date, true, null), new("short", ItemType.String(4), false, null),
            new("long", Text, false, null), new("i32", Int32, false, null), new("i64", Int64, false, null), new("money", ItemType.Decimal(28, 10), false, null),
            new("whole", ItemType.Decimal(28, 0), false, null), new("real", new ItemType(ItemKind.Double), false, null), new("flag", Boolean, false, null),
            new("day", Date, false, null), new("at", Timestamp, false, null), new("raw", new ItemType(ItemKind.Binary), false, null),
        ],
        Key = ["k2", "k1", "k3"],
    };

    static readonly string?[][] EveryValue =
    [
        ["null", "0", "2026-07-01", null, null, null, null, null, null, null, null, null, null, null],
        ["empty", "1", "2026-07-01", "", "", "0", "0", "0", "0", "0", "false", "1970-01-01", "1970-01-01T00:00:00Z", ""],
        ["smallest", "-9223372036854775808", "0001-01-01", "a", "\u0001", "-2147483648", "-9223372036854775808", "-999999999999999999.9999999999", "-9999999999999999999999999999", "-1.7976931348623157E+308", "false", "0001-01-01", "0001-01-01T00:00:00Z", "00"],
        ["largest", "9223372036854775807", "9999-12-31", "𠀀😀𠀀😀", "\U0010FFFF", "2147483647", "9223372036854775807", "999999999999999999.9999999999", "9999999999999999999999999999", "1.7976931348623157E+308", "true", "9999-12-31", "9999-12-31T23:59:59.999999Z", "00ff0a5c09"],
        ["中文键 'q' \"d\" `b` \\ ;--", "5", "2026-02-28", "行政检查", "第一行\n第二行\t制表\r\\N \\n '引号' \"双\" 👩‍👩‍👧‍👦", "7", "-1", "0.0000000001", "10000", "2.2250738585072014E-308", "true", "2024-02-29", "2026-07-01T08:00:00.000001Z", "5c4e"],
        ["\\N", "6", "2026-02-28", "\\N", "NULL", "1", "1", "123456789.0123456789", "100000000", "0.1", "true", "1582-10-10", "1900-01-01T00:00:00.500000Z", "5c6e"],
        [" blanks ", "7", "2026-02-28", "a ", " trailing ", "1", "1", "-10000.5", "-12345678901234567890", "-0.30000000000000004", "false", "1752-09-10", "2038-01-19T03:14:08Z", "20"],
    ];

    static string[] Lines(IEnumerable<string?[]> rows) => [.. rows.Select(row => string.Join('|', row.Select(value => value ?? "∅"))).Order(StringComparer.Ordinal)];

    [TestMethod]
    public async Task Every_type_stands_as_it_was_written()
    {
        var target = EveryType();
        var count = await WriteAsync(target, Batch(target, EveryValue));
        Assert.AreEqual(new ApplyCount(EveryValue.Length, 0), count);
        CollectionAssert.AreEqual(Lines(EveryValue), await StandingAsync(target));
    }

    [TestMethod]
    public async Task Every_type_is_updated_to_another_value_and_to_null()
    {
        var target = EveryType();
        await WriteAsync(target, Batch(target, EveryValue));
        var rotated = EveryValue.Select((row, at) => (string?[])[.. row[..3], .. EveryValue[(at + 1) % EveryValue.Length][3..]]).ToArray();
        await WriteAsync(target, Batch(target, rotated));
        CollectionAssert.AreEqual(Lines(rotated), await StandingAsync(target));
    }

    [TestMethod]
    public async Task Rows_of_every_key_type_are_found_again_and_deleted()
    {
        var target = EveryType();
        await WriteAsync(target, Batch(target, EveryValue));
        var count = await WriteAsync(target, Deletes(target, EveryValue.Select(row => new[] { row[1], row[0], row[2] })));
        Assert.AreEqual(EveryValue.Length, count.Deleted);
        Assert.IsEmpty(await StandingAsync(target));
    }

    [TestMethod]
    public async Task Names_that_are_reserved_Chinese_or_hold_quotes_are_names()
    {
        var target = new TargetTable
        {
            Subscription = "names",
            Table = new TableName(null, "select; DROP TABLE 表 --"),
            Columns = [new("order", ItemType.String(20), true, "'; DROP TABLE x; --"), new("统一社会信用代码", ItemType.String(20), false, "名\\'"), new("a\"b`c'd\\e", Int64, false, null), new("@p0 ? :x", Text, false, null), new("group by", Boolean, false, null)],
            Key = ["order"],
            Deletes = DeletePolicy.Tombstone,
            Title = "It's \\ a title",
        };
        await WriteAsync(target, Batch(target, ["1", "'; DROP TABLE x; --", "5", "@p0", "true"], ["2", null, null, null, null]));
        await WriteAsync(target, Batch(target, ["1", "x", "6", "y", "false"]), Deletes(target, [["2"]]));
        await StandsAsync(target, "1|x|6|y|false", "2|∅|∅|∅|∅");
    }

    [TestMethod]
    public async Task Keys_that_differ_in_case_accent_or_trailing_blank_are_different_rows()
    {
        var target = People();
        // SQL Server takes a trailing blank for nothing in every comparison and index: there such a twin of a key that stands is refused, and meets no other row.
        string[] keys = ["a", "A", "á", .. IsSqlServer ? Array.Empty<string>() : ["a "], "ａ", "ß", "ss", ""];
        await WriteAsync(target, Batch(target, keys.Select(key => new[] { key, "first", null })));
        await WriteAsync(target, Batch(target, ["A", "second", null]), Deletes(target, [["a "]]));
        var expected = keys.Where(key => key != "a ").Select(key => $"{key}|{(key == "A" ? "second" : "first")}|∅").Order(StringComparer.Ordinal).ToArray();
        CollectionAssert.AreEqual(expected, await StandingAsync(target));
        if (!IsSqlServer) return;
        await RefusedAsync(FrontEndFault.Row, () => WriteAsync(target, Batch(target, ["a ", "twin", null])));
        CollectionAssert.AreEqual(expected, await StandingAsync(target));
    }

    [TestMethod]
    public async Task A_value_that_differs_only_in_case_or_trailing_blank_is_updated()
    {
        var target = People();
        await WriteAsync(target, Batch(target, ["1", "abc", "1"], ["2", "abc", "1"]));
        await WriteAsync(target, Batch(target, ["1", "ABC", "1"], ["2", "abc ", "1"]));
        await StandsAsync(target, "1|ABC|1", "2|abc |1");
    }

    [TestMethod]
    public async Task A_target_of_key_columns_only_is_written_and_written_again()
    {
        var target = People() with { Columns = [new("id", ItemType.String(20), true, null)] };
        await WriteAsync(target, Batch(target, ["1"], ["2"]));
        var count = await WriteAsync(target, Batch(target, ["2"], ["3"]));
        Assert.AreEqual(2, count.Upserted);
        await StandsAsync(target, "1", "2", "3");
    }

    [TestMethod]
    public async Task Large_cells_go_through()
    {
        var target = People() with { Columns = [new("id", ItemType.String(20), true, null), new("body", Text, false, null), new("raw", new ItemType(ItemKind.Binary), false, null)] };
        var body = string.Concat(Enumerable.Repeat("汉字\\\t", 400_000));
        var raw = Convert.ToHexStringLower(Enumerable.Range(0, 1_000_000).Select(at => (byte)(at * 7)).ToArray());
        await WriteAsync(target, Batch(target, ["1", body, raw]));
        Assert.AreEqual($"1|{body}|{raw}", (await StandingAsync(target))[0]);
    }

    [TestMethod]
    public async Task A_load_of_twenty_thousand_rows_and_its_repetition_with_changes()
    {
        var target = EveryType() with { Subscription = "load" };
        var first = Generated(target, 20_000, "甲");
        var clock = Stopwatch.StartNew();
        await WriteAsync(target, first);
        var inserted = clock.ElapsedMilliseconds;
        clock.Restart();
        await WriteAsync(target, Generated(target, 20_000, "乙"));
        var updated = clock.ElapsedMilliseconds;
        clock.Restart();
        await WriteAsync(target, Generated(target, 20_000, "乙"));
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"20,000 rows: new {inserted} ms, changed {updated} ms, unchanged {clock.ElapsedMilliseconds} ms"));
        Assert.AreEqual(20_000, await NumberAsync($"SELECT COUNT(*) FROM {Q("every_type")} WHERE {Q("short")} = '乙'"));
    }

    [TestMethod]
    public async Task Columns_without_zone_hold_the_local_time_of_the_connection_and_refuse_what_it_says_twice()
    {
        TimeZone = "Europe/Berlin";
        var target = People() with { Columns = [new("id", ItemType.String(20), true, null), new("at", Timestamp, false, null)] };
        if (IsPostgres) await Database.ExecuteAsync("CREATE TABLE people (id varchar(20) PRIMARY KEY, at timestamp)");
        await WriteAsync(target, Batch(target, ["1", "2026-07-01T00:00:00.000001Z"], ["2", "2026-10-25T01:30:00Z"], ["5", "1889-12-31T23:06:32Z"]));
        await StandsAsync(target, IsSqlite ? "1|2026-07-01T00:00:00.000001Z" : "1|2026-07-01T02:00:00.000001Z", IsSqlite ? "2|2026-10-25T01:30:00Z" : "2|2026-10-25T02:30:00Z",
            IsSqlite ? "5|1889-12-31T23:06:32Z" : "5|1890-01-01T00:00:00Z");
        await using var transaction = await Writer().BeginAsync(target, Cancel);
        var twice = Batch(target, ["3", "2026-10-25T00:30:00Z"]);
        if (IsSqlite) await transaction.ApplyAsync(twice, Cancel);
        else await RefusedAsync(FrontEndFault.Row, () => transaction.ApplyAsync(twice, Cancel));
        Assert.AreEqual(1, (await transaction.ApplyAsync(Batch(target, ["4", null]), Cancel)).Upserted);
        await transaction.CommitAsync(Cancel);
    }

    private protected static RowBatch Everything(TargetTable target) => Batch(target, EveryValue);

    private protected static string[] EveryLine => Lines(EveryValue);

    static RowBatch Generated(TargetTable target, int count, string text)
    {
        var rows = Enumerable.Range(0, count).Select(at => new[] { $"key-{at}", "1", "2026-07-01", text, "某某市某某区某某街道", "5", "6", "12.34", "7", "0.5", "true", "2026-07-01", "2026-07-01T08:00:00Z", "0a" });
        return Batch(target, rows);
    }

}

[TestClass]
public sealed class PostgreSqlTargetValuesTests() : TargetValuesContract("postgresql");

[TestClass]
public sealed class MySqlTargetValuesTests() : TargetValuesContract("mysql")
{
    [TestMethod]
    public async Task Where_the_server_refuses_local_loads_inserts_bring_the_same()
    {
        var target = EveryType();
        await WriteAsync(target);
        await using var connection = await new MySqlDialect().OpenMySqlAsync(Connection, Cancel);
        var rows = Everything(target);
        await MySqlLoad.InsertAsync(connection, Q("every_type"), [.. target.Columns.Select(column => Q(column.Name))],
            new RowSelection(rows, [.. Enumerable.Range(0, target.Columns.Count)], [.. Enumerable.Range(0, rows.Count)]), new TimeZoneInfo?[target.Columns.Count], Cancel);
        CollectionAssert.AreEqual(EveryLine, await StandingAsync(target));
    }
}

[TestClass]
public sealed class SqliteTargetValuesTests() : TargetValuesContract("sqlite");

[TestClass]
[NeedsSqlServer]
public sealed class SqlServerTargetValuesTests() : TargetValuesContract("sqlserver");
