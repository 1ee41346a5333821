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

    /// <summary>Records up to the header, with it.</summary>
    readonly int _skipped;

    CsvSource(FileRequest request, Encoding encoding, char delimiter, FoundHeader? header = null)
    {
        (_request, _encoding, _delimiter, Header) = (request, encoding, delimiter, header?.Row.Place);
        (Columns, _skipped) = header is null ? ([], 0) : (header.Row.Cells, header.Above + 1);
    }

    public string Name => Path.GetFileName(_request.Path);

    public string Form => "csv";

    public IReadOnlyList<string> Columns { get; }

    public FilePlace? Header { get; }

    public char? Delimiter => _delimiter;

    public string? Digest { get; private set; }

    public static async Task<IFileSource> OpenAsync(FileRequest request, IHeaderSearch? search, CancellationToken cancel)
    {
        var encoding = await TextEncodings.FindAsync(request.Path, request.Encoding, cancel);
        var delimiter = request.Delimiter ?? await DelimiterAsync(request.Path, encoding, cancel);
        var plain = new CsvSource(request, encoding, delimiter);
        if (request.Header is false) return plain;
        if (request.Header is true) search = null;
        var header = plain.FindHeader(search) ?? throw new FileFormException($"{plain.Name} is empty.", "A line of it must name the columns. Nothing was changed.");
        var found = new CsvSource(request, encoding, delimiter, header);
        return header.Complete || search is null || request.Delimiter is not null ? found : WithAnother(found, search) ?? found;
    }

    public async IAsyncEnumerable<FilePage> ReadAsync(int rows, long bytes, [EnumeratorCancellation] CancellationToken cancel)
    {
        Digest = null;
        await using var file = new DigestedStream(_request.Path);
        using var text = new StreamReader(file, _encoding, detectEncodingFromByteOrderMarks: false, 1 << 16, leaveOpen: true);
        var wrong = false;
        using var parser = Parser(text, () => wrong = true);
        bool Wrong() => Interlocked.Exchange(ref wrong, false);
        Skip(parser, Wrong);
        FilePageBuilder? page = null;
        var (width, ends) = (Columns.Count, (long)parser.RawRow);
        while (await NextAsync(parser))
        {
            cancel.ThrowIfCancellationRequested();
            if (width == 0) width = parser.Count;
            page ??= new FilePageBuilder(Columns.Count > 0 ? Columns : [.. Enumerable.Range(1, width).Select(at => at.ToString(CultureInfo.InvariantCulture))], _request.LargestCell);
            Append(page, parser, width, FirstLine(parser, ends), ends + 1, Wrong);
            ends = parser.RawRow;
            if (page.Count >= rows || page.Bytes >= bytes) yield return page.Take();
        }

        if (page is { Count: > 0 }) yield return page.Take();
        Digest = await file.DigestAsync(cancel);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    void Append(FilePageBuilder page, CsvParser parser, int width, long line, long earliest, Func<bool> wrong)
    {
        for (var at = 0; at < width; at++) page.Add(at, at < parser.Count && parser[at] is { Length: > 0 } field ? field : null);
        // Found out only when the fields were asked for; forgotten for the next record.
        if (wrong())
        {
            CheckOneLine(parser, line, earliest);
            page.Break("quotes", "a quote stands where none may: a field that holds quotes is put into quotes, and each of its own is written twice");
        }
        else if (parser.Count != width)
        {
            page.Break("fields", string.Create(CultureInfo.InvariantCulture, $"the line has {parser.Count} fields where there should be {width}"));
        }

        if (page.IsWrong) page.Given(parser.RawRecord.Trim('\r', '\n'));
        page.EndRow(line);
    }

    /// <summary>Empty lines before the record do not belong to it, line ends within its quotes do.</summary>
    static long FirstLine(CsvParser parser, long ends) => parser.RawRow == ends + 1 ? parser.RawRow : parser.RawRow - parser.RawRecord.Trim('\r', '\n').ReplaceLineEndings("\n").Count(letter => letter == '\n');

    /// <summary>Of a record with a quote where none may stand: whatever follows may have been taken for the field, and rows would be lost in it.</summary>
    void CheckOneLine(CsvParser parser, long line, long earliest)
    {
        if (parser.RawRow > line)
            throw new FileFormException(string.Create(CultureInfo.InvariantCulture, $"{Name}: a quote that opens at or after line {earliest} has no proper end up to line {parser.RawRow}."),
                "Close it, or write a quote within a field twice. Nothing was changed.");
    }

    /// <summary>Goes behind the header.</summary>
    void Skip(CsvParser parser, Func<bool> wrong)
    {
        for (var at = 1; at <= _skipped; at++)
        {
            long ends = parser.RawRow;
            var read = NextNow(parser);
            // Asked for in any case: only then quotes are looked at.
            var cells = read ? parser.Record! : [];
            if (wrong()) CheckOneLine(parser, FirstLine(parser, ends), ends + 1);
            // Rows are cut by these names, so others would put values into wrong items.
            if (at == _skipped && !cells.SequenceEqual(Columns)) throw new FileFormException($"{Name} was changed while it was read.", "Import it again once nobody writes it.");
        }
    }

    /// <summary>Null: the file is empty.</summary>
    FoundHeader? FindHeader(IHeaderSearch? search) => search is not null ? search.Find(Records()) : Records().FirstOrDefault() is { } first ? new FoundHeader(first, 0, true) : null;

    IEnumerable<FileRow> Records()
    {
        using var text = new StreamReader(_request.Path, _encoding, detectEncodingFromByteOrderMarks: false);
        using var parser = Parser(text, () => { });
        for (long ends = 0; NextNow(parser); ends = parser.RawRow) yield return new FileRow(new FilePlace("line", FirstLine(parser, ends)), parser.Record!);
    }

    /// <summary>A title above the header may hold other delimiters than the rows. Null: none of them, or more than one, gives a header and a row of as many fields.</summary>
    static CsvSource? WithAnother(CsvSource tried, IHeaderSearch search)
    {
        var fitting = new List<CsvSource>();
        foreach (var delimiter in Delimiters.Where(delimiter => delimiter != tried._delimiter))
        {
            var plain = new CsvSource(tried._request, tried._encoding, delimiter);
            if (plain.FindHeader(search) is { Complete: true } header && (plain.Records().ElementAtOrDefault(header.Above + 1)?.Cells.Count ?? header.Row.Cells.Count) == header.Row.Cells.Count)
                fitting.Add(new CsvSource(tried._request, tried._encoding, delimiter, header));
        }

        return fitting is [var one] ? one : null;
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
            throw TooLarge(parser, exception);
        }
    }

    /// <summary>Of the few records at the beginning.</summary>
    bool NextNow(CsvParser parser)
    {
        try
        {
            return parser.Read();
        }
        catch (MaxFieldSizeException exception)
        {
            throw TooLarge(parser, exception);
        }
    }

    FileFormException TooLarge(CsvParser parser, MaxFieldSizeException exception) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{Name}: the field near line {parser.RawRow} has more than {LargestRecord} characters."),
            "A quote before it may have no end; larger things are attachments. Nothing was changed.", exception);

    CsvParser Parser(TextReader text, Action wrong) => new(text, new CsvConfiguration(CultureInfo.InvariantCulture)
    {
        Delimiter = _delimiter.ToString(),
        HasHeaderRecord = false,
        IgnoreBlankLines = true,
        MaxFieldSize = LargestRecord,
        BadDataFound = _ => wrong(),
    }, leaveOpen: true);
}
