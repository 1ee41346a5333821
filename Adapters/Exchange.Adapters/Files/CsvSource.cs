using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;
using Exchange.Contracts.Files;

namespace Exchange.Adapters.Files;

/// <summary>
/// Delimited text (RFC 4180). CsvHelper cuts it into fields; what it lets pass and the hub does not is caught here: another number of fields than the header has and a quote where none
/// may stand break the row; a quote that never ends, or a record larger than <see cref="LargestRecord"/> characters in one field, refuses the file. An empty field is NULL. Lines that
/// are empty are passed over.
/// </summary>
internal sealed class CsvSource : IFileSource
{
    /// <summary>Characters of one field that are held.</summary>
    const int LargestRecord = 32 * 1024 * 1024;

    static readonly char[] Delimiters = [',', ';', '\t', '|'];

    readonly FileRequest _request;
    readonly Encoding _encoding;
    readonly char _delimiter;

    CsvSource(FileRequest request, Encoding encoding, char delimiter, IReadOnlyList<string> columns)
    {
        (_request, _encoding, _delimiter) = (request, encoding, delimiter);
        Columns = columns;
    }

    public string Name => Path.GetFileName(_request.Path);

    public string Form => "csv";

    public IReadOnlyList<string> Columns { get; }

    public string? Digest { get; private set; }

    public static async Task<IFileSource> OpenAsync(FileRequest request, CancellationToken cancel)
    {
        var encoding = await TextEncodings.FindAsync(request.Path, request.Encoding, cancel);
        var delimiter = request.Delimiter ?? await DelimiterAsync(request.Path, encoding, cancel);
        var plain = new CsvSource(request, encoding, delimiter, []);
        return request.Header ? new CsvSource(request, encoding, delimiter, await plain.HeaderAsync()) : plain;
    }

    public async IAsyncEnumerable<FilePage> ReadAsync(int rows, long bytes, [EnumeratorCancellation] CancellationToken cancel)
    {
        Digest = null;
        await using var file = new DigestedStream(_request.Path);
        using var text = new StreamReader(file, _encoding, detectEncodingFromByteOrderMarks: false, 1 << 16, leaveOpen: true);
        var wrong = false;
        using var parser = Parser(text, () => wrong = true);
        if (_request.Header) await NextAsync(parser);
        FilePageBuilder? page = null;
        var (width, ends) = (Columns.Count, (long)parser.RawRow);
        wrong = false;
        while (await NextAsync(parser))
        {
            cancel.ThrowIfCancellationRequested();
            if (width == 0) width = parser.Count;
            page ??= new FilePageBuilder(Columns.Count > 0 ? Columns : [.. Enumerable.Range(1, width).Select(at => at.ToString(CultureInfo.InvariantCulture))], _request.LargestCell);
            Append(page, parser, width, FirstLine(parser, ends), ends + 1, () => wrong);
            (wrong, ends) = (false, parser.RawRow);
            if (page.Count >= rows || page.Bytes >= bytes) yield return page.Take();
        }

        if (page is { Count: > 0 }) yield return page.Take();
        Digest = await file.DigestAsync(cancel);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    void Append(FilePageBuilder page, CsvParser parser, int width, long line, long earliest, Func<bool> wrong)
    {
        for (var at = 0; at < width; at++) page.Add(at, at < parser.Count && parser[at] is { Length: > 0 } field ? field : null);
        // Found out only when the fields were asked for.
        if (wrong())
        {
            // Whatever follows has been taken for the field: rows would be lost in it.
            if (parser.RawRow > line)
                throw new FileFormException(string.Create(CultureInfo.InvariantCulture, $"{Name}: a quote that opens at or after line {earliest} has no proper end up to line {parser.RawRow}."),
                    "Close it, or write a quote within a field twice. Nothing was changed.");
            page.Break("quotes", "a quote stands where none may: a field that holds quotes is put into quotes, and each of its own is written twice");
        }
        else if (parser.Count != width)
        {
            page.Break("fields", string.Create(CultureInfo.InvariantCulture, $"the line has {parser.Count} fields where there should be {width}"));
        }

        page.EndRow(line);
    }

    /// <summary>Empty lines before the record do not belong to it, line ends within its quotes do.</summary>
    static long FirstLine(CsvParser parser, long ends) => parser.RawRow == ends + 1 ? parser.RawRow : parser.RawRow - parser.RawRecord.Trim('\r', '\n').ReplaceLineEndings("\n").Count(letter => letter == '\n');

    async Task<IReadOnlyList<string>> HeaderAsync()
    {
        using var text = new StreamReader(_request.Path, _encoding, detectEncodingFromByteOrderMarks: false);
        using var parser = Parser(text, () => { });
        return await NextAsync(parser) ? [.. parser.Record!] : throw new FileFormException($"{Name} is empty.", "Its first line must name the columns. Nothing was changed.");
    }

    /// <summary>The one that stands most often in the first line, outside of quotes.</summary>
    static async Task<char> DelimiterAsync(string path, Encoding encoding, CancellationToken cancel)
    {
        using var text = new StreamReader(path, encoding, detectEncodingFromByteOrderMarks: false);
        var start = new char[1 << 16];
        var read = await text.ReadBlockAsync(start, cancel);
        var (counts, quoted) = (new int[Delimiters.Length], false);
        foreach (var letter in start.AsSpan(0, read))
        {
            if (letter == '"') quoted = !quoted;
            else if (quoted) continue;
            else if (letter is '\n' or '\r' && counts.Any(count => count > 0)) break;
            else if (Array.IndexOf(Delimiters, letter) is var at and >= 0) counts[at]++;
        }

        return Delimiters[Array.IndexOf(counts, counts.Max())];
    }

    async Task<bool> NextAsync(CsvParser parser)
    {
        try
        {
            return await parser.ReadAsync();
        }
        catch (MaxFieldSizeException exception)
        {
            throw new FileFormException(string.Create(CultureInfo.InvariantCulture, $"{Name}: the field near line {parser.RawRow} has more than {LargestRecord} characters."),
                "A quote before it may have no end; larger things are attachments. Nothing was changed.", exception);
        }
    }

    CsvParser Parser(TextReader text, Action wrong) => new(text, new CsvConfiguration(CultureInfo.InvariantCulture)
    {
        Delimiter = _delimiter.ToString(),
        HasHeaderRecord = false,
        IgnoreBlankLines = true,
        MaxFieldSize = LargestRecord,
        BadDataFound = _ => wrong(),
    }, leaveOpen: true);
}
