using System.Buffers;
using System.Text;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality.Conversion;

/// <summary>
/// The steps of an item's `normalize` that change text, in the order in which they are written. Immutable, safe for concurrent callers.
/// Full-width forms are U+FF01–U+FF5E and the ideographic space U+3000, which stand for U+0021–U+007E and U+0020.
/// </summary>
internal sealed class TextNormalizer
{
    public const string Trim = "trim", HalfWidth = "halfwidth", FullWidth = "fullwidth", Upper = "upper", Lower = "lower", EmptyNull = "empty-null";

    /// <summary>Every step, for messages.</summary>
    public static IReadOnlyList<string> Steps { get; } = [Trim, HalfWidth, FullWidth, Upper, Lower, EmptyNull];

    /// <summary>A step makes at most three bytes of one (ASCII to full width).</summary>
    const int Growth = 3;

    readonly string[] _steps;

    TextNormalizer(string[] steps) => _steps = steps;

    /// <summary>Null when an item asks for no such step.</summary>
    public static TextNormalizer? Create(IEnumerable<string> normalize)
    {
        string[] steps = [.. normalize.Where(Steps.Contains)];
        return steps.Length == 0 ? null : new TextNormalizer(steps);
    }

    /// <summary>A new column of the normalised texts.</summary>
    public BytesColumn Apply(BytesColumn source)
    {
        var target = new BytesColumn(source.Name, source.Type, source.Count);
        var (input, output) = (Array.Empty<byte>(), Array.Empty<byte>());
        try
        {
            for (var row = 0; row < source.Count; row++)
            {
                if (source.IsNull(row)) target.AppendNull();
                else AppendTo(target, source[row], ref input, ref output);
            }
        }
        finally
        {
            Return(input);
            Return(output);
        }

        return target;
    }

    /// <summary>One value; null stays null, and `empty-null` makes '' null.</summary>
    public string? Apply(string? value)
    {
        if (value is null) return null;
        var one = new BytesColumn("", new ItemType(ItemKind.Text), 1);
        one.Append(value);
        return Apply(one).TextAt(0);
    }

    void AppendTo(BytesColumn target, ReadOnlySpan<byte> value, ref byte[] input, ref byte[] output)
    {
        foreach (var step in _steps)
        {
            switch (step)
            {
                case Trim:
                    value = TrimWhiteSpace(value);
                    continue;
                case EmptyNull when value.IsEmpty:
                    target.AppendNull();
                    return;
                case EmptyNull:
                    continue;
            }

            if (IsUnchanged(step, value)) continue;
            Rent(ref output, value.Length * Growth);
            value = output.AsSpan(0, Transform(step, value, output));
            (input, output) = (output, input); // the next step must not write over what it reads
        }

        target.Append(value);
    }

    /// <summary>Cheap answer for the common case: ASCII that the step leaves as it is.</summary>
    static bool IsUnchanged(string step, ReadOnlySpan<byte> value) => step switch
    {
        HalfWidth => Ascii.IsValid(value),
        Upper => Ascii.IsValid(value) && !value.ContainsAnyInRange((byte)'a', (byte)'z'),
        Lower => Ascii.IsValid(value) && !value.ContainsAnyInRange((byte)'A', (byte)'Z'),
        _ => value.IsEmpty,
    };

    static int Transform(string step, ReadOnlySpan<byte> value, Span<byte> output)
    {
        var written = 0;
        while (!value.IsEmpty)
        {
            Rune.DecodeFromUtf8(value, out var rune, out var consumed);
            var changed = step switch
            {
                HalfWidth => ToHalfWidth(rune),
                FullWidth => ToFullWidth(rune),
                Upper => Rune.ToUpperInvariant(rune),
                _ => Rune.ToLowerInvariant(rune),
            };
            written += changed.EncodeToUtf8(output[written..]);
            value = value[consumed..];
        }

        return written;
    }

    static Rune ToHalfWidth(Rune rune) => rune.Value switch
    {
        >= 0xFF01 and <= 0xFF5E => new Rune(rune.Value - 0xFEE0),
        0x3000 => new Rune(' '),
        _ => rune,
    };

    static Rune ToFullWidth(Rune rune) => rune.Value switch
    {
        >= 0x21 and <= 0x7E => new Rune(rune.Value + 0xFEE0),
        ' ' => new Rune(0x3000),
        _ => rune,
    };

    static ReadOnlySpan<byte> TrimWhiteSpace(ReadOnlySpan<byte> value)
    {
        while (!value.IsEmpty && Rune.DecodeFromUtf8(value, out var first, out var consumed) == OperationStatus.Done && Rune.IsWhiteSpace(first)) value = value[consumed..];
        while (!value.IsEmpty && Rune.DecodeLastFromUtf8(value, out var last, out var consumed) == OperationStatus.Done && Rune.IsWhiteSpace(last)) value = value[..^consumed];
        return value;
    }

    static void Rent(ref byte[] buffer, int length)
    {
        if (buffer.Length >= length) return;
        Return(buffer);
        buffer = ArrayPool<byte>.Shared.Rent(length);
    }

    static void Return(byte[] buffer)
    {
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
    }
}
