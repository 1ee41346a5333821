using System.IO.Compression;
using System.Text;
using Exchange.AcceptanceTests.Hubs;
using Exchange.TestSupport;

namespace Exchange.AcceptanceTests.Imports;

/// <summary>Files that ask for gigabytes: the real command refuses them, says why, changes nothing, and takes little more memory than for a small file.</summary>
[TestClass]
public sealed class HostileFileTests
{
    const long Gigabytes = 2_000_000_000;

    /// <summary>Megabytes above a small file's peak: what is refused may have been looked at.</summary>
    const long Room = 150;

    const int SmallRuns = 5;

    static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Hostile_files_are_refused_in_little_memory()
    {
        await using var scene = await ImportScene.CreateAsync();
        // Over so soon that a look between two of its steps may be the last one: of several the greatest.
        var small = 0L;
        for (var run = 0; run < SmallRuns; run++) small = Math.Max(small, await PeakAsync(scene, scene.File("small.csv", "id,name\n1,a\n"), 0, ""));
        foreach (var (name, content, says) in Files())
        {
            var peak = await PeakAsync(scene, scene.File(name, content), 2, says);
            TestContext.WriteLine($"{name}: {peak} MB; a small file {small} MB");
            Assert.IsLessThan(small + Room, peak, name);
        }

        await scene.HoldsAsync("1|a|∅|∅");
    }

    static async Task<long> PeakAsync(ImportScene scene, string file, int status, string says)
    {
        var (outcome, peak) = await PeakMemory.OfAsync(scene.Hub, Longest, "import", "r", file);
        Assert.AreEqual(status, outcome.Status, $"{file}\n{outcome.Out}\n{outcome.Error}");
        StringAssert.Contains(outcome.Error, says, file);
        return peak;
    }

    static IEnumerable<(string Name, byte[] Content, string Says)> Files()
    {
        yield return ("page.parquet", new ForgedParquet { PageUnpacked = Gigabytes }.Write(), "--memory");
        yield return ("packed.parquet", new ForgedParquet { PagePacked = Gigabytes }.Write(), "larger than the column");
        yield return ("dictionary.parquet", new ForgedParquet { DictionaryValues = Gigabytes }.Write(), "--memory");
        yield return ("deep.parquet", new ForgedParquet { Nesting = 200_000 }.Write(), "32 deep");
        yield return ("wide.parquet", new ForgedParquet { FurtherChunks = 4_000_000 }.Write(), "footer");
        yield return ("deep.xml", Encoding.UTF8.GetBytes("<r><row>" + string.Concat(Enumerable.Repeat("<a>", 3_000_000))), "100 deep");
        yield return ("attributes.xml", Encoding.UTF8.GetBytes("<r><row " + string.Concat(Enumerable.Range(0, 1_000_000).Select(at => $"a{at}='' ")) + "/></r>"), "attributes");
        yield return ("names.xml", Encoding.UTF8.GetBytes("<r><row><f>" + string.Concat(Enumerable.Range(0, 1_000_000).Select(at => $"<b{at}/>")) + "</f></row></r>"), "names");
        yield return ("sheet.xlsx", Bomb("xl/worksheets/sheet1.xml", "<worksheet><sheetData><row><c t=\"str\"><v>id</v></c><c t=\"str\"><v>name</v></c></row><row><c t=\"str\"><v>", "a", 100), "bytes");
        yield return ("deep.xlsx", Bomb("xl/worksheets/sheet1.xml", "<worksheet><sheetData>", "<a>", 50), "100 deep");
        yield return ("texts.xlsx", Bomb("xl/sharedStrings.xml", "<sst>", new string(' ', 60_000) + "<si/>", 300), "far more");
    }

    /// <summary>A workbook with a part that unpacks to so many megabytes.</summary>
    static byte[] Bomb(string part, string begin, string repeated, int megabytes)
    {
        const string Relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        var file = new MemoryStream();
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            void Write(string name, string text)
            {
                using var entry = zip.CreateEntry(name, CompressionLevel.Optimal).Open();
                entry.Write(Encoding.UTF8.GetBytes(text));
            }

            Write("xl/workbook.xml", $"<workbook xmlns:r=\"{Relations}\"><sheets><sheet name=\"a\" r:id=\"rId1\"/></sheets></workbook>");
            Write("xl/_rels/workbook.xml.rels", $"<Relationships><Relationship Id=\"rId1\" Type=\"{Relations}/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"{Relations}/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>");
            if (part != "xl/worksheets/sheet1.xml") Write("xl/worksheets/sheet1.xml", "<worksheet><sheetData/></worksheet>");
            using var large = zip.CreateEntry(part, CompressionLevel.SmallestSize).Open();
            large.Write(Encoding.UTF8.GetBytes(begin));
            var block = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(repeated, (1 << 20) / repeated.Length)));
            for (var written = 0; written < megabytes; written++) large.Write(block);
        }

        return file.ToArray();
    }
}
