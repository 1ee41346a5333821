using Exchange.Adapters.Database;
using Exchange.Contracts.FrontEnd;
using Exchange.TestSupport;

namespace Exchange.IntegrationTests.Database;

/// <summary>What holds for publication, slot and reading of a PostgreSQL server's log.</summary>
[TestClass]
public sealed class WalCaptureTests
{
    readonly string _hub = Guid.NewGuid().ToString("N")[..12];
    TestDatabase _database = null!;
    IFrontEndDatabase _front = null!;

    public TestContext TestContext { get; set; } = null!;

    CancellationToken Cancel => TestContext.CancellationToken;

    IWalCapture Wal => _front.Wal!;

    [TestInitialize]
    public async Task CreateDatabase()
    {
        _database = await TestDatabase.CreateAsync("postgresql");
        _front = new FrontEndDatabases((_, _) => null!, (_, _) => null!).Open(new FrontEndConnection { Name = "front", Provider = "postgresql", ConnectionString = _database.ConnectionString });
    }

    [TestCleanup]
    public async Task DropDatabase()
    {
        foreach (var slot in await _database.QueryAsync("SELECT slot_name::text FROM pg_replication_slots WHERE database = current_database() AND NOT active")) await _database.ExecuteAsync($"SELECT pg_drop_replication_slot('{slot[0]}')");
        await _front.DisposeAsync();
        await _database.DisposeAsync();
    }

    [TestMethod]
    public async Task Keys_come_in_the_types_of_the_rows_once_each_and_in_pages_of_any_transaction()
    {
        await _database.ExecuteAsync("""
            CREATE TABLE t (a uuid, b timestamptz, c numeric(9,3), d char(5), e text, f date, g double precision, v text, PRIMARY KEY (a, b, c, d, e, f, g));
            SET TIME ZONE 'Asia/Shanghai'; SET DateStyle TO 'German'
            """);
        var target = Target("t", "a", "b", "c", "d", "e", "f", "g");
        var point = await Wal.InstallAsync(target, Cancel);
        await _database.ExecuteAsync("""
            INSERT INTO t SELECT md5(i::text)::uuid, timestamptz '2026-03-29 02:30:00.123456+08' + i * interval '1 hour', i / 8.0, 'k' || i, E'q"\\, {NULL} 中\n' || i, date '0001-01-01' + i, i / 3.0, 'v' FROM generate_series(1, 250) i;
            UPDATE t SET v = 'w'
            """);
        var keys = await ReadAsync(target, point, 100, out var pages);
        Assert.IsGreaterThan(4, pages.Count);
        Assert.IsTrue(pages.TrueForAll(page => page.Keys.Count <= 101));
        Assert.AreEqual(2 * 250, pages.Sum(page => page.Keys.Count), "each transaction's keys, once in a page");
        var query = new SourceQuery { Table = target.Table, Columns = [.. target.KeyColumns.Select(column => new SourceColumn(column, column))], Key = target.KeyColumns, KeyIsUnique = true };
        var rows = await _front.Source.ReadPageAsync(query, null, 1000, long.MaxValue, Cancel);
        CollectionAssert.AreEquivalent(Enumerable.Range(0, rows.Rows.Count).Select(row => string.Join('|', rows.Rows.Columns.Select(column => column.TextAt(row)))).ToList(), keys.Distinct().ToList());
    }

    [TestMethod]
    public async Task What_was_confirmed_is_told_once_and_what_was_not_again()
    {
        await _database.ExecuteAsync("CREATE TABLE t (k text PRIMARY KEY, v text)");
        var target = Target("t", "k");
        var point = await Wal.InstallAsync(target, Cancel);
        await _database.ExecuteAsync("INSERT INTO t VALUES ('a')");
        CollectionAssert.AreEqual(new List<string> { "a" }, await ReadAsync(target, point, 10, out _));
        CollectionAssert.AreEqual(new List<string> { "a" }, await ReadAsync(target, point, 10, out var pages));
        var end = pages[^1].End;
        await using (var session = await Wal.OpenAsync(target, point, evict: true, Cancel))
        {
            await session.ReadAsync(10, Cancel);
            await session.ConfirmAsync(end, Cancel);
        }

        await _database.ExecuteAsync("BEGIN; INSERT INTO t VALUES ('gone'); ROLLBACK");
        await _database.ExecuteAsync("UPDATE t SET k = 'b'; DELETE FROM t WHERE k = 'b'");
        Assert.AreEqual(0, (await ReadAsync(target, point with { Position = long.MaxValue >> 8 }, 10, out var lost)).Count);
        StringAssert.Contains(lost[^1].Gap, "restored");
        CollectionAssert.AreEqual(new List<string> { "a", "b" }, await ReadAsync(target, point with { Position = end }, 10, out _));
        Assert.AreEqual(0, (await ReadAsync(target, point, 10, out lost)).Count, "a point behind what was confirmed");
        StringAssert.Contains(lost[^1].Gap, "somebody else");
    }

    [TestMethod]
    public async Task A_large_transaction_is_waited_for_while_the_server_reads_through_it_in_silence()
    {
        const int Rows = 300_000;
        await _database.ExecuteAsync($"CREATE TABLE t (k int PRIMARY KEY, v int); INSERT INTO t SELECT i, 0 FROM generate_series(1, {Rows}) i");
        var target = Target("t", "k");
        var point = await Wal.InstallAsync(target, Cancel);
        await _database.ExecuteAsync("SET logical_decoding_work_mem TO '64kB'; UPDATE t SET v = 1");
        await using var session = await Wal.OpenAsync(target, point, evict: true, Cancel);
        var (keys, end) = (0L, 0L);
        while (await session.ReadAsync(20_000, Cancel) is { } page)
        {
            keys += page.Keys.Count;
            if (keys < Rows) Assert.AreEqual(point.Position, page.End, "nothing is behind within a transaction");
            end = page.End;
        }

        Assert.AreEqual(Rows, keys);
        Assert.IsGreaterThan(point.Position, end);
    }

    [TestMethod]
    public async Task A_key_that_the_log_leaves_out_because_it_is_large_and_unchanged_is_told()
    {
        await _database.ExecuteAsync("CREATE TABLE t (k text PRIMARY KEY, v text); ALTER TABLE t ALTER k SET STORAGE EXTERNAL, ALTER v SET STORAGE EXTERNAL; INSERT INTO t VALUES (repeat('k', 2400), repeat('v', 9000))");
        var target = Target("t", "k");
        var point = await Wal.InstallAsync(target, Cancel);
        await _database.ExecuteAsync("UPDATE t SET v = v || 'w'");
        CollectionAssert.AreEqual(new List<string> { new string('k', 2400) }, await ReadAsync(target, point, 10, out _));
    }

    [TestMethod]
    public async Task Partitions_and_heirs_are_seen_and_so_is_the_truncation_of_one()
    {
        await _database.ExecuteAsync("CREATE TABLE p (v int, k int PRIMARY KEY) PARTITION BY RANGE (k); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE p2 (k int PRIMARY KEY, v int)");
        await _database.ExecuteAsync("CREATE TABLE h (k int PRIMARY KEY); CREATE TABLE h1 (PRIMARY KEY (k)) INHERITS (h)");
        var (p, h) = (Target("p", "k"), Target("h", "k"));
        var (pPoint, hPoint) = (await Wal.InstallAsync(p, Cancel), await Wal.InstallAsync(h, Cancel));
        await _database.ExecuteAsync("ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (10) TO (20); INSERT INTO p VALUES (1, 1), (1, 11); INSERT INTO p2 VALUES (12, 1); UPDATE p SET k = 13 WHERE k = 1; INSERT INTO h1 VALUES (7)");
        CollectionAssert.AreEquivalent(new List<string> { "1", "11", "12", "13" }, await ReadAsync(p, pPoint, 10, out var pages));
        CollectionAssert.AreEqual(new List<string> { "7" }, await ReadAsync(h, hPoint, 10, out _));
        await _database.ExecuteAsync("TRUNCATE p2");
        await ReadAsync(p, pPoint with { Position = pages[^1].End }, 10, out pages);
        StringAssert.Contains(pages[^1].Gap, "truncated");
        await _database.ExecuteAsync("CREATE TABLE h2 (PRIMARY KEY (k)) INHERITS (h)");
        StringAssert.Contains((await Wal.LookAsync(h, hPoint, Cancel)).Gap, "does not publish");
    }

    [TestMethod]
    public async Task A_table_that_changes_in_the_log_is_followed_and_one_that_loses_its_key_there_is_a_gap()
    {
        await _database.ExecuteAsync("CREATE TABLE t (k int PRIMARY KEY, v int)");
        var target = Target("t", "k");
        var point = await Wal.InstallAsync(target, Cancel);
        await _database.ExecuteAsync("INSERT INTO t VALUES (1, 1); ALTER TABLE t DROP v; ALTER TABLE t ADD w text; INSERT INTO t VALUES (2, 'x'); ALTER TABLE t ALTER k TYPE bigint; INSERT INTO t VALUES (3, 'y')");
        CollectionAssert.AreEquivalent(new List<string> { "1", "2", "3" }, (await ReadAsync(target, point, 10, out var pages)).Distinct().ToList());
        await _database.ExecuteAsync("ALTER TABLE t RENAME k TO other; INSERT INTO t VALUES (4, 'z'); ALTER TABLE t RENAME other TO k");
        await ReadAsync(target, point with { Position = pages[^1].End }, 10, out pages);
        StringAssert.Contains(pages[^1].Gap, "had no column k");
    }

    [TestMethod]
    public async Task A_slot_is_read_by_one_and_the_source_s_only_reader_ends_another()
    {
        await _database.ExecuteAsync("CREATE TABLE t (k int PRIMARY KEY)");
        var target = Target("t", "k");
        var point = await Wal.InstallAsync(target, Cancel);
        await _database.ExecuteAsync("INSERT INTO t VALUES (1)");
        await using var frozen = await Wal.OpenAsync(target, point, evict: false, Cancel);
        Assert.IsNotNull(await frozen.ReadAsync(10, Cancel));
        Assert.IsTrue((await Wal.LookAsync(target, point, Cancel)).Active);
        await using (var polite = await Wal.OpenAsync(target, point, evict: false, Cancel))
            Assert.AreEqual(FrontEndFault.Transient, (await Assert.ThrowsExactlyAsync<FrontEndException>(() => polite.ReadAsync(10, Cancel))).Fault);
        CollectionAssert.AreEqual(new List<string> { "1" }, await ReadAsync(target, point, 10, out var pages));
        await frozen.ConfirmAsync(pages[^1].End, Cancel);
        CollectionAssert.AreEqual(new List<string> { "1" }, await ReadAsync(target, point, 10, out _), "who was ended confirms nothing");
        await Wal.RemoveAsync(target, Cancel);
        await Wal.RemoveAsync(target, Cancel);
        Assert.AreEqual(0, (await _database.QueryAsync("SELECT 1 FROM pg_replication_slots WHERE database = current_database() UNION ALL SELECT 1 FROM pg_publication")).Count);
    }

    [TestMethod]
    public async Task Obstacles_are_told_with_their_cure_before_anything_is_made()
    {
        await _database.ExecuteAsync("CREATE TABLE t (k int UNIQUE NOT NULL, v int); CREATE UNLOGGED TABLE u (k int PRIMARY KEY); CREATE VIEW w AS SELECT * FROM t; CREATE TABLE i (k int NOT NULL, j int PRIMARY KEY, UNIQUE (k))");
        foreach (var (table, told) in new[] { ("t", "REPLICA IDENTITY"), ("u", "unlogged"), ("w", "no table"), ("nowhere", "there is no table"), ("i", "lacks k") })
        {
            StringAssert.Contains(await Wal.ObstacleAsync(Target(table, "k"), Cancel), told);
            Assert.AreEqual(FrontEndFault.Standing, (await Assert.ThrowsExactlyAsync<FrontEndException>(() => Wal.InstallAsync(Target(table, "k"), Cancel))).Fault);
        }

        Assert.AreEqual(0, (await _database.QueryAsync("SELECT 1 FROM pg_replication_slots WHERE database = current_database() UNION ALL SELECT 1 FROM pg_publication")).Count);
        await _database.ExecuteAsync("ALTER TABLE i REPLICA IDENTITY USING INDEX i_k_key");
        var point = await Wal.InstallAsync(Target("i", "k"), Cancel);
        await _database.ExecuteAsync("INSERT INTO i VALUES (1, 1); DELETE FROM i");
        CollectionAssert.AreEqual(new List<string> { "1" }, (await ReadAsync(Target("i", "k"), point, 10, out _)).Distinct().ToList());
    }

    /// <summary>Slots are the whole server's, databases are each test's own.</summary>
    CaptureTarget Target(string table, params string[] key) => new(new TableName(null, table), key, $"{_hub}_{table}");

    Task<List<string>> ReadAsync(CaptureTarget target, WalPoint from, int keys, out List<WalPage> pages)
    {
        var read = pages = [];
        return AllAsync();

        async Task<List<string>> AllAsync()
        {
            await using var session = await Wal.OpenAsync(target, from, evict: true, Cancel);
            while (await session.ReadAsync(keys, Cancel) is { } page) read.Add(page);
            return [.. read.SelectMany(page => Enumerable.Range(0, page.Keys.Count).Select(row => string.Join('|', page.Keys.Columns.Select(column => column.TextAt(row)))))];
        }
    }
}
