using System.Text;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Transformation.Expressions;

/// <summary>What one part of a bound expression works with: room for the text that it makes, reused from row to row, and the place for faults.</summary>
internal sealed class Scratch(Binding binding)
{
    /// <summary>Longest text that an expression makes, in bytes: a cell's default limit. Keeps nested replace and concat from eating the memory.</summary>
    public const int LongestText = 16 * 1024 * 1024;

    byte[] _bytes = [];
    char[] _chars = [];
    int _length;

    public Binding Binding { get; } = binding;

    public ReadOnlySpan<byte> Text => _bytes.AsSpan(0, _length);

    public bool Fail(string text) => Binding.Fault.Raise(text);

    public void Start() => _length = 0;

    /// <returns>False: the text would be too long, which is a fault.</returns>
    public bool Add(ReadOnlySpan<byte> text)
    {
        if (_length > LongestText - text.Length) return Fail($"A computed text is longer than {LongestText} bytes.");
        if (_length + text.Length > _bytes.Length) Array.Resize(ref _bytes, Math.Max(_length + text.Length, Math.Min(LongestText, Math.Max(64, _bytes.Length * 2))));
        text.CopyTo(_bytes.AsSpan(_length));
        _length += text.Length;
        return true;
    }

    /// <summary>Makes characters the whole text.</summary>
    public bool Set(ReadOnlySpan<char> text)
    {
        Start();
        var needed = Encoding.UTF8.GetByteCount(text);
        if (needed > LongestText) return Fail($"A computed text is longer than {LongestText} bytes.");
        if (needed > _bytes.Length) _bytes = new byte[Math.Max(64, needed)];
        _length = Encoding.UTF8.GetBytes(text, _bytes);
        return true;
    }

    /// <summary>A text's characters; valid until the next call.</summary>
    public Span<char> Characters(ReadOnlySpan<byte> text)
    {
        if (_chars.Length < text.Length) _chars = new char[Math.Max(64, text.Length)];
        return _chars.AsSpan(0, Encoding.UTF8.GetChars(text, _chars));
    }
}

/// <summary>What a bound expression reads: one batch, and the moment and zone at which it was bound. today() and now() do not change within a batch.</summary>
/// <param name="batch">Its rows.</param>
/// <param name="now">Microseconds since 1970.</param>
/// <param name="zone">Zone of dates in expressions.</param>
internal sealed class Binding(RowBatch batch, long now, TimeZoneInfo zone)
{
    readonly Dictionary<Typed, Evaluator> _shared = new(ReferenceEqualityComparer.Instance);

    public RowBatch Batch { get; } = batch;

    public long Now { get; } = now;

    public TimeZoneInfo Zone { get; } = zone;

    public Fault Fault { get; } = new();

    /// <summary>One evaluator for all that read the piece.</summary>
    public Evaluator Share(Typed piece, Func<Binding, Evaluator> build)
    {
        if (_shared.TryGetValue(piece, out var evaluator)) return evaluator;
        evaluator = build(this);
        _shared.Add(piece, evaluator);
        return evaluator;
    }
}
