using System.Globalization;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality.Rules;

/// <summary>How many Unicode code points a text has: the limit of <c>string(n)</c>, and the rule <c>length</c>.</summary>
internal sealed class LengthRule(int least, int greatest, string limit) : ColumnRule
{
    public const string Name = "length";

    /// <summary>The declared limit of the item's type.</summary>
    public static LengthRule OfType(ItemType type) => new(0, type.Length, $"at most {Points(type.Length)} are allowed by {type}");

    /// <summary>Reads <c>18</c>, <c>4..8</c>, <c>4..</c> or <c>..8</c>.</summary>
    public static string? Parse(string? argument, ItemType type, out ColumnRule? rule)
    {
        rule = null;
        if (!type.IsText) return $"the rule length is for text; the item is of type {type}";
        const string form = "length takes a number of characters or a range, as in 'length 18', 'length 4..8', 'length 4..', 'length ..8'";
        var dots = argument?.IndexOf("..", StringComparison.Ordinal) ?? -1;
        var (low, high) = dots < 0 ? (argument ?? "", argument ?? "") : (argument![..dots], argument[(dots + 2)..]);
        if (dots >= 0 && low.Length == 0 && high.Length == 0) return form;
        var (least, greatest) = (0, int.MaxValue);
        if ((low.Length > 0 || dots < 0) && !int.TryParse(low, NumberStyles.None, CultureInfo.InvariantCulture, out least)) return form;
        if ((high.Length > 0 || dots < 0) && !int.TryParse(high, NumberStyles.None, CultureInfo.InvariantCulture, out greatest)) return form;
        if (least > greatest) return $"the range {argument} is empty: its first number is the smaller one";
        if (type.Kind == ItemKind.String && least > type.Length) return $"no {type} has {Points(least)}";
        rule = new LengthRule(least, greatest, Limit(least, greatest));
        return null;
    }

    public override void Judge(Column column, ItemFindings findings)
    {
        var texts = (BytesColumn)column;
        for (var row = 0; row < texts.Count; row++)
        {
            if (texts.IsNull(row)) continue;
            var value = texts[row];
            // A code point takes at least one byte and at most four: most values need no counting.
            if (value.Length <= greatest && value.Length / 4 >= least) continue;
            var length = CodePoints(value);
            if (length >= least && length <= greatest) continue;
            findings.Break(row, Name, ValueText.At(texts, row), $"The text has {Points(length)}; {limit}.");
        }
    }

    /// <summary>Code points of valid UTF-8: every byte but those that continue one.</summary>
    static int CodePoints(ReadOnlySpan<byte> value)
    {
        var count = 0;
        foreach (var part in value)
            if ((part & 0xC0) != 0x80) count++;
        return count;
    }

    static string Limit(int least, int greatest)
    {
        if (least == greatest) return $"exactly {Points(least)} are required";
        if (greatest == int.MaxValue) return $"at least {Points(least)} are required";
        return least == 0 ? $"at most {Points(greatest)} are allowed" : $"{least} to {Points(greatest)} are allowed";
    }

    static string Points(int count) => count == 1 ? "1 character" : string.Create(CultureInfo.InvariantCulture, $"{count} characters");
}
