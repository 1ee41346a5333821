using Exchange.Bus.Imports;
using Exchange.Contracts.FrontEnd;
using static Exchange.UnitTests.Quality.Judging;

namespace Exchange.UnitTests.Files;

[TestClass]
public sealed class SharedKeysTests
{
    [TestMethod]
    public async Task Rows_that_share_a_key_are_counted_once_and_by_what_they_share()
    {
        var judge = Judge(Resource(Item("id", "int64")));
        var keys = new SharedKeys(Resource(Item("id", "int64")), judge);
        // Two pages: the numbers are of the file.
        var (first, second) = (Page(Texts("id", "9", "9", "7", "1", "x")).Rows, Page(Texts("id", "09", "7", "2", "05", "05")).Rows);
        keys.Add(first, "f.csv");
        keys.Add(second, "f.csv");
        keys.Close();

        var told = new List<string>();
        foreach (var rows in new[] { first, second })
        {
            var shared = keys.Of(rows)!;
            var judged = await judge.JudgeAsync(new SourcePage { Rows = rows, Copies = shared.Copies, Merged = shared.Merged }, default);
            told.AddRange(judged.Rejected.SelectMany(row => row.Broken.Where(broken => broken.Rule == "duplicate-key").Select(broken => $"{row.Row}: {broken.Message.Split(';')[0]}")));
        }

        const string Shared = "rows of the source share this key";
        CollectionAssert.AreEqual(new[] { $"0: 3 {Shared} once it is normalised", $"1: 3 {Shared} once it is normalised", $"2: 2 {Shared}", $"0: 3 {Shared} once it is normalised", $"1: 2 {Shared}", $"3: 2 {Shared} once it is normalised", $"4: 2 {Shared} once it is normalised" }, told);
    }
}
