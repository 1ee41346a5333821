using Exchange.Adapters.Database;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Exchange.TestSupport;

namespace Exchange.IntegrationTests.Database;

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
