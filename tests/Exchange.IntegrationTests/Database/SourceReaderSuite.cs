using Exchange.Adapters.Database;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Exchange.TestSupport;

namespace Exchange.IntegrationTests.Database;

/// <summary>What holds for reading a source of any engine.</summary>
public abstract class SourceReaderSuite
{
    TestDatabase _database = null!;

    public TestContext TestContext { get; set; } = null!;

    protected abstract string Provider { get; }

    /// <summary>text, date, decimal(12,2), int64 … with the engine's spelling; {0} is the table's name.</summary>
    protected abstract string Types { get; }

    protected abstract string Insensitive { get; }

    protected abstract string Q(string name);

    protected TestDatabase Database => _database;

    private protected CancellationToken Cancel => TestContext.CancellationToken;

    [TestInitialize]
    public async Task CreateDatabase() => _database = await TestDatabase.CreateAsync(Provider);

    [TestCleanup]
    public async Task DropDatabase() => await _database.DisposeAsync();

    private protected IFrontEndDatabase Open(string zone = "UTC") => new FrontEndDatabases((_, _) => null!, (_, _) => null!)
        .Open(new FrontEndConnection { Name = "front", Provider = Provider, ConnectionString = _database.ConnectionString, TimeZone = zone });

    private protected static SourceQuery Query(string table, bool unique, params string[] columns) => new()
    {
        Table = new TableName(null, table),
        Columns = [.. columns.Select(column => new SourceColumn(column, column))],
        Key = [columns[0]],
        KeyIsUnique = unique,
    };

    private protected async Task<List<SourcePage>> AllAsync(SourceQuery query, int rows, long bytes = long.MaxValue)
    {
        var pages = new List<SourcePage>();
        string? resume = null;
        await using var database = Open();
        do
        {
            pages.Add(await database.Source.ReadPageAsync(query, resume, rows, bytes, Cancel));
            resume = pages[^1].Resume;
        }
        while (resume is not null);
        return pages;
    }

    private protected static List<string?> Texts(IEnumerable<SourcePage> pages, string column) =>
        [.. pages.SelectMany(page => Enumerable.Range(0, page.Rows.Count).Select(row => page.Rows[column].TextAt(row)))];

    [TestMethod]
    public async Task Values_of_every_type_are_read_as_they_stand()
    {
        await _database.ExecuteAsync($"CREATE TABLE {Q("t")} ({Types})");
        await _database.ExecuteAsync($"INSERT INTO {Q("t")} VALUES (1, '中文😀', '', 2147483647, 9223372036854775807, '9999999999.99', 1.5, '0001-01-01', '2026-07-01 12:30:00.123456'), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (3, 'x', 'y', -2147483648, -9223372036854775808, '-0.01', -2.25, '9999-12-31', '1999-12-31 23:59:59')");
        var page = (await AllAsync(Query("t", true, "id", "s", "e", "i", "l", "d", "f", "day", "at"), 100))[0];
        Assert.IsEmpty(page.Faults, string.Join(';', page.Faults));
        Assert.AreEqual("1|中文😀||2147483647|9223372036854775807|9999999999.99|1.5|0001-01-01|2026-07-01T12:30:00.123456Z", Row(page, 0));
        Assert.AreEqual("2||||||||", Row(page, 1));
        Assert.IsTrue(page.Rows["e"].IsNull(1));
        Assert.IsFalse(page.Rows["e"].IsNull(0));
        Assert.AreEqual("3|x|y|-2147483648|-9223372036854775808|-0.01|-2.25|9999-12-31|1999-12-31T23:59:59Z", Row(page, 2));
    }

    [TestMethod]
    public async Task A_local_time_that_does_not_exist_is_a_fault_and_others_move_to_UTC()
    {
        await _database.ExecuteAsync($"CREATE TABLE {Q("t")} ({Types})");
        await _database.ExecuteAsync($"INSERT INTO {Q("t")} (id, at) VALUES (1, '2026-03-29 02:30:00'), (2, '2026-07-01 12:00:00'), (3, '2026-10-25 02:30:00')");
        await using var database = Open("Europe/Berlin");
        var page = await database.Source.ReadPageAsync(Query("t", true, "id", "at"), null, 10, long.MaxValue, Cancel);
        Assert.AreEqual("local-time", page.Faults.Single().Rule);
        Assert.AreEqual("2026-07-01T10:00:00Z", page.Rows["at"].TextAt(1));
        Assert.AreEqual("2026-10-25T00:30:00Z", page.Rows["at"].TextAt(2));
    }

    [TestMethod]
    public async Task Pages_follow_a_key_whose_collation_ignores_case_without_losing_rows()
    {
        await _database.ExecuteAsync($"CREATE TABLE {Q("t")} (k {Insensitive} PRIMARY KEY, v varchar(9))");
        await _database.ExecuteAsync($"INSERT INTO {Q("t")} VALUES ('b','1'),('A','2'),('C','3'),('d','4'),('é','5'),('中','6'),('a''x','7')");
        var pages = await AllAsync(Query("t", true, "k", "v"), 2);
        CollectionAssert.AreEquivalent(new List<string?> { "1", "2", "3", "4", "5", "6", "7" }, Texts(pages, "v"));
        Assert.IsTrue(pages.TrueForAll(page => page.Rows.Count <= 2));
    }

    [TestMethod]
    public async Task Rows_that_share_a_key_are_counted_and_the_latest_stands()
    {
        await _database.ExecuteAsync($"CREATE TABLE {Q("t")} (k varchar(9), v varchar(9), n int)");
        await _database.ExecuteAsync($"INSERT INTO {Q("t")} VALUES ('a','1',1),('a','2',2),('A','3',1),('b','4',5),('b','5',5),('b','6',NULL),('c','7',1),(NULL,'8',1),(NULL,'9',1)");
        var pages = await AllAsync(Query("t", false, "k", "v", "n") with { Latest = ["n"] }, 2);
        var rows = pages.SelectMany(page => Enumerable.Range(0, page.Rows.Count).Select(row => $"{page.Rows["k"].TextAt(row)}:{page.Copies![row]}:{page.Ties![row]}")).ToList();
        CollectionAssert.AreEqual(new List<string?> { "A:1:1", "a:2:1", "b:3:2", "c:1:1", ":1:1", ":1:1" }, rows);
        Assert.AreEqual("2", Texts(pages, "v")[1]);
    }

    [TestMethod]
    public async Task A_page_ends_at_its_bytes_but_never_without_a_row()
    {
        await _database.ExecuteAsync($"CREATE TABLE {Q("t")} ({Types})");
        await _database.ExecuteAsync($"INSERT INTO {Q("t")} (id, s) VALUES (1,'{new string('x', 500)}'),(2,'{new string('x', 500)}'),(3,'y')");
        var pages = await AllAsync(Query("t", true, "id", "s"), 10, 100);
        CollectionAssert.AreEqual(new List<string?> { "1", "2", "3" }, Texts(pages, "id"));
        Assert.IsTrue(pages.TrueForAll(page => page.Rows.Count <= 1));
    }

    [TestMethod]
    [DataRow(true, 3, 2)]
    [DataRow(true, 4, 2)]
    [DataRow(true, 100, 1_000)]
    [DataRow(true, 2, 3)]
    [DataRow(false, 3, 2)]
    public async Task Pages_that_are_read_ahead_are_the_pages_that_are_read_one_by_one(bool unique, int rows, int most)
    {
        await _database.ExecuteAsync($"CREATE TABLE {Q("t")} (k {Insensitive} UNIQUE, v varchar(9))");
        await _database.ExecuteAsync($"INSERT INTO {Q("t")} VALUES ('b','1'),('A','2'),('C','3'),('d','4'),('é','5'),('中','6'),('a''x','7'),('f','8'),(NULL,'9'),(NULL,'10'),(NULL,'11'),(NULL,'12')");
        var query = Query("t", unique, "k", "v");
        await using var database = Open();
        var read = new List<SourcePage>();
        string? resume = null;
        do
        {
            var piece = new List<SourcePage>();
            await foreach (var page in database.Source.ReadPagesAsync(query, resume, rows, long.MaxValue, most, Cancel)) piece.Add(page);
            Assert.IsTrue(piece.Count >= 1 && piece.Count <= most, $"{piece.Count} pages where at most {most} were asked for");
            Assert.IsTrue(piece.TrueForAll(page => page.Rows.Count <= rows));
            read.AddRange(piece);
            resume = piece[^1].Resume;
        }
        while (resume is not null);
        CollectionAssert.AreEqual(Texts(await AllAsync(query, rows), "v"), Texts(read, "v"));
        Assert.HasCount(12, Texts(read, "v"));
    }

    [TestMethod]
    public async Task Pages_that_are_read_ahead_end_with_the_reader_and_a_fault_comes_to_the_one_who_reads()
    {
        await _database.ExecuteAsync($"CREATE TABLE {Q("t")} (k int PRIMARY KEY, v varchar(9))");
        await _database.ExecuteAsync($"INSERT INTO {Q("t")} VALUES (1,'1'),(2,'2'),(3,'3'),(4,'4'),(5,'5')");
        await using var database = Open();
        await foreach (var page in database.Source.ReadPagesAsync(Query("t", true, "k", "v"), null, 1, long.MaxValue, 100, Cancel))
        {
            Assert.AreEqual("1", page.Rows["v"].TextAt(0));
            break;
        }

        var refused = await Assert.ThrowsExactlyAsync<FrontEndException>(async () =>
        {
            await foreach (var page in database.Source.ReadPagesAsync(Query("gone", true, "k", "v"), null, 1, long.MaxValue, 100, Cancel)) { }
        });
        Assert.AreEqual(FrontEndFault.Standing, refused.Fault);
        using var stopped = new CancellationTokenSource();
        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
        {
            await foreach (var page in database.Source.ReadPagesAsync(Query("t", true, "k", "v"), null, 1, long.MaxValue, 100, stopped.Token)) await stopped.CancelAsync();
        });
        Assert.HasCount(5, Texts(await AllAsync(Query("t", true, "k", "v"), 2), "v"), "the sessions serve the next reads");
    }

    [TestMethod]
    public async Task A_cell_past_the_limit_is_a_fault_and_its_row_is_kept()
    {
        await _database.ExecuteAsync($"CREATE TABLE {Q("t")} (k int PRIMARY KEY, big {Provider switch { "mysql" => "longtext", "sqlserver" => "nvarchar(max)", _ => "text" }})");
        await using (var connection = await _database.OpenAsync())
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = $"INSERT INTO {Q("t")} VALUES (1, @big), (2, 'small')";
            var big = command.CreateParameter();
            (big.ParameterName, big.Value) = ("@big", new string('大', 3_500_000));
            command.Parameters.Add(big);
            await command.ExecuteNonQueryAsync(Cancel);
        }

        var page = (await AllAsync(Query("t", true, "k", "big") with { LargestCell = 1_000_000 }, 10))[0];
        Assert.AreEqual(2, page.Rows.Count);
        Assert.AreEqual("size", page.Faults.Single().Rule);
        Assert.IsTrue(page.Rows["big"].IsNull(0));
        Assert.AreEqual("small", page.Rows["big"].TextAt(1));
    }

    [TestMethod]
    public async Task Keys_find_their_rows_and_those_that_are_gone_are_left_out()
    {
        const string Table = "select \"`;表'";
        await _database.ExecuteAsync($"CREATE TABLE {Q(Table)} ({Q("order 号\"`")} varchar(20), b int, v varchar(9), PRIMARY KEY ({Q("order 号\"`")}, b))");
        await _database.ExecuteAsync($"INSERT INTO {Q(Table)} VALUES ('a''{(Provider == "mysql" ? @"\\" : @"\")}',1,'1'),('{{\"中',2,'2'),('z',3,'3')");
        var query = Query(Table, true, "order 号\"`", "b", "v") with { Key = ["order 号\"`", "b"] };
        var keys = RowBatch.Empty([("order 号\"`", ItemType.String(20)), ("b", new ItemType(ItemKind.Int32))]);
        foreach (var (k, b) in new[] { ("a'\\", 1), ("{\"中", 2), ("gone", 3) })
        {
            ((BytesColumn)keys.Columns[0]).Append(k);
            ((LongColumn)keys.Columns[1]).Append(b);
            keys.EndRow();
        }

        await using var database = Open();
        var page = await database.Source.ReadKeysAsync(query, keys, long.MaxValue, Cancel);
        CollectionAssert.AreEquivalent(new List<string?> { "1", "2" }, Texts([page], "v"));
        CollectionAssert.AreEqual(new List<string?> { "1", "2", "3" }, Texts(await AllAsync(query, 1), "v").Order().ToList());
    }

    [TestMethod]
    public async Task Keys_whose_rows_are_more_than_was_allowed_are_answered_in_part_and_it_is_said()
    {
        await _database.ExecuteAsync($"CREATE TABLE {Q("t")} (a int PRIMARY KEY, v varchar(2000))");
        for (var id = 1; id <= 10; id++) await _database.ExecuteAsync($"INSERT INTO {Q("t")} VALUES ({id}, '{new string('x', 1_000)}')");
        var query = Query("t", true, "a", "v");
        var keys = RowBatch.Empty([("a", new ItemType(ItemKind.Int32))]);
        for (var id = 1; id <= 10; id++)
        {
            ((LongColumn)keys.Columns[0]).Append(id);
            keys.EndRow();
        }

        await using var database = Open();
        var part = await database.Source.ReadKeysAsync(query, keys, 2_500, Cancel);
        Assert.IsTrue(part.Cut);
        Assert.IsInRange(2, 4, part.Rows.Count);
        Assert.AreEqual(1, (await database.Source.ReadKeysAsync(query, keys, 1, Cancel)).Rows.Count, "at least one row, however wide");
        var whole = await database.Source.ReadKeysAsync(query, keys, 20_000, Cancel);
        Assert.IsFalse(whole.Cut);
        Assert.AreEqual(10, whole.Rows.Count);
    }

    [TestMethod]
    public async Task Twenty_thousand_keys_and_pages_of_a_large_table_are_read_by_its_index()
    {
        const int Count = 60_000, Asked = 20_000;
        await _database.ExecuteAsync($"CREATE TABLE {Q("t")} (a varchar(20), b int, v varchar(9), PRIMARY KEY (a, b))");
        if (Provider == "sqlserver") await _database.ExecuteAsync("INSERT INTO t SELECT concat('k', n / 100), n, 'v' FROM (SELECT TOP (60000) row_number() OVER (ORDER BY (SELECT NULL)) AS n FROM sys.all_columns AS a CROSS JOIN sys.all_columns AS b) AS g");
        else await _database.ExecuteAsync($"INSERT INTO {Q("t")} WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < 60000) SELECT concat('k', n / 100), n, 'v' FROM g".Replace("INSERT INTO", Provider == "mysql" ? "SET max_recursive_iterations = 100000; INSERT INTO" : "INSERT INTO", StringComparison.Ordinal));
        var query = Query("t", true, "a", "b", "v") with { Key = ["a", "b"] };
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var pages = await AllAsync(query, 7_000);
        TestContext.WriteLine($"{Provider} pages {watch.ElapsedMilliseconds} ms");
        Assert.AreEqual(Count, pages.Sum(page => page.Rows.Count));
        var keys = RowBatch.Empty([("a", ItemType.String(20)), ("b", new ItemType(ItemKind.Int32))]);
        foreach (var page in pages)
            for (var row = 0; row < page.Rows.Count && keys.Count < Asked; row += 3)
            {
                keys.Columns[0].AppendFrom(page.Rows.Columns[0], row);
                keys.Columns[1].AppendFrom(page.Rows.Columns[1], row);
                keys.EndRow();
            }

        await using var database = Open();
        watch.Restart();
        var found = await database.Source.ReadKeysAsync(query, keys, long.MaxValue, Cancel);
        TestContext.WriteLine($"{Provider} keys {watch.ElapsedMilliseconds} ms");
        Assert.AreEqual(keys.Count, found.Rows.Count);
        Assert.IsLessThan(20_000, watch.ElapsedMilliseconds);
    }

    [TestMethod]
    public async Task Tracked_reads_take_up_at_the_bound_and_page_through_ties()
    {
        await _database.ExecuteAsync($"CREATE TABLE {Q("t")} ({Types})");
        await _database.ExecuteAsync($"INSERT INTO {Q("t")} (id, at) VALUES (1,'2026-07-01 10:00:00'),(2,'2026-07-01 11:00:00'),(3,'2026-07-01 11:00:00'),(4,'2026-07-01 12:00:00'),(5,NULL)");
        var query = Query("t", true, "id", "at");
        await using var database = Open();
        var point = await database.Source.TrackAsync(query, "at", Cancel);
        Assert.AreEqual(new DateTimeOffset(2026, 7, 1, 12, 0, 0, TimeSpan.Zero), point.GreatestInstant);
        var bound = new TrackBound { Columns = ["at"], From = point.Greatest, Earlier = TimeSpan.FromHours(1) };
        var ids = new List<string?>();
        string? resume = null;
        do
        {
            var page = await database.Source.ReadTrackedAsync(query, bound, resume, 1, long.MaxValue, Cancel);
            ids.AddRange(Texts([page], "id"));
            resume = page.Resume;
        }
        while (resume is not null);
        CollectionAssert.AreEqual(new List<string?> { "2", "3", "4" }, ids);
    }

    [TestMethod]
    public async Task A_missing_table_is_a_standing_fault_and_the_check_names_the_step()
    {
        await _database.ExecuteAsync($"CREATE TABLE {Q("t")} (k int)");
        await using var database = Open();
        var fault = await Assert.ThrowsExactlyAsync<FrontEndException>(() => database.Source.ReadPageAsync(Query("nowhere", true, "k"), null, 10, 1000, Cancel));
        Assert.AreEqual(FrontEndFault.Standing, fault.Fault);
        var steps = await database.CheckAsync(Query("nowhere", true, "k"), Cancel);
        Assert.AreEqual("rights", steps[^1].Name);
        Assert.IsFalse(steps[^1].Ok);
        Assert.AreEqual("address,login,rights,sample", string.Join(',', (await database.CheckAsync(Query("t", true, "k"), Cancel)).Select(step => step.Name)));
    }

    [TestMethod]
    public async Task A_query_with_a_closing_comment_is_read_as_a_table()
    {
        await _database.ExecuteAsync($"CREATE TABLE {Q("t")} (k int, v varchar(9))");
        await _database.ExecuteAsync($"INSERT INTO {Q("t")} VALUES (2,'b'),(1,'a')");
        var query = Query("t", false, "k", "v") with { Table = null, Query = "SELECT k, v FROM t -- all\n;" };
        CollectionAssert.AreEqual(new List<string?> { "1", "2" }, Texts(await AllAsync(query, 1), "k"));
        await using var database = Open();
        Assert.HasCount(2, (await database.DescribeQueryAsync(query.Query!, Cancel)).Columns);
    }

    static string Row(SourcePage page, int row) => string.Join('|', page.Rows.Columns.Select(column => column.TextAt(row)));
}

[TestClass]
public sealed class PostgreSqlSourceReaderTests : SourceReaderSuite
{
    protected override string Provider => "postgresql";

    protected override string Types => "id int PRIMARY KEY, s text, e varchar(20), i int, l bigint, d numeric(12,2), f float8, day date, at timestamp";

    protected override string Insensitive => "varchar(20) COLLATE \"en-x-icu\"";

    protected override string Q(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    [TestMethod]
    public async Task What_no_type_holds_is_a_fault()
    {
        await Database.ExecuteAsync("CREATE TABLE t (k int PRIMARY KEY, n numeric(12,2), u numeric, f float8, d date, at timestamptz, w numeric(40,2), id uuid, c char(5))");
        await Database.ExecuteAsync("INSERT INTO t VALUES (1,'NaN',1e40,'infinity','-infinity','infinity',123456789012345678901234567890.5,'6b29fc40-ca47-1067-b31d-00dd010662da','ab'), (2,1.5,123.456789,1,'2026-01-01','2026-01-01 00:00:00+08',1,NULL,NULL)");
        var page = (await AllAsync(Query("t", true, "k", "n", "u", "f", "d", "at", "w", "id", "c"), 10))[0];
        CollectionAssert.AreEqual(new List<string?> { "not-finite", "range", "not-finite", "not-finite", "not-finite" }, page.Faults.Select(fault => fault.Rule).ToList<string?>());
        Assert.AreEqual("123456789012345678901234567890.50", page.Rows["w"].TextAt(0));
        Assert.AreEqual("6b29fc40-ca47-1067-b31d-00dd010662da", page.Rows["id"].TextAt(0));
        Assert.AreEqual("ab", page.Rows["c"].TextAt(0));
        Assert.AreEqual("123.456789", page.Rows["u"].TextAt(1));
        Assert.AreEqual("2025-12-31T16:00:00Z", page.Rows["at"].TextAt(1));
    }

    [TestMethod]
    public async Task A_row_whose_writer_commits_late_is_read_whatever_its_tracked_value()
    {
        await Database.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, at timestamptz); CREATE INDEX ON t (at)");
        await using var late = await Database.OpenAsync();
        await using var transaction = await late.BeginTransactionAsync(Cancel);
        await using (var command = late.CreateCommand())
        {
            command.CommandText = "INSERT INTO t VALUES (1, '2020-01-01')";
            await command.ExecuteNonQueryAsync(Cancel);
        }

        await Database.ExecuteAsync("INSERT INTO t VALUES (2, '2026-01-01')");
        await using var database = Open();
        var query = Query("t", true, "id", "at");
        var point = await database.Source.TrackAsync(query, "at", Cancel);
        await transaction.CommitAsync(Cancel);
        var page = await database.Source.ReadTrackedAsync(query, new TrackBound { Columns = ["at"], From = point.Greatest, WrittenSince = point.OldestOpen }, null, 10, long.MaxValue, Cancel);
        CollectionAssert.AreEqual(new List<string?> { "1", "2" }, Texts([page], "id"));
    }
}

[TestClass]
public sealed class MySqlSourceReaderTests : SourceReaderSuite
{
    protected override string Provider => "mysql";

    protected override string Types => "id int PRIMARY KEY, s text, e varchar(20), i int, l bigint, d decimal(12,2), f double, day date, at datetime(6)";

    protected override string Insensitive => "varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci";

    protected override string Q(string name) => $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";

    [TestMethod]
    public async Task What_no_type_holds_is_a_fault()
    {
        await Database.ExecuteAsync("SET sql_mode=''; CREATE TABLE t (k int PRIMARY KEY, d date, t1 tinyint(1), u bigint unsigned, b bit(1), en enum('x','y'), f float, s varchar(9)); INSERT INTO t VALUES (1,'0000-00-00',7,18446744073709551615,1,'y',0.1,'a\\0b'), (2,'2026-01-01',1,0,0,'x',2,'ok')");
        var page = (await AllAsync(Query("t", true, "k", "d", "t1", "u", "b", "en", "f", "s"), 10))[0];
        CollectionAssert.AreEqual(new List<string?> { "zero-date", "range", "nul" }, page.Faults.Select(fault => fault.Rule).ToList<string?>());
        Assert.AreEqual("18446744073709551615|true|y|0.1", string.Join('|', new List<string?> { "u", "b", "en", "f" }.Select(name => page.Rows[name!].TextAt(0))));
        Assert.AreEqual("2026-01-01", page.Rows["d"].TextAt(1));
    }
}

[TestClass]
[NeedsSqlServer]
public class SqlServerSourceReaderTests : SourceReaderSuite
{
    protected override string Provider => "sqlserver";

    protected override string Types => "id int PRIMARY KEY, s nvarchar(max), e varchar(20), i int, l bigint, d decimal(12,2), f float, day date, at datetime2(6)";

    protected override string Insensitive => "nvarchar(20) COLLATE Latin1_General_100_CI_AS";

    protected override string Q(string name) => $"[{name.Replace("]", "]]", StringComparison.Ordinal)}]";

    [TestMethod]
    public async Task What_no_type_holds_is_a_fault()
    {
        await Database.ExecuteAsync("CREATE TABLE t (k int PRIMARY KEY, s nvarchar(9), w decimal(38,2), m money, dt datetime, dto datetimeoffset, id uniqueidentifier, c char(5), g varchar(20) COLLATE Chinese_PRC_CI_AS, v sql_variant, h hierarchyid, p geography, x xml, im image, rv rowversion, tm time(3))");
        await Database.ExecuteAsync("INSERT INTO t (k, s, w, m, dt, dto, id, c, g, v, h, p, x, im, tm) VALUES (1, N'a' + NCHAR(0) + N'b', '123456789012345678901234567890.5', 1.5, '2026-07-01T08:00:00.007', '2026-01-01T00:00:00+08:00', '6b29fc40-ca47-1067-b31d-00dd010662da', 'ab', N'中文', CONVERT(datetime, '2026-07-01T08:00:00.007'), '/1/', geography::Point(1, 2, 4326), '<a/>', 0x0102, '08:00:00.123'), (2, CONVERT(nvarchar(9), 0x3DD8), 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
        var page = (await AllAsync(Query("t", true, "k", "s", "w", "m", "dt", "dto", "id", "c", "g", "v", "h", "p", "x", "im", "tm"), 10))[0];
        CollectionAssert.AreEqual(new List<string?> { "nul", "encoding" }, page.Faults.Select(fault => fault.Rule).ToList<string?>());
        Assert.AreEqual("123456789012345678901234567890.50|1.5|2026-07-01T08:00:00.007000Z|2025-12-31T16:00:00Z|6b29fc40-ca47-1067-b31d-00dd010662da|ab|中文|2026-07-01 08:00:00.007|/1/|POINT (2 1)|<a />|0102|08:00:00.123",
            string.Join('|', page.Rows.Columns.Skip(2).Select(column => column.TextAt(0))));
    }

    [TestMethod]
    public async Task Pages_follow_every_type_of_key_by_its_own_order()
    {
        foreach (var (type, values) in new[]
        {
            ("varchar(20) COLLATE Chinese_PRC_CI_AS", "N'甲', N'乙', N'a', N'B', N'-'"), ("varchar(20) COLLATE SQL_Latin1_General_CP1_CI_AS", "'a-b', 'ab', 'a b', 'B', '_'"), ("datetime", "'2026-07-01T08:00:00.003', '2026-07-01T08:00:00.007', '1753-01-01'"),
            ("datetime2(7)", "'2026-07-01T08:00:00.0000001', '2026-07-01T08:00:00.0000002', '0001-01-01'"), ("smalldatetime", "'2026-07-01T08:00:00', '1900-01-01'"), ("uniqueidentifier", "NEWID(), NEWID(), NEWID(), NEWID()"),
            ("time(7)", "'08:00:00.1234567', '00:00'"), ("decimal(38,4)", "'1234567890123456789012345678901234.5', '-1'"), ("float", "0.1, -1e300, 5e-300"), ("real", "0.1, -3e38"), ("money", "-922337203685477.5808, 0"), ("varbinary(9)", "0x00, 0x01FF"), ("hierarchyid", "'/1/', '/1/2/', '/2/'"),
        })
        {
            await Database.ExecuteAsync($"DROP TABLE IF EXISTS t; CREATE TABLE t (k {type} PRIMARY KEY, n int IDENTITY)");
            await Database.ExecuteAsync($"INSERT INTO t (k) SELECT v FROM (VALUES ({values.Replace(", ", "), (", StringComparison.Ordinal)})) AS v (v)");
            var pages = await AllAsync(Query("t", true, "k", "n"), 1);
            Assert.AreEqual((int)(await Database.QueryAsync("SELECT count(*) FROM t"))[0][0]!, pages.Sum(page => page.Rows.Count), type);
            await using var database = Open();
            foreach (var page in pages.Where(page => page.Rows.Count > 0))
            {
                var keys = RowBatch.Empty([("k", page.Rows["k"].Type)]);
                keys.Columns[0].AppendFrom(page.Rows["k"], 0);
                keys.EndRow();
                Assert.IsGreaterThanOrEqualTo(1, (await database.Source.ReadKeysAsync(Query("t", true, "k", "n"), keys, long.MaxValue, Cancel)).Rows.Count, type);
            }
        }
    }

    [TestMethod]
    public async Task A_rowversion_is_read_up_to_the_lowest_that_an_open_transaction_holds()
    {
        await Database.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, v int, rv rowversion); INSERT INTO t (id, v) VALUES (1, 0)");
        await using var late = await Database.OpenAsync();
        await using var transaction = await late.BeginTransactionAsync(Cancel);
        await using (var command = late.CreateCommand())
        {
            (command.CommandText, command.Transaction) = ("INSERT INTO t (id, v) VALUES (2, 0)", transaction);
            await command.ExecuteNonQueryAsync(Cancel);
        }

        await Database.ExecuteAsync("INSERT INTO t (id, v) VALUES (3, 0)");
        await using var database = Open();
        var query = Query("t", true, "id", "rv");
        var point = await database.Source.TrackAsync(query, "rv", Cancel);
        await transaction.CommitAsync(Cancel);
        var page = await database.Source.ReadTrackedAsync(query, new TrackBound { Columns = ["rv"], From = point.Greatest }, null, 10, long.MaxValue, Cancel);
        CollectionAssert.AreEqual(new List<string?> { "1", "2", "3" }, Texts([page], "id").Order().ToList());
    }
}

/// <summary>The same where the database allows snapshots.</summary>
[TestClass]
[NeedsSqlServer]
public sealed class SqlServerSnapshotSourceReaderTests : SqlServerSourceReaderTests
{
    [TestInitialize]
    public async Task AllowSnapshots() => await Database.ExecuteAsync("ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON");

    [TestMethod]
    public async Task A_writer_that_is_open_is_not_waited_for()
    {
        await Database.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 0)");
        await using var writer = await Database.OpenAsync();
        await using var transaction = await writer.BeginTransactionAsync(Cancel);
        await using (var command = writer.CreateCommand())
        {
            (command.CommandText, command.Transaction) = ("UPDATE t SET v = 1", transaction);
            await command.ExecuteNonQueryAsync(Cancel);
        }

        Assert.AreEqual("0", (await AllAsync(Query("t", true, "id", "v"), 10))[0].Rows["v"].TextAt(0));
    }
}

[TestClass]
public sealed class SqliteSourceReaderTests : SourceReaderSuite
{
    protected override string Provider => "sqlite";

    protected override string Types => "id INTEGER PRIMARY KEY, s TEXT, e VARCHAR(20), i INT, l BIGINT, d DECIMAL_TEXT(12,2), f DOUBLE, day DATE, at TIMESTAMP";

    protected override string Insensitive => "VARCHAR(20) COLLATE NOCASE";

    protected override string Q(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    [TestMethod]
    public async Task What_no_type_holds_is_a_fault()
    {
        await Database.ExecuteAsync("CREATE TABLE t (k INTEGER PRIMARY KEY, d DATE, n INTEGER, b BOOLEAN, x DOUBLE); INSERT INTO t VALUES (1,'gestern','abc',7,9e999), (2,'2026-01-01',5,'true',1)");
        var page = (await AllAsync(Query("t", true, "k", "d", "n", "b", "x"), 10))[0];
        CollectionAssert.AreEqual(new List<string?> { "type", "type", "range", "not-finite" }, page.Faults.Select(fault => fault.Rule).ToList<string?>());
        Assert.AreEqual("2026-01-01|5|true|1", string.Join('|', new List<string?> { "d", "n", "b", "x" }.Select(name => page.Rows[name!].TextAt(1))));
    }
}
