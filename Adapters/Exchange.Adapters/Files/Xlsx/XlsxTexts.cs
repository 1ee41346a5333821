using System.Text;
using System.Xml;

namespace Exchange.Adapters.Files.Xlsx;

/// <summary>
/// The shared texts of a workbook. There may be as many as cells, so they stand in two temporary files (texts, and where each begins) that have no name while they are open: kill -9 leaves nothing.
/// The last ones asked for are held. Filled by one writer, then for one reader.
/// </summary>
internal sealed class XlsxTexts : IDisposable
{
    /// <summary>Texts that are held, by their place.</summary>
    const int Held = 16_384;

    /// <summary>Longest text that is held, in characters.</summary>
    const int LongestHeld = 256;

    readonly FileStream _texts = Temporary();
    readonly FileStream _starts = Temporary();
    readonly (int Number, string? Text)[] _held = new (int, string?)[Held];
    byte[] _buffer = new byte[1024];

    public int Count { get; private set; }

    public static XlsxTexts Read(XlsxArchive archive, string? part, CancellationToken cancel)
    {
        var texts = new XlsxTexts();
        try
        {
            if (part is not null)
            {
                var (reader, stream) = archive.Open(part);
                using (reader)
                {
                    stream.Limit = XlsxArchive.LargestRecord;
                    reader.Read();
                    while (!reader.EOF)
                    {
                        cancel.ThrowIfCancellationRequested();
                        if (reader.NodeType == XmlNodeType.Element && reader.LocalName == "si") texts.Add(XlsxText.Of(reader));
                        else reader.Read();
                        stream.Limit = stream.Given + XlsxArchive.LargestRecord;
                    }
                }
            }

            texts.Close();
            return texts;
        }
        catch
        {
            texts.Dispose();
            throw;
        }
    }

    /// <returns>Null: there is none of that number.</returns>
    public string? this[int number]
    {
        get
        {
            if ((uint)number >= (uint)Count) return null;
            ref var held = ref _held[number % Held];
            if (held.Text is not null && held.Number == number) return held.Text;
            var text = Load(number);
            if (text.Length <= LongestHeld) held = (number, text);
            return text;
        }
    }

    public void Dispose()
    {
        _texts.Dispose();
        _starts.Dispose();
    }

    void Add(string text)
    {
        Start();
        var bytes = Encoding.UTF8.GetBytes(text);
        _texts.Write(bytes);
        Count = checked(Count + 1);
    }

    void Close()
    {
        Start();
        _texts.Flush();
        _starts.Flush();
    }

    void Start()
    {
        Span<byte> start = stackalloc byte[sizeof(long)];
        BitConverter.TryWriteBytes(start, _texts.Position);
        _starts.Write(start);
    }

    string Load(int number)
    {
        Span<byte> place = stackalloc byte[2 * sizeof(long)];
        if (RandomAccess.Read(_starts.SafeFileHandle, place, (long)number * sizeof(long)) < place.Length) throw new EndOfStreamException("a temporary file was cut off");
        var (start, end) = (BitConverter.ToInt64(place), BitConverter.ToInt64(place[sizeof(long)..]));
        var length = checked((int)(end - start));
        if (_buffer.Length < length) _buffer = new byte[length];
        if (RandomAccess.Read(_texts.SafeFileHandle, _buffer.AsSpan(0, length), start) < length) throw new EndOfStreamException("a temporary file was cut off");
        return Encoding.UTF8.GetString(_buffer, 0, length);
    }

    static FileStream Temporary()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.Read | FileShare.Delete, BufferSize = 1 << 16, Options = FileOptions.DeleteOnClose };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(Path.Combine(Path.GetTempPath(), $"exchange-{Guid.NewGuid():N}.tmp"), options);
        // An open file needs no name there.
        if (!OperatingSystem.IsWindows()) File.Delete(file.Name);
        return file;
    }
}

/// <summary>Reads texts with their runs of letter forms: ECMA-376 part 1, §18.4.</summary>
internal static class XlsxText
{
    /// <summary>The text of an element: its `t`, or those of its runs `r`; readings of characters (`rPh`) are not part of it. Leaves the reader behind the element.</summary>
    public static string Of(XmlReader reader)
    {
        if (reader.IsEmptyElement)
        {
            reader.Read();
            return "";
        }

        var (depth, text) = (reader.Depth, (string?)null);
        var runs = (StringBuilder?)null;
        reader.Read();
        while (reader.Depth > depth)
        {
            if (reader.NodeType != XmlNodeType.Element || reader.LocalName is not ("t" or "rPh"))
            {
                if (!reader.Read()) break;
            }
            else if (reader.LocalName == "rPh")
            {
                reader.Skip();
            }
            else
            {
                var part = Plain(reader);
                if (text is not null) runs ??= new StringBuilder(text);
                runs?.Append(part);
                text ??= part;
            }
        }

        reader.Read();
        return runs?.ToString() ?? text ?? "";
    }

    /// <summary>The letters of an element without elements. Leaves the reader behind it.</summary>
    public static string Plain(XmlReader reader)
    {
        if (!reader.IsEmptyElement) return Unescaped(reader.ReadElementContentAsString());
        reader.Read();
        return "";
    }

    /// <summary>_x000D_ stands for a character that XML does not have (ST_Xstring, §22.9.2.19).</summary>
    static string Unescaped(string text)
    {
        const int Length = 7;
        var at = text.IndexOf("_x", StringComparison.Ordinal);
        if (at < 0) return text;
        var plain = new StringBuilder(text.Length);
        var from = 0;
        for (; at >= 0; at = text.IndexOf("_x", at, StringComparison.Ordinal))
        {
            if (at + Length <= text.Length && text[at + Length - 1] == '_' && ushort.TryParse(text.AsSpan(at + 2, 4), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var letter))
            {
                plain.Append(text, from, at - from).Append((char)letter);
                from = at += Length;
            }
            else
            {
                at++;
            }
        }

        return plain.Append(text, from, text.Length - from).ToString();
    }
}
