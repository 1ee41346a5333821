using System.Globalization;
using System.IO.Compression;
using System.Xml;
using Exchange.Adapters.Files.Markup;
using Exchange.Contracts.Files;

namespace Exchange.Adapters.Files.Xlsx;

/// <summary>
/// The zip file that a workbook is, with limits on what it may unpack to. Parts are read as streams of XML without DTD. For one reader.
/// </summary>
internal sealed class XlsxArchive : IDisposable
{
    /// <summary>Bytes of the list of parts; Excel's takes some kilobytes.</summary>
    const long LargestDirectory = 16 * 1024 * 1024;

    /// <summary>Bytes that any part may unpack to, however small it is packed.</summary>
    const long AlwaysAllowed = 256L * 1024 * 1024;

    /// <summary>Beyond that, bytes for each packed one: sheets are packed about twentyfold, zip bombs a thousandfold.</summary>
    const long LargestRatio = 200;

    /// <summary>Bytes of one row, or one shared text, as XML.</summary>
    public const long LargestRecord = 64L * 1024 * 1024;

    /// <summary>Bytes of a part that is held as a whole: names of sheets, styles.</summary>
    public const long LargestSmallPart = 64L * 1024 * 1024;

    readonly FileStream _file;
    readonly ZipArchive _zip;

    public XlsxArchive(string path)
    {
        Name = Path.GetFileName(path);
        _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        try
        {
            CheckDirectory();
            _zip = new ZipArchive(_file, ZipArchiveMode.Read, leaveOpen: true);
            Workbook = FindWorkbook();
        }
        catch (InvalidDataException exception)
        {
            _file.Dispose();
            throw Broken(exception);
        }
        catch
        {
            _zip?.Dispose();
            _file.Dispose();
            throw;
        }
    }

    public string Name { get; }

    /// <summary>The part that names the sheets.</summary>
    public string Workbook { get; }

    public bool Has(string part) => _zip.GetEntry(part) is not null;

    /// <summary>The XML of a part, and the stream below it, whose limit is moved on by who reads record by record.</summary>
    public (XmlReader Reader, UnpackedStream Stream) Open(string part)
    {
        var entry = _zip.GetEntry(part) ?? throw Wrong($"lacks its part {part}", null);
        var most = Math.Max(AlwaysAllowed, entry.CompressedLength > long.MaxValue / LargestRatio ? long.MaxValue : entry.CompressedLength * LargestRatio);
        var stream = new UnpackedStream(entry.Open(), most);
        return (BoundedMarkup.Open(stream, owned: true), stream);
    }

    /// <summary>What the XML or zip readers throw, as errors about the file.</summary>
    public FileFormException? Translate(Exception exception) => exception switch
    {
        XmlException => Wrong($"is no proper workbook: {exception.Message}", exception),
        RecordTooLargeException => Wrong(string.Create(CultureInfo.InvariantCulture, $"has a row or a text of more than {LargestRecord} bytes"), exception),
        UnpackedTooLargeException => Wrong("unpacks to far more than a workbook does", exception),
        InvalidDataException or EndOfStreamException => Broken(exception),
        _ => null,
    };

    public FileFormException Wrong(string what, Exception? inner) => new($"{Name} {what}.", "Open it in Excel or LibreOffice, save it as .xlsx, and import that. Nothing was changed.", inner);

    public void Dispose()
    {
        _zip.Dispose();
        _file.Dispose();
    }

    FileFormException Broken(Exception exception) => Wrong($"is damaged or was cut off: {exception.Message}", exception);

    /// <summary>.NET holds the whole list of parts in memory: first see how large it can be, whatever it says. It reaches from where it begins to the record at the end.</summary>
    void CheckDirectory()
    {
        const int EndRecord = 22, LongestComment = ushort.MaxValue, Entries = 10, Begins = 16;
        var tail = new byte[Math.Min(_file.Length, EndRecord + LongestComment)];
        _file.Seek(-tail.Length, SeekOrigin.End);
        _file.ReadExactly(tail);
        _file.Seek(0, SeekOrigin.Begin);
        var at = tail.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0x50, 0x4B, 0x05, 0x06]);
        if (at < 0 || tail.Length - at < EndRecord) throw new InvalidDataException("the list of parts at its end is missing");
        var begins = BitConverter.ToUInt32(tail, at + Begins);
        // Numbers that say no more than "see elsewhere" belong to archives of 4 GiB and more, or of 65,535 parts.
        if (begins == uint.MaxValue || BitConverter.ToUInt16(tail, at + Entries) == ushort.MaxValue || _file.Length - tail.Length + at - begins > LargestDirectory) throw Wrong("has more parts than a workbook has", null);
    }

    string FindWorkbook()
    {
        const string Usual = "xl/workbook.xml", Root = "_rels/.rels";
        if (Has("xl/workbook.bin")) throw Wrong("is a binary workbook (.xlsb)", null);
        if (Has("EncryptedPackage")) throw Wrong("is protected by a password", null);
        var named = Has(Root) ? Relations(Root, "").FirstOrDefault(relation => relation.Type == "officeDocument").Target : null;
        return named is not null && Has(named) ? named : Has(Usual) ? Usual : throw Wrong("is a zip file and no workbook", null);
    }

    /// <summary>What a part refers to: the last word of the type, and the part that is meant.</summary>
    /// <param name="part">A part of relations.</param>
    /// <param name="folder">Where relative names begin, with a slash at its end.</param>
    public List<(string Id, string Type, string Target)> Relations(string part, string folder)
    {
        var relations = new List<(string, string, string)>();
        try
        {
            var (reader, stream) = Open(part);
            using (reader)
            {
                stream.Limit = LargestSmallPart;
                while (reader.Read())
                {
                    if (reader.NodeType != XmlNodeType.Element || reader.LocalName != "Relationship" || reader.GetAttribute("TargetMode") == "External") continue;
                    var (type, target) = (reader.GetAttribute("Type") ?? "", reader.GetAttribute("Target") ?? "");
                    relations.Add((reader.GetAttribute("Id") ?? "", type[(type.LastIndexOf('/') + 1)..], target.StartsWith('/') ? target[1..] : folder + target));
                }
            }
        }
        catch (Exception exception) when (Translate(exception) is { } wrong)
        {
            throw wrong;
        }

        return relations;
    }
}

/// <summary>What a part of a zip file unpacks to, counted.</summary>
internal sealed class UnpackedStream(Stream packed, long most) : CountedStream
{
    public override long Length => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => Count(buffer.AsSpan(offset, packed.Read(buffer, offset, count)), most);

    protected override void Dispose(bool disposing)
    {
        packed.Dispose();
        base.Dispose(disposing);
    }
}
