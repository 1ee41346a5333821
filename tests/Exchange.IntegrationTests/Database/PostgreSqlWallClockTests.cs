using Exchange.Adapters.Database;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.IntegrationTests.Database;

/// <summary>The hub and PostgreSQL mean the same instant by a local time, however old: PostgreSQL's AT TIME ZONE is the judge.</summary>
[TestClass]
public sealed class PostgreSqlWallClockTests() : TargetSuite("postgresql")
{
    const string Table = "CREATE TABLE people (id varchar(20) PRIMARY KEY, at timestamp)";

    static readonly string[] Zones = ["Asia/Shanghai", "Asia/Ho_Chi_Minh", "Europe/Amsterdam", "Europe/Stockholm", "America/New_York", "Africa/Monrovia", "UTC"];

    static readonly string[] Days =
    [
        "0001-01-03", "1753-01-01", "1899-12-30", "1900-01-01", "1901-01-02", "1918-07-01", "1930-01-01", "1930-07-01", "1940-07-01", "1942-02-01", "1949-06-01", "1970-01-01",
        "1971-12-31", "1972-12-31", "1973-01-01", "1986-07-01", "1991-09-01", "2026-07-01",
    ];

    [TestMethod]
    [DynamicData(nameof(Zones))]
    public async Task A_source_is_read_as_PostgreSQL_reads_it(string zone)
    {
        TimeZone = zone;
        await Database.ExecuteAsync(Table);
        await Database.ExecuteAsync($"INSERT INTO people (id, at) VALUES {string.Join(',', Days.Select(day => $"('{day}', '{day} 12:34:56.789')"))}");
        await using var database = new FrontEndDatabases((_, _) => null!, (_, _) => null!).Open(Connection);
        var query = new SourceQuery { Table = new TableName(null, "people"), Columns = [new("id", "id"), new("at", "at")], Key = ["id"], KeyIsUnique = true };
        var page = await database.Source.ReadPageAsync(query, null, 100, long.MaxValue, Cancel);
        Assert.IsEmpty(page.Faults);
        var at = (LongColumn)page.Rows["at"];
        for (var row = 0; row < Days.Length; row++) Assert.AreEqual(await JudgedAsync(Days[row]), at[row], $"{Days[row]} in {zone}");
    }

    [TestMethod]
    [DynamicData(nameof(Zones))]
    public async Task A_target_stands_as_PostgreSQL_reads_it(string zone)
    {
        TimeZone = zone;
        await Database.ExecuteAsync(Table);
        var target = People() with { Columns = [new("id", ItemType.String(20), true, null), new("at", Timestamp, false, null)] };
        await WriteAsync(target, Batch(target, Days.Select(day => new[] { day, day + "T12:34:56.789Z" })));
        Assert.AreEqual(0, await NumberAsync($"SELECT COUNT(*) FROM people WHERE at AT TIME ZONE '{zone}' <> (id || ' 12:34:56.789+00')::timestamptz"), zone);
        Assert.AreEqual(Days.Length, await NumberAsync("SELECT COUNT(at) FROM people"));
    }

    /// <summary>What PostgreSQL takes the day's local time for.</summary>
    Task<long> JudgedAsync(string day) =>
        NumberAsync($"SELECT (EXTRACT(EPOCH FROM '{day} 12:34:56.789'::timestamp AT TIME ZONE '{TimeZone}') * 1000000)::bigint");
}
