using System.Text;
using Exchange.Contracts.Files;

namespace Exchange.Adapters.Files;

/// <summary>
/// Which encoding a text file has: what a caller says, else a byte order mark, else UTF-16 where its zero bytes leave no doubt, else UTF-8 if the whole file is, else GB18030 if it is that,
/// else UTF-16 where its zero bytes allow it: Chinese texts have few of them, but are hardly ever proper UTF-8 or GB18030. Strict: a file with one sequence of bytes that its encoding does not have is refused with that place.
/// </summary>
internal static class TextEncodings
{
    static readonly string[] Candidates = ["utf-8", "gb18030"];

    /// <exception cref="FileFormException">No encoding fits all of the file.</exception>
    public static async Task<Encoding> FindAsync(string path, string? given, CancellationToken cancel)
    {
        var start = new byte[4096];
        int read;
        await using (var file = File.OpenRead(path)) read = await file.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancel);
        var candidates = given is not null ? [given] : Found(start.AsSpan(0, read));
        var first = -1L;
        foreach (var name in candidates)
        {
            var encoding = Strict(path, name);
            var wrong = await FirstWrongAsync(path, encoding, cancel);
            if (wrong < 0) return encoding;
            if (first < 0) first = wrong;
        }

        throw new FileFormException($"{Path.GetFileName(path)}: the bytes at offset {first} are no {candidates[0]}{(candidates.Length > 1 ? $", and the file is no {string.Join(" and no ", candidates[1..])} either" : "")}.",
            "Save it as UTF-8, or say its encoding with --encoding. Nothing was changed.");
    }

    /// <summary>Those that are tried, one after the other.</summary>
    static string[] Found(ReadOnlySpan<byte> start) => start switch
    {
        [0xEF, 0xBB, 0xBF, ..] => ["utf-8"],
        [0xFF, 0xFE, ..] => ["utf-16"],
        [0xFE, 0xFF, ..] => ["utf-16be"],
        [0x84, 0x31, 0x95, 0x33, ..] => ["gb18030"],
        _ => Utf16Signs.Of(start) switch
        {
            { Order: { } order, Certain: true } => [order],
            { Order: { } order } => [.. Candidates, order],
            _ => Candidates,
        },
    };

    static Encoding Strict(string path, string name)
    {
        try
        {
            return CodePagesEncodingProvider.Instance.GetEncoding(name, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)
                ?? Encoding.GetEncoding(name, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
        }
        catch (ArgumentException exception)
        {
            throw new FileFormException($"{Path.GetFileName(path)}: there is no encoding '{name}'.", "Usual are utf-8, utf-16, utf-16be and gb18030.", exception);
        }
    }

    /// <summary>Where the first bytes stand that the encoding does not have; -1: nowhere.</summary>
    static async Task<long> FirstWrongAsync(string path, Encoding encoding, CancellationToken cancel)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan);
        var decoder = encoding.GetDecoder();
        var bytes = new byte[1 << 16];
        var letters = new char[encoding.GetMaxCharCount(bytes.Length)];
        for (var place = 0L; ;)
        {
            var read = await file.ReadAsync(bytes, cancel);
            try
            {
                decoder.GetChars(bytes, 0, read, letters, 0, flush: read == 0);
            }
            catch (DecoderFallbackException exception)
            {
                // Counted from this block's beginning; bytes that were left over from the block before are counted below zero.
                return Math.Max(0, place + exception.Index);
            }

            if (read == 0) return -1;
            place += read;
        }
    }
}
