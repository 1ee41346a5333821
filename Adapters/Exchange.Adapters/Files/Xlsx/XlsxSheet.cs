using System.Globalization;
using System.Xml;

namespace Exchange.Adapters.Files.Xlsx;

/// <summary>A cell that holds something: a text, or why there is none.</summary>
/// <param name="Column">From 0.</param>
/// <param name="Text">As it was given when there is a rule.</param>
/// <param name="Rule">Null: the text is its value.</param>
/// <param name="Message">What is wrong with it.</param>
internal readonly record struct XlsxCell(int Column, string Text, string? Rule = null, string Message = "");

/// <summary>Reads the cells of one sheet row by row: ECMA-376 part 1, §18.3.1. Rows and cells without anything are passed over. For one reader.</summary>
internal sealed class XlsxSheet(XlsxArchive archive, XlsxBook book, XlsxTexts texts)
{
    /// <summary>Columns of a sheet, up to XFD.</summary>
    public const int MostColumns = 16_384;

    /// <summary>The rows; the list is filled anew for each.</summary>
    public IEnumerable<(long Row, List<XlsxCell> Cells)> Rows()
    {
        using var rows = ReadRows().GetEnumerator();
        while (true)
        {
            try
            {
                if (!rows.MoveNext()) yield break;
            }
            catch (Exception exception) when (archive.Translate(exception) is { } wrong)
            {
                throw wrong;
            }

            yield return rows.Current;
        }
    }

    IEnumerable<(long Row, List<XlsxCell> Cells)> ReadRows()
    {
        var cells = new List<XlsxCell>();
        var (reader, stream) = archive.Open(book.SheetPart);
        using var closed = reader;
        stream.Limit = XlsxArchive.LargestRecord;
        var place = 0L;
        reader.Read();
        while (!reader.EOF)
        {
            if (reader.NodeType != XmlNodeType.Element || reader.LocalName != "row")
            {
                reader.Read();
                stream.Limit = stream.Given + XlsxArchive.LargestRecord;
                continue;
            }

            place = long.TryParse(reader.GetAttribute("r"), NumberStyles.None, CultureInfo.InvariantCulture, out var row) ? row : place + 1;
            cells.Clear();
            ReadCells(reader, cells);
            stream.Limit = stream.Given + XlsxArchive.LargestRecord;
            if (cells.Count > 0) yield return (place, cells);
        }
    }

    void ReadCells(XmlReader reader, List<XlsxCell> cells)
    {
        var (depth, empty, next) = (reader.Depth, reader.IsEmptyElement, 0);
        reader.Read();
        while (!empty && reader.Depth > depth)
        {
            if (reader.NodeType == XmlNodeType.Element && reader.LocalName == "c")
            {
                var column = Column(reader.GetAttribute("r")) ?? next;
                if (column >= MostColumns) throw archive.Wrong($"has a cell beyond column XFD", null);
                next = column + 1;
                if (ReadCell(reader, column) is { } cell) cells.Add(cell);
            }
            else if (!reader.Read())
            {
                return;
            }
        }

        if (!empty) reader.Read();
    }

    /// <summary>Leaves the reader behind the cell.</summary>
    XlsxCell? ReadCell(XmlReader reader, int column)
    {
        var (type, style) = (reader.GetAttribute("t"), reader.GetAttribute("s"));
        var (depth, empty) = (reader.Depth, reader.IsEmptyElement);
        var (value, formula) = ((string?)null, false);
        reader.Read();
        while (!empty && reader.Depth > depth)
        {
            switch (reader.NodeType == XmlNodeType.Element ? reader.LocalName : "")
            {
                case "v": value = XlsxText.Plain(reader); break;
                case "is": value = XlsxText.Of(reader); break;
                case "f":
                    formula = true;
                    reader.Skip();
                    break;
                default:
                    if (!reader.Read()) return null;
                    break;
            }
        }

        if (!empty) reader.Read();
        // Writers without a calculator leave an empty v. Of a text, and of nothing else, that is a result.
        if (formula && string.IsNullOrEmpty(value) && type is not ("str" or "inlineStr")) return new XlsxCell(column, "", "formula", "holds a formula without its result: open the file in Excel or LibreOffice and save it");
        return string.IsNullOrEmpty(value) ? null : Value(column, type, style, value);
    }

    /// <summary>An empty text is no value, as in CSV.</summary>
    XlsxCell? Value(int column, string? type, string? style, string value)
    {
        switch (type)
        {
            case "s":
                if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || texts[number] is not { } shared) throw archive.Wrong($"has a cell with the shared text {value}, and there is none of that number", null);
                return shared.Length == 0 ? null : new XlsxCell(column, shared);
            case "inlineStr" or "str": return new XlsxCell(column, value);
            case "b": return new XlsxCell(column, value is "1" or "true" ? "true" : "false");
            case "e": return new XlsxCell(column, value, "type", $"holds the error {(value.Length > 20 ? value[..20] : value)} of a formula");
            case "d": return new XlsxCell(column, IsoDay(value));
            default: return Numeric(column, style, value);
        }
    }

    XlsxCell Numeric(int column, string? style, string value)
    {
        var form = int.TryParse(style, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < book.Forms.Count ? book.Forms[number] : NumberForm.Number;
        if (form == NumberForm.Number) return XlsxNumbers.Number(value) is { } shown ? new XlsxCell(column, shown) : new XlsxCell(column, value, "type", "is no number");
        return XlsxNumbers.Day(value, form, book.Since1904, out var problem) is { } day ? new XlsxCell(column, day) : new XlsxCell(column, value, "type", problem);
    }

    /// <summary>Strict workbooks write days as ISO 8601; midnight is no time of day.</summary>
    static string IsoDay(string value) => value.EndsWith("T00:00:00", StringComparison.Ordinal) ? value[..^9] : value;

    /// <summary>From a place such as AB12; null: none is given.</summary>
    static int? Column(string? place)
    {
        if (string.IsNullOrEmpty(place)) return null;
        var column = 0;
        foreach (var letter in place)
        {
            if (!char.IsAsciiLetter(letter)) break;
            column = (column * 26) + (char.ToUpperInvariant(letter) - 'A' + 1);
            if (column > MostColumns) return MostColumns;
        }

        return column == 0 ? null : column - 1;
    }

    /// <summary>A, B, … as a person sees it.</summary>
    public static string Letters(int column)
    {
        var letters = "";
        for (var rest = column + 1; rest > 0; rest = (rest - 1) / 26) letters = (char)('A' + ((rest - 1) % 26)) + letters;
        return letters;
    }
}
