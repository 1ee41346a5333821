using System.Buffers.Text;
using System.Globalization;

namespace Exchange.Adapters.Database.Reading;

/// <summary>
/// Where a page ended: the order columns of its last row in the engine's own exact text. Written <c>k.PART.PART</c>, after the rows whose key is whole
/// <c>n.COUNT</c>; a part is base64url, or <c>-</c> for NULL.
/// </summary>
internal sealed record ResumeToken(IReadOnlyList<byte[]?> Parts, long? NullRows)
{
    public static string AfterKey(IEnumerable<ReadOnlyMemory<byte>?> parts) =>
        "k." + string.Join('.', parts.Select(part => part is { } bytes ? "=" + Base64Url.EncodeToString(bytes.Span) : "-"));

    /// <summary>Rows whose key holds NULL have no place of their own; they are counted.</summary>
    public static string AmongNulls(long count) => string.Create(CultureInfo.InvariantCulture, $"n.{count}");

    public static ResumeToken? Parse(string? text, int parts)
    {
        if (text is null) return null;
        var pieces = text.Split('.');
        try
        {
            if (pieces is ["n", var count]) return new ResumeToken([], long.Parse(count, NumberStyles.None, CultureInfo.InvariantCulture));
            if (pieces[0] == "k" && pieces.Length == parts + 1)
                return new ResumeToken([.. pieces.Skip(1).Select(piece => piece == "-" ? null : Base64Url.DecodeFromChars(piece.AsSpan(1)))], null);
        }
        catch (Exception exception) when (exception is FormatException or OverflowException)
        {
            throw Unfit(exception);
        }

        throw Unfit(null);
    }

    static ArgumentException Unfit(Exception? inner) => new("The place to resume from is not one of this source: its key has changed. Begin the read anew.", inner);
}
