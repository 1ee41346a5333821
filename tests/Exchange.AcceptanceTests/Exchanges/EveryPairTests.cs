using Exchange.AcceptanceTests.Hubs;

namespace Exchange.AcceptanceTests.Exchanges;

/// <summary>Each engine to each engine: values of every type, hostile names, full and then increments by change log; compared row by row without code of the hub.</summary>
[TestClass]
public sealed class EveryPairTests
{
    static readonly FrontTable Table = FrontTable.Of("select 'a'; DROP TABLE \"表.一\"--", "order,编号,day of.month",
        ("编号", "int64"), ("order", "string(40)"), ("day of.month", "date"), ("a\"b'c`d\\e", "string(4)"), ("group", "text"), ("@p0 ? :x", "int32"), ("$1", "int64"), ("金额(万元)", "decimal(28,10)"),
        ("whole", "decimal(28,0)"), ("real", "double"), ("是否", "boolean"), ("day", "date"), ("at", "timestamp"), ("raw;", "binary"));

    static readonly string?[][] Rows =
    [
        ["0", "null", "2026-07-01", null, null, null, null, null, null, null, null, null, null, null],
        ["1", "empty", "2026-07-01", "", "", "0", "0", "0", "0", "0", "false", "1970-01-01", "1970-01-01T00:00:00Z", ""],
        ["-9223372036854775808", "smallest", "0001-01-01", "a", "\u0001", "-2147483648", "-9223372036854775808", "-999999999999999999.9999999999", "-9999999999999999999999999999", "-1.7976931348623157E+308", "false", "0001-01-01", "0001-01-01T00:00:00Z", "00"],
        ["9223372036854775807", "largest", "9999-12-31", "𠀀😀𠀀😀", "\U0010FFFF", "2147483647", "9223372036854775807", "999999999999999999.9999999999", "9999999999999999999999999999", "1.7976931348623157E+308", "true", "9999-12-31", "9999-12-31T23:59:59.999999Z", "00ff0a5c09"],
        ["5", "中文键 'q' \"d\" `b` \\ ;--", "2026-02-28", "行政检查", "第一行\n第二行\t制表\r\\N \\n '引号' \"双\" 👩‍👩‍👧‍👦", "7", "-1", "0.0000000001", "10000", "2.2250738585072014E-308", "true", "2024-02-29", "2026-07-01T08:00:00.000001Z", "5c4e"],
        ["6", "'; DROP TABLE x; --", "2026-02-28", "\\N", "NULL", "1", "1", "123456789.0123456789", "100000000", "0.1", "true", "1582-10-10", "1900-01-01T00:00:00.500000Z", "5c6e"],
        ["7", " blanks ", "2026-02-28", "a ", " trailing ", "1", "1", "-10000.5", "-12345678901234567890", "-0.30000000000000004", "false", "1752-09-10", "2038-01-19T03:14:08Z", "20"],
    ];

    public static IEnumerable<TestDataRow<(string, string)>> Pairs => from source in FrontEnd.Engines from target in FrontEnd.Engines select FrontEnd.Row((source, target), source, target);

    [TestMethod]
    [DynamicData(nameof(Pairs))]
    public async Task A_table_of_every_type_stands_at_the_target_as_it_stands_at_the_source(string sourceEngine, string targetEngine)
    {
        await using var source = await FrontEnd.CreateAsync(sourceEngine);
        await using var target = await FrontEnd.CreateAsync(targetEngine);
        using var hub = new TestHub();
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, Rows);
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("every-type", Table, "mode: changelog", "  batchRows: 3"),
            TestHub.Subscription("copy", "every-type", "另一个 \"table\".x"));
        var copy = Table with { Name = "另一个 \"table\".x" };

        var full = (await hub.SyncAsync())["copy"];
        Assert.AreEqual("full", full.GetProperty("kind").GetString());
        Assert.AreEqual(Rows.Length, full.GetProperty("read").GetInt32());
        await EqualAsync("after the full");

        await source.InsertAsync(Table, ["8", "new", "2026-07-02", "新", null, "1", null, "1.5", null, null, "true", null, "2026-07-02T00:00:00.123456Z", "ff"]);
        await source.UpdateAsync(Table, ["null", "0", "2026-07-01"], [.. Table.Columns.Skip(3).Select((column, at) => (column.Name, Rows[3][at + 3]))]);
        await source.UpdateAsync(Table, ["largest", "9223372036854775807", "9999-12-31"], [.. Table.Columns.Skip(3).Select(column => (column.Name, (string?)null))]);
        await source.DeleteAsync(Table, "empty", "1", "2026-07-01");
        await source.UpdateAsync(Table, [" blanks ", "7", "2026-02-28"], ("order", "'moved'"), ("编号", "-7"));
        await source.DeleteAsync(Table, "smallest", "-9223372036854775808", "0001-01-01");
        await source.InsertAsync(Table, Rows[2]);
        var changes = (await hub.SyncAsync())["copy"];
        Assert.AreEqual("incremental", changes.GetProperty("kind").GetString());
        Assert.AreEqual(0, changes.GetProperty("rejected").GetInt32());
        Assert.IsGreaterThanOrEqualTo(2, changes.GetProperty("deleted").GetInt32(), "deleted, and the key that moved away");
        await EqualAsync("after the changes");

        var nothing = (await hub.SyncAsync())["copy"];
        Assert.AreEqual(0, nothing.GetProperty("read").GetInt32() + nothing.GetProperty("upserted").GetInt32());
        Assert.AreEqual(0, await source.NumberAsync($"SELECT count(*) FROM {source.Q(await ChangeLogAsync())}"), "entries left in the change log");

        async Task EqualAsync(string when) => CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(copy), when);

        // The name is cut and hashed past an engine's limit; it is the only table that begins so.
        async Task<string> ChangeLogAsync() => (string)(await source.Database.QueryAsync(sourceEngine switch
        {
            "sqlite" => "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'exchange_changelog%'",
            "sqlserver" => "SELECT name FROM sys.tables WHERE name LIKE 'exchange[_]changelog%'",
            "mysql" => "SELECT table_name FROM information_schema.tables WHERE table_schema = database() AND table_name LIKE 'exchange\\_changelog%'",
            _ => "SELECT tablename::text FROM pg_tables WHERE tablename LIKE 'exchange\\_changelog%'",
        }))[0][0]!;
    }
}
