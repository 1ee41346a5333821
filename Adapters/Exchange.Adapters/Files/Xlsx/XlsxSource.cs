using System.Globalization;
using System.Runtime.CompilerServices;
using Exchange.Contracts.Files;

namespace Exchange.Adapters.Files.Xlsx;

/// <summary>
/// One sheet of a workbook (.xlsx, .xlsm). Texts stand as they are, numbers as Excel shows them, days as their form says: see
/// <see cref="XlsxNumbers"/>. Memory is bounded whatever the sheet holds: its XML is read as a stream, shared texts stand in a temporary file.
/// </summary>
internal sealed class XlsxSource : IFileSource
{
    readonly FileRequest _request;
    readonly XlsxBook _book;
    readonly XlsxTexts _texts;
    readonly string _opened;
    readonly List<string> _columns = [];
    int _width;

    /// <summary>Rows that hold something up to the header, with it.</summary>
    int _skipped;

    XlsxSource(FileRequest request, XlsxBook book, XlsxTexts texts, string opened) => (_request, _book, _texts, _opened) = (request, book, texts, opened);

    public string Name => Path.GetFileName(_request.Path);

    public string Form => "xlsx";

    public IReadOnlyList<string> Columns => _columns;

    public FilePlace? Header { get; private set; }

    public string? Digest { get; private set; }

    public static async Task<IFileSource> OpenAsync(FileRequest request, IHeaderSearch? search, CancellationToken cancel)
    {
        var opened = await DigestedStream.DigestOfAsync(request.Path, cancel);
        using var archive = new XlsxArchive(request.Path);
        var book = XlsxBook.Read(archive, request.Sheet);
        XlsxTexts texts;
        try
        {
            texts = XlsxTexts.Read(archive, book.TextsPart, cancel);
        }
        catch (Exception exception) when (archive.Translate(exception) is { } wrong)
        {
            throw wrong;
        }

        var source = new XlsxSource(request, book, texts, opened);
        try
        {
            if (request.Header is false) source.FindWidth(archive, cancel);
            else source.FindColumns(archive, request.Header is true ? null : search);
            return source;
        }
        catch
        {
            texts.Dispose();
            throw;
        }
    }

    public async IAsyncEnumerable<FilePage> ReadAsync(int rows, long bytes, [EnumeratorCancellation] CancellationToken cancel)
    {
        Digest = null;
        using (var archive = new XlsxArchive(_request.Path))
        {
            var names = _columns.Count > 0 ? _columns : [.. Enumerable.Range(1, _width).Select(at => at.ToString(CultureInfo.InvariantCulture))];
            var page = new FilePageBuilder(names, _request.LargestCell);
            var byColumn = new XlsxCell?[_width];
            var skip = _skipped;
            foreach (var (row, cells) in new XlsxSheet(archive, _book, _texts).Rows())
            {
                cancel.ThrowIfCancellationRequested();
                if (skip > 0)
                {
                    skip--;
                    continue;
                }

                Append(page, byColumn, cells);
                page.EndRow(row);
                if (page.Count >= rows || page.Bytes >= bytes) yield return page.Take();
            }

            if (page.Count > 0) yield return page.Take();
        }

        var read = await DigestedStream.DigestOfAsync(_request.Path, cancel);
        // Parts are read here and there, so the digest is not of the reading itself: the file has to be the same before and after.
        Digest = read == _opened ? read : throw new FileFormException($"{Name} was changed while it was read.", "Import it again once nobody writes it.");
    }

    public ValueTask DisposeAsync()
    {
        _texts.Dispose();
        return ValueTask.CompletedTask;
    }

    static void Append(FilePageBuilder page, XlsxCell?[] byColumn, List<XlsxCell> cells)
    {
        Array.Clear(byColumn);
        List<string>? further = null;
        foreach (var cell in cells)
        {
            if (cell.Column < byColumn.Length && byColumn[cell.Column] is null)
            {
                byColumn[cell.Column] = cell;
            }
            else if (further is not null)
            {
                further.Add(cell.Text);
            }
            else
            {
                further = [cell.Text];
                var letters = XlsxSheet.Letters(cell.Column);
                page.Break("fields", cell.Column < byColumn.Length ? $"column {letters} has two cells" : $"column {letters} holds a value, and the header names no such column");
            }
        }

        if (further is not null) page.Given(further);
        for (var at = 0; at < byColumn.Length; at++)
        {
            if (byColumn[at] is not { } cell) page.AddNull(at);
            else if (cell.Rule is { } rule) page.Fault(at, rule, cell.Text, cell.Message);
            else page.Add(at, cell.Text);
        }
    }

    void FindColumns(XlsxArchive archive, IHeaderSearch? search)
    {
        var header = (search is not null ? search.Find(Head(archive)) : Head(archive).FirstOrDefault() is { } first ? new FoundHeader(first, 0, true) : null)
            ?? throw new FileFormException($"{Name} is empty.", "A row of its sheet must name the columns; another sheet is read with --sheet. Nothing was changed.");
        (Header, _skipped, _width) = (header.Row.Place, header.Above + 1, header.Row.Cells.Count);
        for (var at = 0; at < _width; at++) _columns.Add(header.Row.Cells[at] is { Length: > 0 } name ? name : $"column {XlsxSheet.Letters(at)}");
    }

    IEnumerable<FileRow> Head(XlsxArchive archive)
    {
        foreach (var (row, cells) in new XlsxSheet(archive, _book, _texts).Rows())
        {
            var texts = new string[cells.Max(cell => cell.Column) + 1];
            Array.Fill(texts, "");
            // Of two cells in one place the first counts, as in rows.
            foreach (var cell in Enumerable.Reverse(cells)) texts[cell.Column] = cell.Text;
            yield return new FileRow(new FilePlace("row", row), texts);
        }
    }

    /// <summary>Without names any row may be the widest.</summary>
    void FindWidth(XlsxArchive archive, CancellationToken cancel)
    {
        foreach (var (_, cells) in new XlsxSheet(archive, _book, _texts).Rows())
        {
            cancel.ThrowIfCancellationRequested();
            _width = Math.Max(_width, cells.Max(cell => cell.Column) + 1);
        }
    }
}
