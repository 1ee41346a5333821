using System.Buffers.Text;
using Exchange.Bus.Catalogue;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality.Rules;

/// <summary>The value is a code of a code set. Codes are compared byte by byte in UTF-8, without making strings.</summary>
internal sealed class CodeSetRule : ColumnRule
{
    public const string Name = "code-set";

    readonly string _set;
    readonly HashSet<byte[]>.AlternateLookup<ReadOnlySpan<byte>> _codes;

    public CodeSetRule(CodeSet set)
    {
        _set = set.Name;
        _codes = new HashSet<byte[]>(set.Codes.Keys.Select(System.Text.Encoding.UTF8.GetBytes), new Utf8Comparer()).GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>Codes are texts; whole numbers are compared by their digits.</summary>
    public static bool Fits(ItemType type) => type.IsText || type.Kind is ItemKind.Int32 or ItemKind.Int64;

    public override void Judge(Column column, ItemFindings findings)
    {
        if (column is BytesColumn texts)
        {
            for (var row = 0; row < texts.Count; row++)
                if (!texts.IsNull(row) && !_codes.Contains(texts[row])) Break(column, row, findings);
            return;
        }

        var longs = (LongColumn)column;
        Span<byte> digits = stackalloc byte[20]; // the longest int64
        for (var row = 0; row < longs.Count; row++)
        {
            if (longs.IsNull(row)) continue;
            Utf8Formatter.TryFormat(longs[row], digits, out var written);
            if (!_codes.Contains(digits[..written])) Break(column, row, findings);
        }
    }

    void Break(Column column, int row, ItemFindings findings)
    {
        var value = ValueText.At(column, row);
        findings.Break(row, Name, value, $"{ValueText.Quote(value)} is not a code of the code set {_set}.", $"codeset/{_set}");
    }

    sealed class Utf8Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x is null ? y is null : y is not null && x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = new HashCode();
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
