namespace Exchange.Adapters.Files;

/// <summary>
/// What the zero bytes at the beginning of a file say. In UTF-16 each line end and each delimiter has one beside it, always on the same side, and no two of them, nor digits, stand side by side
/// in one pair of bytes. A file without a zero byte is never taken for UTF-16.
/// </summary>
/// <param name="Order">utf-16 or utf-16be; null: it is none.</param>
/// <param name="Certain">Zero bytes outweigh what looks like a text of bytes; if not, UTF-8 and GB18030 come first.</param>
internal readonly record struct Utf16Signs(string? Order, bool Certain)
{
    public static Utf16Signs Of(ReadOnlySpan<byte> start)
    {
        // Index 0: the zero byte comes second (little endian), 1: first.
        Span<int> marks = stackalloc int[2], letters = stackalloc int[2];
        var (bare, signs) = (0, 0);
        for (var at = 0; at + 1 < start.Length; at += 2)
        {
            var (first, second) = (start[at], start[at + 1]);
            if (first == 0 || second == 0)
            {
                var (side, letter) = second == 0 ? (0, first) : (1, second);
                if (IsMark(letter)) marks[side]++;
                if (letter is not 0 and < 0x80) letters[side]++;
                continue;
            }

            if (IsSign(first) && IsSign(second)) signs++;
            if (IsPrintable(first) && IsPrintable(second)) bare++;
        }

        // 一 is U+4E00: letters may have a zero byte on the other side, but line ends and delimiters would be U+0A00, U+2C00 and others that no text has.
        if (marks[0] > 0 == marks[1] > 0) return default;
        var order = marks[0] > 0 ? 0 : 1;
        if (signs >= marks[order]) return default;
        return new Utf16Signs(order == 0 ? "utf-16" : "utf-16be", signs == 0 && letters[order] > bare);
    }

    static bool IsMark(byte letter) => letter is (byte)'\n' or (byte)'\r' or (byte)'\t' or (byte)',' or (byte)';' or (byte)'|';

    /// <summary>Without the tab: in pairs with digits it makes letters of Devanagari.</summary>
    static bool IsSign(byte letter) => letter is (byte)'\n' or (byte)'\r' or (byte)',' or (byte)';' or (byte)'|' or (byte)'"' or (>= (byte)'0' and <= (byte)'9');

    /// <summary>As texts of bytes have them: ASCII, and halves of Chinese characters.</summary>
    static bool IsPrintable(byte letter) => letter is (>= 0x20 and < 0x7F) or (byte)'\n' or (byte)'\r' or >= 0xA1;
}
