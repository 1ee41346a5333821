using Exchange.Contracts.Files;
using Exchange.TestSupport;

namespace Exchange.UnitTests.Files;

/// <summary>Files whose numbers are another than the truth: each is refused with what is wrong, before anything is taken for it.</summary>
[TestClass]
public sealed class HostileParquetTests
{
    const long Gigabytes = 2_000_000_000;

    readonly string _path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.parquet");

    FileRequest Request => new() { Path = _path };

    [TestCleanup]
    public void Delete() => File.Delete(_path);

    async Task<string> RefusedAsync(ForgedParquet file, long? memory = null)
    {
        await File.WriteAllBytesAsync(_path, file.Write());
        return await FileReading.RefusedAsync(memory is { } bytes ? Request with { PageMemory = bytes } : Request);
    }

    [TestMethod]
    public async Task What_is_forged_here_is_a_proper_file_as_it_stands()
    {
        await File.WriteAllBytesAsync(_path, new ForgedParquet { Groups = 2, PageStatistics = 50 }.Write());
        CollectionAssert.AreEqual(new[] { "n", "1: 0", "2: 1", "3: 2", "4: 0", "5: 1", "6: 2" }, await FileReading.LinesAsync(Request));
        await File.WriteAllBytesAsync(_path, new ForgedParquet { DictionaryValues = 1 }.Write());
        CollectionAssert.AreEqual(new[] { "n", "1: 0", "2: 1", "3: 2" }, await FileReading.LinesAsync(Request));
        await File.WriteAllBytesAsync(_path, new ForgedParquet { Rows = 0 }.Write());
        CollectionAssert.AreEqual(new[] { "n" }, await FileReading.LinesAsync(Request));
    }

    [TestMethod]
    public async Task Pages_that_ask_for_more_memory_than_they_may_have_are_refused()
    {
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { PageUnpacked = Gigabytes }), "take 2000000");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { PageUnpacked = Gigabytes }), "'n'");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { PageUnpacked = Gigabytes }), "--memory");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { PagePacked = Gigabytes }), "larger than the column");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { PagePacked = -1 }), "less than nothing");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { PageUnpacked = -5 }), "less than nothing");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { DictionaryValues = Gigabytes }), "--memory");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { Rows = 100_000 }, memory: 300_000), "--memory");
        await File.WriteAllBytesAsync(_path, new ForgedParquet { Rows = 100_000 }.Write());
        Assert.HasCount(100_001, await FileReading.LinesAsync(Request with { PageMemory = 1_000_000 }));
    }

    [TestMethod]
    public async Task Heads_of_pages_and_encodings_whose_size_cannot_be_known_are_refused()
    {
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { PageStatistics = 17 * 1024 * 1024 }), "no statistics");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { PageEncoding = 7 }), "DELTA_BYTE_ARRAY");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { PageEncoding = 6 }), "DELTA_LENGTH_BYTE_ARRAY");
    }

    [TestMethod]
    public async Task Counts_of_rows_that_contradict_each_other_are_refused()
    {
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { FileRows = 2 }), "promises 2 rows");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { GroupRows = -1, FileRows = -1 }), "promises -1 rows");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { GroupRows = 2, FileRows = 2 }), "3 values where there are 2 rows");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { GroupRows = 2, FileRows = 2, ColumnValues = 2 }), "pages of 3 values");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { GroupRows = Gigabytes, FileRows = Gigabytes, ColumnValues = Gigabytes }), "pages of 3 values");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { PageValues = -3 }), "less than nothing");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { GroupRows = Gigabytes, FileRows = Gigabytes, ColumnValues = Gigabytes, PageValues = Gigabytes }), "proper Parquet file");
    }

    [TestMethod]
    public async Task Fields_that_another_reader_would_pass_over_or_take_the_other_one_of_are_refused()
    {
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { ShortNumbers = true }), "where a Int64 should be");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { Repeated = true }), "repeats a field");
    }

    [TestMethod]
    public async Task Places_outside_of_the_file_are_refused()
    {
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { ColumnStart = 1_000_000 }), "outside of the file");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { ColumnStart = -4 }), "outside of the file");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { ColumnBytes = long.MaxValue }), "outside of the file");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { ColumnBytes = -1 }), "outside of the file");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { ColumnBytes = 3 }), "proper Parquet file");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { Groups = 3, Rows = 100, ColumnBytes = 900 }), "goes on for");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { OtherFile = "/etc/passwd" }), "another file");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { Encrypted = true }), "encrypted");
    }

    [TestMethod]
    public async Task Footers_that_name_more_than_any_file_has_are_refused()
    {
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { FurtherColumns = 2_001 }), "2000 columns");
        // Deep enough to end the process, were it followed.
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { Nesting = 60_000 }), "32 deep");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { Nesting = 5 }), "is nested");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { FurtherChunks = 500_000 }), "footer that takes more");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { Groups = 10_000 }, memory: 10_000_000), "footer that takes more");
        StringAssert.Contains(await RefusedAsync(new ForgedParquet { FurtherChunks = 1 }), "another number of columns");
    }
}
