using System.Text;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality;

/// <summary>Values as people of the provider see them: cut, so that a cell of many megabytes never stands in a record or a message.</summary>
internal static class ValueText
{
    /// <summary>Greatest number of characters of a value that is kept beside a broken rule.</summary>
    public const int Longest = 200;

    /// <summary>Characters of a value that a message quotes.</summary>
    const int Quoted = 60;

    public static string? Cut(string? value) => value is null ? null : Cut(value, Longest);

    /// <summary>The value in single quotes, shortened.</summary>
    public static string Quote(string? value)
    {
        if (value is null) return "NULL";
        var cut = Cut(value, Quoted);
        return cut.Length == value.Length ? $"'{value}'" : $"'{cut}…'";
    }

    /// <summary>As <see cref="Column.TextAt"/>, but of a large cell only the beginning is decoded.</summary>
    public static string? At(Column column, int row)
    {
        if (column.IsNull(row) || column is not BytesColumn bytes) return column.TextAt(row);
        if (column.Type.Kind == ItemKind.Binary) return Convert.ToHexStringLower(Start(bytes[row], (Longest + 1) / 2));
        return Cut(Encoding.UTF8.GetString(Start(bytes[row], Longest * 4)), Longest);
    }

    static ReadOnlySpan<byte> Start(ReadOnlySpan<byte> value, int most)
    {
        if (value.Length <= most) return value;
        var end = most;
        while (end > 0 && (value[end] & 0xC0) == 0x80) end--; // never in the middle of a code point
        return value[..end];
    }

    static string Cut(string value, int most)
    {
        if (value.Length <= most) return value;
        return char.IsHighSurrogate(value[most - 1]) ? value[..(most - 1)] : value[..most];
    }
}
