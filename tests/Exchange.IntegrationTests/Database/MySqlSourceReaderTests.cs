using Exchange.Adapters.Database;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Exchange.TestSupport;

namespace Exchange.IntegrationTests.Database;

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
