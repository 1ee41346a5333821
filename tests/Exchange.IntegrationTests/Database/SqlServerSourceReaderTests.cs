using Exchange.Adapters.Database;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Exchange.TestSupport;

namespace Exchange.IntegrationTests.Database;

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
