using System.IO.Compression;
using System.Text;
using Exchange.Adapters.Files;
using Exchange.Contracts.Files;

namespace Exchange.UnitTests.Files;

/// <summary>Reads a file as the hub does and shows each row as one line.</summary>
internal static class FileReading
{
    public static async Task<List<string>> LinesAsync(FileRequest request, int rows = 100, IHeaderSearch? search = null)
    {
        await using var source = await new FileSources().OpenAsync(request, search, CancellationToken.None);
        var lines = new List<string> { string.Join("|", source.Columns) };
        await foreach (var page in source.ReadAsync(rows, long.MaxValue, CancellationToken.None))
        {
            Assert.IsLessThanOrEqualTo(rows, page.Rows.Rows.Count);
            for (var row = 0; row < page.Rows.Rows.Count; row++)
            {
                var cells = page.Rows.Rows.Columns.Select((column, at) => page.Rows.Faults.FirstOrDefault(fault => fault.Row == row && fault.Column == at) is { } fault ? $"!{fault.Rule}:{fault.Value}" : column.TextAt(row) ?? "∅");
                lines.Add($"{page.Places[row]}: {string.Join("|", cells)}{string.Concat(page.Broken.Where(broken => broken.Row == row).Select(broken => $" !!{broken.Rule}"))}");
            }
        }

        Assert.IsNotNull(source.Digest);
        return lines;
    }

    public static async Task<string> RefusedAsync(FileRequest request)
    {
        var refused = await Assert.ThrowsExactlyAsync<FileFormException>(() => LinesAsync(request));
        return $"{refused.Message} {refused.Next}";
    }
}

/// <summary>A workbook as Excel writes one, part by part, in a file of its own that goes with it.</summary>
internal sealed class Workbook : IDisposable
{
    const string Spread = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"";

    const string Kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"{Guid.NewGuid():N}.xlsx");

    public FileRequest Request => new() { Path = Path };

    public Dictionary<string, string> Parts { get; } = new(StringComparer.Ordinal);

    public static Workbook Of(string rows, string texts = "", string properties = "", string formats = "", string styles = "<xf numFmtId=\"0\"/>")
    {
        var book = new Workbook();
        book.Parts["[Content_Types].xml"] = "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>";
        book.Parts["_rels/.rels"] = Relations(("rId1", "officeDocument", "xl/workbook.xml"));
        book.Parts["xl/workbook.xml"] = $"<workbook {Spread}><workbookPr {properties}/><sheets><sheet name=\"说明\" sheetId=\"1\" state=\"hidden\" r:id=\"rId1\"/><sheet name=\"数据\" sheetId=\"2\" r:id=\"rId2\"/><sheet name=\"Other\" sheetId=\"3\" r:id=\"rId5\"/></sheets></workbook>";
        book.Parts["xl/_rels/workbook.xml.rels"] = Relations(("rId1", "worksheet", "worksheets/sheet1.xml"), ("rId2", "worksheet", "/xl/worksheets/sheet2.xml"), ("rId3", "sharedStrings", "sharedStrings.xml"), ("rId4", "styles", "styles.xml"), ("rId5", "worksheet", "worksheets/sheet3.xml"));
        book.Parts["xl/worksheets/sheet1.xml"] = Sheet("<row><c t=\"str\"><v>hidden</v></c></row>");
        book.Parts["xl/worksheets/sheet2.xml"] = Sheet(rows);
        book.Parts["xl/worksheets/sheet3.xml"] = Sheet("<row><c t=\"str\"><v>other</v></c></row><row><c><v>5</v></c></row>");
        book.Parts["xl/sharedStrings.xml"] = $"<sst {Spread}>{texts}</sst>";
        book.Parts["xl/styles.xml"] = $"<styleSheet {Spread}><numFmts>{formats}</numFmts><cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs><cellXfs>{styles}</cellXfs></styleSheet>";
        return book;
    }

    public Workbook Write()
    {
        using var zip = new ZipArchive(File.Create(Path), ZipArchiveMode.Create);
        foreach (var (name, text) in Parts)
        {
            using var part = zip.CreateEntry(name, CompressionLevel.Fastest).Open();
            part.Write(Encoding.UTF8.GetBytes(text));
        }

        return this;
    }

    public void Dispose() => File.Delete(Path);

    public static string Sheet(string rows) => $"<worksheet {Spread}><sheetData>{rows}</sheetData></worksheet>";

    static string Relations(params (string Id, string Kind, string Target)[] all) =>
        $"<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{string.Concat(all.Select(each => $"<Relationship Id=\"{each.Id}\" Type=\"{Kinds}/{each.Kind}\" Target=\"{each.Target}\"/>"))}</Relationships>";
}
