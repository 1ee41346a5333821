using Exchange.Adapters.Database;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Exchange.TestSupport;

namespace Exchange.IntegrationTests.Database;

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
    [DataRow("timestamptz")]
    [DataRow("timestamp")]
    public async Task A_time_that_no_item_holds_is_told_as_the_source_has_it(string type)
    {
        await Database.ExecuteAsync($"CREATE TABLE t (k int PRIMARY KEY, at {type})");
        await Database.ExecuteAsync("INSERT INTO t VALUES (1, '294276-01-01'), (2, '294276-12-31 23:59:59.999999'), (3, '294247-01-10'), (4, '10000-01-01'), (5, '9999-12-31 23:59:59.999999'), (6, '0001-12-31 23:59:59.999999 BC'), (7, '4713-01-01 BC')");
        var page = (await AllAsync(Query("t", true, "k", "at"), 10))[0];
        CollectionAssert.AreEqual(new List<string?> { "294276-01-01", "294276-12-31", "294247-01-10", "10000-01-01", "0000-12-31", "-4712-01-01" }, page.Faults.Select(fault => fault.Value).ToList());
        Assert.IsTrue(page.Faults.All(fault => fault.Rule == "range"));
        Assert.AreEqual("9999-12-31T23:59:59.999999Z", page.Rows["at"].TextAt(4));
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
