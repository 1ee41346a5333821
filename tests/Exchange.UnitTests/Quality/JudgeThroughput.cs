using System.Diagnostics;
using System.Globalization;
using Exchange.Bus.Catalogue;
using Exchange.Contracts.Rows;
using static Exchange.UnitTests.Quality.Judging;

namespace Exchange.UnitTests.Quality;

[TestClass]
public sealed class JudgeThroughput
{
    const int Rows = 100_000;

    public TestContext TestContext { get; set; } = null!;

    /// <summary>Prints what judging costs: 20 items, 5 rules, every thousandth row broken. Time is told, not asserted.</summary>
    [TestMethod]
    public async Task A_hundred_thousand_rows_of_twenty_items_with_five_rules_are_judged()
    {
        var set = new CodeSet { Name = "result", Codes = new Dictionary<string, string> { ["1"] = "a", ["2"] = "b", ["3"] = "c" } };
        List<Item> items = [Item("id", "int64"), Item("code", "string(18)", "uscc"), Item("result", "string(2)") with { CodeSet = "result" }, Item("fine", "decimal(12,2)", "min 0"), Item("day", "date", "min 2000-01-01"), Item("name", "string(200)", "length 1..200")];
        for (var at = items.Count; at < 20; at++) items.Add(Item($"x{at}", "string(64)"));
        var page = Page([.. items.Select(Filled)]);
        var judge = Judge(Resource([.. items]), Entries(set));
        var judged = await judge.JudgeAsync(page, CancellationToken.None);
        var best = double.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            var watch = Stopwatch.StartNew();
            judged = await judge.JudgeAsync(page, CancellationToken.None);
            best = Math.Min(best, watch.Elapsed.TotalMicroseconds / Rows);
        }

        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{best:F2} µs a row (best of five)"));
        Assert.AreEqual(Rows / 1000, judged.Rejected.Count);
        Assert.AreEqual(Rows - (Rows / 1000), judged.Accepted.Count);
    }

    static Column Filled(Item item)
    {
        var column = Column.Create(item.Name, item.Type, Rows);
        for (var row = 0; row < Rows; row++)
        {
            switch (column)
            {
                case LongColumn longs: longs.Append(row + 20_000L); break;
                case DecimalColumn decimals: decimals.Append(row / 100m); break;
                case BytesColumn texts: texts.Append(item.Name switch { "code" => row % 1000 == 0 ? "91990100MA9X001858" : "91990100MA9X00185D", "result" => "2", _ => "示例市仁和医院行政检查" }); break;
            }
        }

        return column;
    }
}
