using System.Globalization;
using System.Text;

namespace Exchange.Host.Output;

/// <summary>Columns aligned by blanks, for pipes and files. Wide East Asian characters count as two columns, as terminals show them (UAX #11).</summary>
internal static class PlainTable
{
    const int Gap = 3;

    public static void Write(TextWriter output, IReadOnlyList<string> headers, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var cells = rows.Select(row => row.Select(Clean).ToList()).Prepend([.. headers]).ToList();
        var widths = headers.Select((_, column) => cells.Max(row => Width(row[column]))).ToList();
        foreach (var row in cells)
        {
            var line = new StringBuilder();
            for (var column = 0; column < row.Count; column++)
                line.Append(row[column]).Append(' ', widths[column] - Width(row[column]) + Gap);
            output.WriteLine(line.ToString().TrimEnd());
        }
    }

    /// <summary>One line without control characters: a title cannot move the cursor or colour the screen.</summary>
    public static string Clean(string text) => text.Any(char.IsControl) ? string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter)) : text;

    /// <summary>Columns that a terminal uses.</summary>
    public static int Width(string text)
    {
        var width = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            if (category is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format) continue;
            width += IsWide(rune.Value) ? 2 : 1;
        }

        return width;
    }

    /// <summary>Hangul, CJK with its signs and kana, full-width forms, emoji, the supplementary ideographs.</summary>
    static bool IsWide(int point) => point is (>= 0x1100 and <= 0x115F) or (>= 0x2E80 and <= 0x303E) or (>= 0x3041 and <= 0x33FF) or (>= 0x3400 and <= 0x4DBF)
        or (>= 0x4E00 and <= 0x9FFF) or (>= 0xA000 and <= 0xA4CF) or (>= 0xAC00 and <= 0xD7A3) or (>= 0xF900 and <= 0xFAFF) or (>= 0xFE30 and <= 0xFE4F)
        or (>= 0xFF00 and <= 0xFF60) or (>= 0xFFE0 and <= 0xFFE6) or (>= 0x1F300 and <= 0x1F64F) or (>= 0x1F900 and <= 0x1F9FF) or (>= 0x20000 and <= 0x3FFFD);
}
