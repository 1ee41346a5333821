using System.Globalization;
using System.Xml;
using Exchange.Contracts.Files;

namespace Exchange.Adapters.Files.Xlsx;

/// <summary>What a workbook says about its sheets: which part one stands in, how numbers are shown, where its days begin. Immutable.</summary>
/// <param name="SheetPart">The part of the sheet that is read.</param>
/// <param name="TextsPart">The part of the shared texts; null: none.</param>
/// <param name="Since1904">Days are counted from 1904-01-01.</param>
/// <param name="Forms">By the number of a cell's style.</param>
internal sealed record XlsxBook(string SheetPart, string? TextsPart, bool Since1904, IReadOnlyList<NumberForm> Forms)
{
    /// <summary>Styles of cells; Excel has at most 65,490.</summary>
    const int MostStyles = 70_000;

    const int MostSheets = 10_000;

    public static XlsxBook Read(XlsxArchive archive, string? sheet)
    {
        try
        {
            var slash = archive.Workbook.LastIndexOf('/') + 1;
            var (folder, file) = (archive.Workbook[..slash], archive.Workbook[slash..]);
            var rels = $"{folder}_rels/{file}.rels";
            var relations = archive.Has(rels) ? archive.Relations(rels, folder) : throw archive.Wrong($"lacks its part {rels}", null);
            var (sheets, since1904) = ReadWorkbook(archive);
            var worksheets = sheets.Select(each => (each.Name, each.Hidden, relations.FirstOrDefault(relation => relation.Id == each.Id && relation.Type == "worksheet").Target)).Where(each => each.Target is not null).ToList();
            var part = Choose(archive, worksheets, sheet);
            string? Find(string type) => relations.FirstOrDefault(relation => relation.Type == type).Target is { } target && archive.Has(target) ? target : null;
            return new XlsxBook(part, Find("sharedStrings"), since1904, Find("styles") is { } styles ? ReadForms(archive, styles) : []);
        }
        catch (Exception exception) when (archive.Translate(exception) is { } wrong)
        {
            throw wrong;
        }
    }

    static string Choose(XlsxArchive archive, List<(string Name, bool Hidden, string Target)> sheets, string? wanted)
    {
        if (sheets.Count == 0) throw archive.Wrong("has no sheet of cells", null);
        if (wanted is null) return (sheets.FirstOrDefault(sheet => !sheet.Hidden) is { Target: not null } shown ? shown : sheets[0]).Target;
        const int MostNamed = 20;
        return sheets.FirstOrDefault(sheet => sheet.Name == wanted).Target ?? sheets.FirstOrDefault(sheet => string.Equals(sheet.Name, wanted, StringComparison.OrdinalIgnoreCase)).Target
            ?? throw new FileFormException($"{archive.Name} has no sheet '{wanted}'.", $"Its sheets are {string.Join(", ", sheets.Take(MostNamed).Select(sheet => $"'{sheet.Name}'"))}. Nothing was changed.");
    }

    static (List<(string Name, string Id, bool Hidden)> Sheets, bool Since1904) ReadWorkbook(XlsxArchive archive)
    {
        var (sheets, since1904) = (new List<(string, string, bool)>(), false);
        var (reader, stream) = archive.Open(archive.Workbook);
        using (reader)
        {
            stream.Limit = XlsxArchive.LargestSmallPart;
            while (reader.Read())
            {
                if (reader.NodeType != XmlNodeType.Element) continue;
                if (reader.LocalName == "workbookPr") since1904 = reader.GetAttribute("date1904") is "1" or "true" or "on";
                if (reader.LocalName != "sheet") continue;
                if (sheets.Count == MostSheets) throw archive.Wrong("has too many sheets", null);
                sheets.Add((reader.GetAttribute("name") ?? "", Reference(reader), reader.GetAttribute("state") is "hidden" or "veryHidden"));
            }
        }

        return (sheets, since1904);
    }

    /// <summary>r:id, whichever edition of the standard the namespace is of.</summary>
    static string Reference(XmlReader reader)
    {
        var id = "";
        while (reader.MoveToNextAttribute())
            if (reader.LocalName == "id" && reader.Prefix.Length > 0) id = reader.Value;
        reader.MoveToElement();
        return id;
    }

    static List<NumberForm> ReadForms(XlsxArchive archive, string part)
    {
        var (forms, own, cells) = (new List<NumberForm>(), new Dictionary<int, NumberForm>(), false);
        var (reader, stream) = archive.Open(part);
        using (reader)
        {
            stream.Limit = XlsxArchive.LargestSmallPart;
            while (reader.Read())
            {
                if (reader.LocalName == "cellXfs") cells = reader.NodeType == XmlNodeType.Element && !reader.IsEmptyElement;
                if (reader.NodeType != XmlNodeType.Element) continue;
                if (reader.LocalName == "numFmt" && Id(reader) is { } named) own[named] = XlsxNumbers.FormOf(reader.GetAttribute("formatCode") ?? "");
                if (!cells || reader.LocalName != "xf") continue;
                var id = Id(reader) ?? 0;
                forms.Add(own.TryGetValue(id, out var form) ? form : XlsxNumbers.BuiltIn(id));
                if (forms.Count > MostStyles || own.Count > MostStyles) throw archive.Wrong("has too many styles", null);
            }
        }

        return forms;
    }

    static int? Id(XmlReader reader) => int.TryParse(reader.GetAttribute("numFmtId"), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
}
