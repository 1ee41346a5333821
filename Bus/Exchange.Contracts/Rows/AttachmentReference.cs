using System.Globalization;

namespace Exchange.Contracts.Rows;

/// <summary>
/// What stands in a row in the place of an attachment's contents: <c>sha256:</c>, 64 lower-case hexadecimal digits, <c>/</c>, the size in bytes in decimal digits. Equal contents have equal references.
/// </summary>
/// <param name="Digest">SHA-256 of the contents, 64 lower-case hexadecimal digits.</param>
/// <param name="Size">Bytes.</param>
public readonly record struct AttachmentReference(string Digest, long Size)
{
    /// <summary>Characters of the longest reference: a size has at most 19 digits.</summary>
    public const int LongestText = 7 + DigestLength + 1 + 19;

    /// <summary>
    /// Bytes of each part in which contents are kept, the last one excepted; empty contents are one empty part. It never changes: parts that another version of the hub, or one that was killed, has left
    /// are the parts that this one would write.
    /// </summary>
    public const int PartBytes = 1024 * 1024;

    const string Algorithm = "sha256:";
    const int DigestLength = 64;

    /// <summary>Whether the text is a reference, exactly as <see cref="ToString"/> writes it.</summary>
    public static bool TryParse(string? text, out AttachmentReference reference)
    {
        reference = default;
        if (text is null || text.Length is < 7 + DigestLength + 2 or > LongestText || !text.StartsWith(Algorithm, StringComparison.Ordinal) || text[7 + DigestLength] != '/') return false;
        var digest = text.AsSpan(7, DigestLength);
        foreach (var digit in digest)
            if (!char.IsAsciiHexDigitLower(digit)) return false;
        var size = text.AsSpan(7 + DigestLength + 1);
        if (size[0] == '0' && size.Length > 1) return false;
        if (!long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)) return false;
        reference = new AttachmentReference(digest.ToString(), bytes);
        return true;
    }

    /// <summary>References that may stand anywhere in a text. Digits that follow one can't be told from its own, so each beginning of them is one: rather one too many.</summary>
    public static IEnumerable<string> FindIn(string text)
    {
        for (var at = text.IndexOf(Algorithm, StringComparison.Ordinal); at >= 0; at = text.IndexOf(Algorithm, at + 1, StringComparison.Ordinal))
        {
            for (var end = at + 7 + DigestLength + 1; end < text.Length && end - at < LongestText && char.IsAsciiDigit(text[end]); end++)
                if (TryParse(text[at..(end + 1)], out var reference)) yield return reference.ToString();
        }
    }

    /// <exception cref="FormatException">It is none.</exception>
    public static AttachmentReference Parse(string text) => TryParse(text, out var reference) ? reference : throw new FormatException($"'{text}' is no reference of an attachment.");

    /// <summary>Of contents whose SHA-256 is known.</summary>
    public static AttachmentReference Of(ReadOnlySpan<byte> sha256, long size) => new(Convert.ToHexStringLower(sha256), size);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Algorithm}{Digest}/{Size}");
}
