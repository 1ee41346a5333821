using System.Buffers;
using System.Text;

namespace Exchange.Bus.Transformation.Expressions;

/// <summary>
/// How alike two texts are: the coefficient of Dice (Ecology 26, 1945) and Sørensen over their pairs of neighbouring characters, each pair counted as often as it stands there. Needs no words, and so no language;
/// parts that changed their places count as alike.
/// </summary>
internal static class Similarity
{
    /// <summary>Longest text in characters: bounds the memory (8 bytes each) whatever the cell's limit.</summary>
    public const int LongestText = 100_000;

    /// <returns>0 (no pair in common) to 1 (the same pairs); texts without a pair are alike only when equal.</returns>
    public static double Of(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.SequenceEqual(b)) return 1;
        var (first, second) = (ArrayPool<ulong>.Shared.Rent(a.Length), ArrayPool<ulong>.Shared.Rent(b.Length));
        var left = Pairs(a, first);
        var right = Pairs(b, second);
        var alike = left.Length + right.Length == 0 ? 0 : 2.0 * Common(left, right) / (left.Length + right.Length);
        ArrayPool<ulong>.Shared.Return(first);
        ArrayPool<ulong>.Shared.Return(second);
        return alike;
    }

    /// <summary>In ascending order.</summary>
    static ReadOnlySpan<ulong> Pairs(ReadOnlySpan<byte> text, ulong[] room)
    {
        const int Half = 32;
        var count = 0;
        var before = -1;
        while (!text.IsEmpty)
        {
            // What is no UTF-8 counts as the replacement character.
            Rune.DecodeFromUtf8(text, out var rune, out var length);
            text = text[length..];
            if (before >= 0) room[count++] = ((ulong)before << Half) | (uint)rune.Value;
            before = rune.Value;
        }

        room.AsSpan(0, count).Sort();
        return room.AsSpan(0, count);
    }

    static int Common(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right)
    {
        var (at, other, common) = (0, 0, 0);
        while (at < left.Length && other < right.Length)
        {
            if (left[at] == right[other]) (at, other, common) = (at + 1, other + 1, common + 1);
            else if (left[at] < right[other]) at++;
            else other++;
        }

        return common;
    }
}
