using System.IO.Compression;
using System.Text;
using Exchange.Adapters.Files;
using Exchange.Adapters.Files.Xlsx;
using Exchange.Contracts.Files;

namespace Exchange.UnitTests.Files;

[TestClass]
public sealed class XlsxTests
{
    const string Header = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c></row>";

    const string Names = "<si><t>id</t></si><si><t>值</t></si>";

    static async Task<List<string>> RowsAsync(Workbook book)
    {
        using (book.Write()) return (await FileReading.LinesAsync(book.Request, rows: 2))[1..];
    }

    static async Task CellsAsync(string cells, string expected, string texts = "", string properties = "", string formats = "", string styles = "<xf numFmtId=\"0\"/>")
    {
        var rows = await RowsAsync(Workbook.Of($"{Header}<row r=\"7\"><c r=\"A7\" t=\"str\"><v>1</v></c>{cells}</row>", Names + texts, properties, formats, styles));
        Assert.AreEqual($"7: 1|{expected}", rows.Single());
    }

    [TestMethod]
    public async Task Texts_stand_as_they_are_wherever_they_are_kept()
    {
        await CellsAsync("<c r=\"B7\" t=\"s\"><v>2</v></c>", "007", "<si><t>007</t></si>");
        await CellsAsync("<c r=\"B7\" t=\"s\"><v>2</v></c>", " 甲乙 ", "<si><r><t xml:space=\"preserve\"> 甲</t></r><r><rPr><b/></rPr><t xml:space=\"preserve\">乙 </t></r><rPh sb=\"0\" eb=\"1\"><t>jia</t></rPh></si>");
        await CellsAsync("<c r=\"B7\" t=\"inlineStr\"><is><t>a&amp;b</t></is></c>", "a&b");
        await CellsAsync("<c r=\"B7\" t=\"str\"><f>A1&amp;\"x\"</f><v>00x</v></c>", "00x");
        await CellsAsync("<c r=\"B7\" t=\"str\"><v>a_x000D_b_x005F_x0041__xZ</v></c>", "a\rb_x0041__xZ");
        await CellsAsync("<c r=\"B7\" t=\"s\"><v>2</v></c>", "∅", "<si><t/></si>");
        await CellsAsync("<c r=\"B7\" s=\"0\"/>", "∅");
        await CellsAsync("<c r=\"B7\" t=\"str\"><v>x_x0000_y</v></c>", "!nul:x\0y");
    }

    [TestMethod]
    [DataRow("12", "12")]
    [DataRow("12.50", "12.5")]
    [DataRow("-3.0", "-3")]
    [DataRow("1.1000000000000001", "1.1")]
    [DataRow("0.30000000000000004", "0.3")]
    [DataRow("1.0000000000000001E-5", "0.00001")]
    [DataRow("1.2E+20", "120000000000000000000")]
    [DataRow("1E+300", "1E+300")]
    [DataRow("1E-300", "1E-300")]
    [DataRow("12345678901234567", "12345678901234567")]
    [DataRow("-0", "0")]
    [DataRow("0.00", "0")]
    [DataRow(".5", "0.5")]
    public async Task Numbers_are_what_excel_shows(string written, string expected) => await CellsAsync($"<c r=\"B7\"><v>{written}</v></c>", expected);

    [TestMethod]
    [DataRow("46204", "14", "", "2026-07-01")]
    [DataRow("46204.5", "22", "", "2026-07-01T12:00:00")]
    [DataRow("46204.999999999", "14", "", "2026-07-02")]
    [DataRow("46204", "165", "yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;;@", "2026-07-01")]
    [DataRow("46204", "31", "", "2026-07-01")]
    [DataRow("0.75", "165", "[$-409]h:mm:ss AM/PM", "18:00:00")]
    [DataRow("1.5", "165", "[h]:mm", "1.5")]
    [DataRow("5", "165", "#,##0.00 &quot;days&quot;", "5")]
    [DataRow("5", "165", "[Red]0.0", "5")]
    [DataRow("5", "165", "General", "5")]
    [DataRow("1", "14", "", "1900-01-01")]
    [DataRow("59", "14", "", "1900-02-28")]
    [DataRow("60", "14", "", "!type:60")]
    [DataRow("61", "14", "", "1900-03-01")]
    [DataRow("0", "14", "", "!type:0")]
    [DataRow("-1", "14", "", "!type:-1")]
    [DataRow("2958465", "14", "", "9999-12-31")]
    [DataRow("2958465.9999999999", "14", "", "!type:2958465.9999999999")]
    [DataRow("9999999", "14", "", "!type:9999999")]
    public async Task Days_are_told_from_numbers_by_their_form(string written, string id, string format, string expected) =>
        await CellsAsync($"<c r=\"B7\" s=\"1\"><v>{written}</v></c>", expected, formats: format.Length > 0 ? $"<numFmt numFmtId=\"{id}\" formatCode=\"{format}\"/>" : "", styles: $"<xf numFmtId=\"0\"/><xf numFmtId=\"{id}\"/>");

    [TestMethod]
    public async Task Days_may_begin_in_1904()
    {
        await CellsAsync("<c r=\"B7\" s=\"0\"><v>44742</v></c>", "2026-07-01", properties: "date1904=\"1\"", styles: "<xf numFmtId=\"14\"/>");
        await CellsAsync("<c r=\"B7\" s=\"0\"><v>0</v></c>", "1904-01-01", properties: "date1904=\"true\"", styles: "<xf numFmtId=\"14\"/>");
        await CellsAsync("<c r=\"B7\" t=\"d\"><v>2026-07-01T00:00:00</v></c>", "2026-07-01");
    }

    [TestMethod]
    public async Task Results_of_formulas_count_and_their_errors_are_faults()
    {
        await CellsAsync("<c r=\"B7\"><f>1+1</f><v>2</v></c>", "2");
        await CellsAsync("<c r=\"B7\" t=\"b\"><v>1</v></c>", "true");
        await CellsAsync("<c r=\"B7\" t=\"e\"><f>NA()</f><v>#N/A</v></c>", "!type:#N/A");
        await CellsAsync("<c r=\"B7\"><f>1+1</f></c>", "!formula:");
        await CellsAsync("<c r=\"B7\"><f>1+1</f><v /></c>", "!formula:");
        await CellsAsync("<c r=\"B7\"><f>1+1</f><v></v></c>", "!formula:");
        await CellsAsync("<c r=\"B7\" t=\"b\"><f>TRUE()</f><v/></c>", "!formula:");
        await CellsAsync("<c r=\"B7\"><v/></c>", "∅");
        await CellsAsync("<c r=\"B7\" t=\"str\"><f>\"\"</f><v/></c>", "∅");
        await CellsAsync("<c r=\"B7\" t=\"inlineStr\"><f>\"\"</f><is><t/></is></c>", "∅");
        await CellsAsync("<c r=\"B7\" t=\"str\"><f>\"\"</f><v></v></c>", "∅");
    }

    [TestMethod]
    public async Task Rows_and_cells_without_a_place_follow_each_other_and_what_no_column_names_breaks_the_row()
    {
        var rows = await RowsAsync(Workbook.Of("<row/><row r=\"3\"><c t=\"str\"><v>id</v></c><c/><c t=\"str\"><v>c</v></c></row><row><c><v>1</v></c><c><v>2</v></c><c><v>3</v></c></row><row r=\"9\"><c r=\"C9\"><v>4</v></c></row><row r=\"10\"><c r=\"A10\"><v>5</v></c><c r=\"E10\"><v>6</v></c></row><row r=\"11\"><c r=\"E11\"/></row>"));

        CollectionAssert.AreEqual(new[] { "4: 1|2|3", "9: ∅|∅|4", "10: 5|∅|∅ !!fields" }, rows);
    }

    [TestMethod]
    public async Task A_sheet_is_found_by_its_name_and_may_have_no_header()
    {
        using var book = Workbook.Of(Header, Names).Write();

        CollectionAssert.AreEqual(new[] { "other", "2: 5" }, await FileReading.LinesAsync(book.Request with { Sheet = "Other" }));
        CollectionAssert.AreEqual(new[] { "", "1: other", "2: 5" }, await FileReading.LinesAsync(book.Request with { Sheet = "Other", Header = false }));
        StringAssert.Contains(await FileReading.RefusedAsync(book.Request with { Sheet = "Nowhere" }), "'说明', '数据', 'Other'");
    }

    [TestMethod]
    public async Task A_workbook_is_known_by_what_it_holds()
    {
        using var book = Workbook.Of(Header, Names).Write();
        var other = Path.ChangeExtension(book.Path, ".csv");
        File.Copy(book.Path, other);
        try
        {
            CollectionAssert.AreEqual(new[] { "id|值" }, await FileReading.LinesAsync(new FileRequest { Path = other }));
            await File.WriteAllBytesAsync(other, [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, .. new byte[600]]);
            StringAssert.Contains(await FileReading.RefusedAsync(new FileRequest { Path = other }), "password");
            await File.WriteAllTextAsync(other, "PAR1,b\n1,2\n");
            CollectionAssert.AreEqual(new[] { "PAR1|b", "2: 1|2" }, await FileReading.LinesAsync(new FileRequest { Path = other }));
            StringAssert.Contains(await FileReading.RefusedAsync(new FileRequest { Path = other, Sheet = "s" }), "has no --sheet");
        }
        finally
        {
            File.Delete(other);
        }
    }

    [TestMethod]
    [DataRow("xl/worksheets/sheet2.xml", "<!DOCTYPE a [<!ENTITY e \"x\">]><worksheet/>", "DTD")]
    [DataRow("xl/worksheets/sheet2.xml", "<worksheet><sheetData><row>", "no proper workbook")]
    [DataRow("xl/sharedStrings.xml", "<sst><si><t>a</t></si></sst>", "shared text 1")]
    [DataRow("xl/workbook.xml", "<workbook/>", "no sheet")]
    [DataRow("xl/worksheets/sheet2.xml", "<worksheet><sheetData><row><c r=\"XFE1\"><v>1</v></c></row></sheetData></worksheet>", "XFD")]
    [DataRow("xl/worksheets/sheet2.xml", "<worksheet/>", "is empty")]
    public async Task A_wrong_part_refuses_the_file(string part, string content, string expected)
    {
        using var book = Workbook.Of(Header, Names);
        book.Parts[part] = content;

        StringAssert.Contains(await FileReading.RefusedAsync(book.Write().Request), expected);
    }

    [TestMethod]
    public async Task A_zip_file_that_is_no_workbook_or_damaged_is_refused()
    {
        using var book = Workbook.Of(Header + string.Concat(Enumerable.Range(2, 5000).Select(row => $"<row r=\"{row}\"><c r=\"A{row}\"><v>{row * 7919}</v></c></row>")), Names).Write();
        var whole = await File.ReadAllBytesAsync(book.Path);
        await File.WriteAllBytesAsync(book.Path, whole[..(whole.Length / 2)]);
        StringAssert.Contains(await FileReading.RefusedAsync(book.Request), "cut off");
        var random = new Random(5);
        for (var times = 0; times < 300; times++)
        {
            var bytes = whole.ToArray();
            for (var hits = random.Next(1, 8); hits > 0; hits--) bytes[random.Next(4, bytes.Length)] = (byte)random.Next(256);
            await File.WriteAllBytesAsync(book.Path, bytes);
            try
            {
                await FileReading.LinesAsync(book.Request);
            }
            catch (FileFormException)
            {
            }
        }

        using (var zip = new ZipArchive(File.Create(book.Path), ZipArchiveMode.Create)) zip.CreateEntry("a.txt");
        StringAssert.Contains(await FileReading.RefusedAsync(book.Request), "no workbook");
    }

    [TestMethod]
    public async Task A_zip_bomb_is_refused_within_little_memory()
    {
        using var book = Workbook.Of("", "");
        book.Parts.Remove("xl/worksheets/sheet2.xml");
        book.Write();
        using (var zip = ZipFile.Open(book.Path, ZipArchiveMode.Update))
        {
            using var part = zip.CreateEntry("xl/worksheets/sheet2.xml", CompressionLevel.Optimal).Open();
            part.Write("<worksheet><sheetData><row><c t=\"str\"><v>id</v></c></row><row><c t=\"str\"><v>"u8);
            var block = Encoding.ASCII.GetBytes(new string('a', 1 << 20));
            for (var megabytes = 0; megabytes < 100; megabytes++) part.Write(block);
            part.Write("</v></c></row></sheetData></worksheet>"u8);
        }

        StringAssert.Contains(await FileReading.RefusedAsync(book.Request), "more than");
    }

    [TestMethod]
    public void A_part_unpacks_to_no_more_than_it_may()
    {
        using var stream = new UnpackedStream(new MemoryStream(new byte[100]), most: 50);

        Assert.ThrowsExactly<UnpackedTooLargeException>(() => stream.CopyTo(Stream.Null));
    }
}
