using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Exchange.Contracts.Files;
using ParquetSharp;

namespace Exchange.Adapters.Files.Parquet;

/// <summary>
/// A Parquet file without nested columns. Apache Arrow's reader opens it; of each column the hub takes a thousand values at a time, so memory is bounded by one page of the file for each
/// column, however many rows a group has. Values keep their types. What the file says about itself is not believed: before Arrow sees it, <see cref="ParquetFooter"/> and <see cref="ParquetPages"/> have compared
/// its sizes, places and counts with each other, with the file, and with the memory that it may take.
/// </summary>
internal sealed class ParquetSource : IFileSource
{
    /// <summary>Columns that are read.</summary>
    const int MostColumns = 2_000;

    /// <summary>Bytes of the names and statistics in the footer, each: some writers put the smallest and largest value of a column there whole, however large.</summary>
    const int LargestFooterText = 64 * 1024 * 1024;

    /// <summary>Entries of any list in the footer.</summary>
    const int MostFooterEntries = 1_000_000;

    /// <summary>Of what a column is packed in, read at once.</summary>
    const long ReadBytes = 1 << 16;

    /// <summary>Of a file's pages together, where a caller says nothing.</summary>
    const long UsualMemory = 256L * 1024 * 1024;

    readonly FileRequest _request;
    readonly string _opened;
    readonly List<ParquetColumn> _columns;

    ParquetSource(FileRequest request, string opened, List<ParquetColumn> columns)
    {
        (_request, _opened, _columns) = (request, opened, columns);
        Columns = [.. columns.Select(column => column.Name)];
    }

    public string Name => Path.GetFileName(_request.Path);

    public string Form => "parquet";

    public IReadOnlyList<string> Columns { get; }

    public string? Digest { get; private set; }

    public static async Task<IFileSource> OpenAsync(FileRequest request, CancellationToken cancel)
    {
        var opened = await DigestedStream.DigestOfAsync(request.Path, cancel);
        var name = Path.GetFileName(request.Path);
        var memory = request.PageMemory ?? UsualMemory;
        var columns = Guarded(name, () =>
        {
            using var file = new FileStream(request.Path, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
            var (start, end) = FindFooter(file, name);
            var footer = ParquetFooter.Read(file, start, end, memory, MostColumns);
            using var properties = Properties();
            using var reader = new ParquetFileReader(request.Path, properties);
            var read = ParquetSchema.Read(name, reader.FileMetaData.Schema);
            ParquetPages.Check(file, footer, start, memory, cancel);
            return read;
        });
        return new ParquetSource(request, opened, columns);
    }

    public async IAsyncEnumerable<FilePage> ReadAsync(int rows, long bytes, [EnumeratorCancellation] CancellationToken cancel)
    {
        Digest = null;
        using (var pages = Pages(rows, bytes, cancel).GetEnumerator())
            while (Guarded(Name, pages.MoveNext)) yield return pages.Current;
        var read = await DigestedStream.DigestOfAsync(_request.Path, cancel);
        // Columns are read here and there, so the digest is not of the reading itself: the file has to be the same before and after.
        Digest = read == _opened ? read : throw new FileFormException($"{Name} was changed while it was read.", "Import it again once nobody writes it.");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    IEnumerable<FilePage> Pages(int rows, long bytes, CancellationToken cancel)
    {
        using var properties = Properties();
        var pool = properties.MemoryPool;
        using var reader = new ParquetFileReader(_request.Path, properties);
        var page = new FilePageBuilder([.. _columns.Select(column => (column.Name, column.Type))], _request.LargestCell);
        var (place, memory) = (0L, _request.PageMemory ?? UsualMemory);
        for (var at = 0; at < reader.FileMetaData.NumRowGroups; at++)
        {
            using var group = reader.RowGroup(at);
            using var columns = new OpenColumns(_columns, group);
            for (var left = group.MetaData.NumRows; left > 0; left--)
            {
                if (++place % ParquetCursor.Taken == 0)
                {
                    cancel.ThrowIfCancellationRequested();
                    if (pool.BytesAllocated > 2 * memory) throw new ParquetMemoryException($"has pages that take {pool.BytesAllocated} bytes of memory, and may take {memory}");
                }

                if (!columns.AppendRow(page)) throw Wrong(Name, $"ends after {place - 1} rows where its footer promises more", null);
                page.EndRow(place);
                if (page.Count >= rows || page.Bytes >= bytes) yield return page.Take();
            }
        }

        if (page.Count > 0) yield return page.Take();
    }

    static ReaderProperties Properties()
    {
        var properties = ReaderProperties.GetDefaultReaderProperties();
        properties.EnableBufferedStream();
        properties.BufferSize = ReadBytes;
        properties.EnablePageChecksumVerification();
        properties.SetThriftStringSizeLimit(LargestFooterText);
        properties.SetThriftContainerSizeLimit(MostFooterEntries);
        return properties;
    }

    /// <summary>Where the footer begins and ends. The commonest wrong file is one that was cut off.</summary>
    static (long Start, long End) FindFooter(FileStream file, string name)
    {
        const int Smallest = 12;
        Span<byte> mark = stackalloc byte[8];
        if (file.Length < Smallest) throw Wrong(name, "is too small for a Parquet file", null);
        file.Seek(-mark.Length, SeekOrigin.End);
        file.ReadExactly(mark);
        if (mark[4..].SequenceEqual("PARE"u8)) throw Wrong(name, "is encrypted", null);
        if (!mark[4..].SequenceEqual("PAR1"u8)) throw Wrong(name, "is no Parquet file, or was cut off: it does not end with PAR1", null);
        if (BitConverter.ToUInt32(mark) is var footer && footer > file.Length - Smallest) throw Wrong(name, $"says that its footer has {footer} bytes, which is more than it has", null);
        return (file.Length - mark.Length - footer, file.Length - mark.Length);
    }

    /// <summary>Whatever Arrow says about a wrong file is an error about that file.</summary>
    static T Guarded<T>(string name, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ParquetMemoryException exception)
        {
            throw new FileFormException($"{name} {exception.Message}.", "Write it anew with smaller groups of rows or pages, or allow more by --memory. Nothing was changed.", exception);
        }
        catch (InvalidDataException exception)
        {
            throw Wrong(name, exception.Message, exception);
        }
        catch (Exception exception) when (exception is ParquetException or OutOfMemoryException or OverflowException or ArgumentException or SEHException or NotSupportedException or InvalidCastException or FormatException)
        {
            throw Wrong(name, $"is no proper Parquet file: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }

    static FileFormException Wrong(string name, string what, Exception? inner) => new($"{name} {what}.", "Write it anew, without encryption, and import that. Nothing was changed.", inner);

    /// <summary>The columns of one group of rows.</summary>
    sealed class OpenColumns : IDisposable
    {
        readonly List<ParquetCursor> _cursors = [];

        public OpenColumns(List<ParquetColumn> columns, RowGroupReader group)
        {
            try
            {
                for (var at = 0; at < columns.Count; at++) _cursors.Add(columns[at].Begin(group.Column(at)));
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public bool AppendRow(FilePageBuilder page)
        {
            for (var at = 0; at < _cursors.Count; at++)
                if (!_cursors[at].Append(page, at)) return false;
            return true;
        }

        public void Dispose() => _cursors.ForEach(cursor => cursor.Dispose());
    }
}
