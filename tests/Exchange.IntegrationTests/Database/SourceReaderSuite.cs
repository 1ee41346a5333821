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
        await _database.ExecuteAsync($"INSERT INTO {Q("t")} (id, at) VALUES (1, '2026-03-29 02:30:00'), (2, '2026-07-01 12:00:00'), (3, '2026-10-25 02:30:00'), (4, '1890-01-01 00:00:00')");
        await using var database = Open("Europe/Berlin");
        var page = await database.Source.ReadPageAsync(Query("t", true, "id", "at"), null, 10, long.MaxValue, Cancel);
        Assert.AreEqual("local-time", page.Faults.Single().Rule);
        Assert.AreEqual("2026-07-01T10:00:00Z", page.Rows["at"].TextAt(1));
        Assert.AreEqual("2026-10-25T00:30:00Z", page.Rows["at"].TextAt(2));
        Assert.AreEqual("1889-12-31T23:06:32Z", page.Rows["at"].TextAt(3), "local mean time, +00:53:28");
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
