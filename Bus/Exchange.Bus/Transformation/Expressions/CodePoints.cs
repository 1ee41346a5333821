using System.Buffers;
using System.Text;

namespace Exchange.Bus.Transformation.Expressions;

/// <summary>UTF-8 counted and cut by code points, without decoding.</summary>
internal static class CodePoints
{
    public static int Count(ReadOnlySpan<byte> text)
    {
        var count = 0;
        foreach (var unit in text)
            if ((unit & 0xC0) != 0x80) count++;
        return count;
    }

    /// <summary>Up to <paramref name="count"/> code points after the first <paramref name="skip"/>; none when the count is not positive.</summary>
    public static ReadOnlySpan<byte> Slice(ReadOnlySpan<byte> text, long skip, long count)
    {
        if (count <= 0) return [];
        var start = Offset(text, skip);
        var rest = text[start..];
        return rest[..Offset(rest, count)];
    }

    public static ReadOnlySpan<byte> Last(ReadOnlySpan<byte> text, long count)
    {
        if (count <= 0) return [];
        var at = text.Length;
        while (at > 0 && count > 0)
        {
            at--;
            if ((text[at] & 0xC0) != 0x80) count--;
        }

        return text[at..];
    }

    /// <summary>Without white space of any script (the ideographic blank too) at both ends.</summary>
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        while (Rune.DecodeFromUtf8(text, out var first, out var length) == OperationStatus.Done && Rune.IsWhiteSpace(first)) text = text[length..];
        while (Rune.DecodeLastFromUtf8(text, out var last, out var length) == OperationStatus.Done && Rune.IsWhiteSpace(last)) text = text[..^length];
        return text;
    }

    static int Offset(ReadOnlySpan<byte> text, long points)
    {
        if (points >= text.Length) return text.Length;
        for (var at = 0; at < text.Length; at++)
            if ((text[at] & 0xC0) != 0x80 && points-- == 0) return at;
        return text.Length;
    }
}
