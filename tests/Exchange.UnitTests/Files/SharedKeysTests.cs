using Exchange.Adapters.Files;
using Exchange.Bus.Imports;
using Exchange.Contracts.Files;
using static Exchange.UnitTests.Quality.Judging;

namespace Exchange.UnitTests.Files;

[TestClass]
public sealed class SharedKeysTests
{
    [TestMethod]
    public async Task Rows_that_share_a_key_are_counted_once_and_by_what_they_share()
    {
        var (path, resource) = (Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.csv"), Resource(Item("id", "int64")));
        try
        {
            await File.WriteAllTextAsync(path, "id\n9\n9\n7\n1\nx\n09\n7\n2\n05\n05\n");
            await using var source = await new FileSources().OpenAsync(new FileRequest { Path = path }, null, default);
            var (judge, columns) = (Judge(resource), FileColumns.Of(resource, source));
            var keys = new SharedKeys(resource, judge);
            // Pages of five rows: the numbers are of the file.
            await foreach (var page in source.ReadAsync(5, long.MaxValue, default)) keys.Add(columns.Items(page).Rows, source.Name);
            keys.Close();

            var told = new List<string>();
            await foreach (var page in source.ReadAsync(5, long.MaxValue, default))
            {
                var judged = await judge.JudgeAsync(columns.Items(page, keys.Of(columns.Items(page).Rows)), default);
                told.AddRange(judged.Rejected.SelectMany(row => row.Broken.Where(broken => broken.Rule == "duplicate-key").Select(broken => $"{page.Places[row.Row]}: {broken.Message.Split(';')[0]}")));
            }

            const string Shared = "rows of the source share this key";
            CollectionAssert.AreEqual(new[] { $"2: 3 {Shared} once it is normalised", $"3: 3 {Shared} once it is normalised", $"4: 2 {Shared}", $"7: 3 {Shared} once it is normalised", $"8: 2 {Shared}", $"10: 2 {Shared} once it is normalised", $"11: 2 {Shared} once it is normalised" }, told);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
