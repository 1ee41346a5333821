using System.IO.Compression;
using System.Text;
using Exchange.Contracts.Files;

namespace Exchange.UnitTests.Files;

/// <summary>XML files and workbooks that would fill memory, each refused with what is wrong.</summary>
[TestClass]
public sealed class HostileMarkupTests
{
    readonly string _path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.xml");

    FileRequest Request => new() { Path = _path };

    [TestCleanup]
    public void Delete() => File.Delete(_path);

    async Task RefusedAsync(string begin, Func<int, string> repeated, int times, string end, string expected, Encoding? encoding = null)
    {
        await using (var text = new StreamWriter(_path, append: false, encoding ?? new UTF8Encoding(false)))
        {
            await text.WriteAsync(begin);
            for (var at = 0; at < times; at++) await text.WriteAsync(repeated(at));
            await text.WriteAsync(end);
        }

        StringAssert.Contains(await FileReading.RefusedAsync(Request), expected);
    }

    [TestMethod]
    public async Task Elements_within_elements_have_a_depth()
    {
        await RefusedAsync("<r><row>", _ => "<a>", 2_000_000, "", "100 deep");
        await RefusedAsync("", _ => "<a>", 2_000_000, "", "100 deep");
    }

    [TestMethod]
    public async Task An_element_has_so_many_attributes()
    {
        await RefusedAsync("<r><row ", at => $"a{at}='' ", 1_000_000, "/></r>", "20000 attributes");
        await RefusedAsync("<r><row ", at => $"a{at} = \"\" ", 1_000_000, "/></r>", "20000 attributes", Encoding.Unicode);
    }

    [TestMethod]
    public async Task Names_are_so_many()
    {
        await RefusedAsync("<r><row><f>", at => $"<b{at}/>", 1_000_000, "</f></row></r>", "different names");
        await RefusedAsync("<r><row><f><", _ => "aaaaaaaaaa", 1_000_000, "/></f></row></r>", "letters");
    }

    [TestMethod]
    public async Task Entities_are_neither_declared_nor_followed()
    {
        var bomb = "<!ENTITY a0 \"ha\">" + string.Concat(Enumerable.Range(1, 40).Select(at => $"<!ENTITY a{at} \"&a{at - 1};&a{at - 1};\">"));
        await RefusedAsync($"<!DOCTYPE r [{bomb}]><r><row><f>&a40;</f></row></r>", _ => "", 0, "", "DTD");
        await RefusedAsync("<!DOCTYPE r [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><r><row><f>&e;</f></row></r>", _ => "", 0, "", "DTD");
        await RefusedAsync("<!DOCTYPE r SYSTEM \"http://127.0.0.1:9/r.dtd\"><r><row/></r>", _ => "", 0, "", "DTD");
        await RefusedAsync("<r><row><f>&e;</f></row></r>", _ => "", 0, "", "entity");
    }

    [TestMethod]
    public async Task What_looks_like_attributes_in_a_text_is_a_text()
    {
        var text = string.Concat(Enumerable.Repeat("a=\"1\" ", 15_000));
        await File.WriteAllTextAsync(_path, $"<r><row b='==' ><f>{text}</f><g><![CDATA[{text}]]></g></row></r>");
        CollectionAssert.AreEqual(new[] { "b|f|g", $"1: ==|{text}|{text}" }, await FileReading.LinesAsync(Request));
    }

    [TestMethod]
    [DataRow("xl/worksheets/sheet2.xml", "<worksheet><sheetData>")]
    [DataRow("xl/worksheets/sheet2.xml", "<worksheet><sheetData><row><c t=\"str\"><v>id</v></c></row><row><c><f>")]
    [DataRow("xl/sharedStrings.xml", "<sst><si>")]
    [DataRow("xl/workbook.xml", "<workbook>")]
    [DataRow("xl/styles.xml", "<styleSheet>")]
    public async Task Parts_of_a_workbook_have_a_depth(string part, string begin)
    {
        using var book = Workbook.Of("<row><c t=\"str\"><v>id</v></c></row>");
        book.Parts[part] = begin + string.Concat(Enumerable.Repeat("<a>", 1_000_000));
        StringAssert.Contains(await FileReading.RefusedAsync(book.Write().Request), "100 deep");
    }

    [TestMethod]
    public async Task A_part_that_says_to_be_small_is_not_read_beyond_and_one_that_says_to_be_large_is_read_as_it_is()
    {
        using var book = Workbook.Of("<row><c t=\"str\"><v>id</v></c></row>" + string.Concat(Enumerable.Range(0, 1000).Select(row => $"<row><c><v>{row}</v></c></row>"))).Write();
        var whole = await File.ReadAllBytesAsync(book.Path);
        foreach (var (said, refused) in new[] { (100u, true), (uint.MaxValue - 1, false) })
        {
            var bytes = whole.ToArray();
            // The entry of the sheet in the list of parts: its size unpacked stands 22 bytes before its name, 46 bytes being the head.
            var entry = bytes.AsSpan().LastIndexOf("xl/worksheets/sheet2.xml"u8) - 46;
            BitConverter.TryWriteBytes(bytes.AsSpan(entry + 24), said);
            await File.WriteAllBytesAsync(book.Path, bytes);
            if (refused) await FileReading.RefusedAsync(book.Request);
            else Assert.HasCount(1001, await FileReading.LinesAsync(book.Request));
        }
    }

    [TestMethod]
    public async Task A_list_of_parts_is_measured_by_where_it_stands_and_not_by_what_it_says()
    {
        using var book = Workbook.Of("");
        await using (var file = File.Create(book.Path))
        {
            byte[] entry = [0x50, 0x4B, 0x01, 0x02, .. new byte[42]];
            for (var times = 0; times < 500_000; times++) file.Write(entry);
            byte[] end = [0x50, 0x4B, 0x05, 0x06, 0, 0, 0, 0, 1, 0, 1, 0, 46, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            file.Write(end);
        }

        await using (var file = new FileStream(book.Path, FileMode.Open)) file.Write([0x50, 0x4B, 0x03, 0x04]);
        StringAssert.Contains(await FileReading.RefusedAsync(book.Request), "more parts");
    }

    [TestMethod]
    public async Task Binary_workbooks_and_those_with_a_password_are_told_by_what_they_are()
    {
        using var book = Workbook.Of("");
        book.Parts["xl/workbook.bin"] = "";
        StringAssert.Contains(await FileReading.RefusedAsync(book.Write().Request), ".xlsb");
        // A compound file, in which Office keeps what it encrypts.
        await File.WriteAllBytesAsync(book.Path, [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, .. new byte[504], .. Encoding.Unicode.GetBytes("EncryptedPackage")]);
        StringAssert.Contains(await FileReading.RefusedAsync(book.Request), "password");
        using (var zip = new ZipArchive(File.Create(book.Path), ZipArchiveMode.Create)) zip.CreateEntry("EncryptedPackage");
        StringAssert.Contains(await FileReading.RefusedAsync(book.Request), "password");
    }

    [TestMethod]
    public async Task Objects_within_objects_have_a_depth()
    {
        var path = Path.ChangeExtension(_path, ".json");
        try
        {
            await File.WriteAllTextAsync(path, "{\"a\":" + string.Concat(Enumerable.Repeat("[", 1_000_000)));
            StringAssert.Contains(await FileReading.RefusedAsync(new FileRequest { Path = path }), "no proper JSON");
        }
        finally
        {
            File.Delete(path);
        }
    }
}
