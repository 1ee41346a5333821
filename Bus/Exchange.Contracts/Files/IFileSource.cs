using Exchange.Contracts.FrontEnd;

namespace Exchange.Contracts.Files;

/// <summary>Which file is read, and what a caller says about it; null: found out from the file.</summary>
public sealed record FileRequest
{
    public required string Path { get; init; }

    /// <summary>CSV: what stands between two fields, one character.</summary>
    public char? Delimiter { get; init; }

    /// <summary>CSV and XLSX: true: the first row that holds something names the columns; false: none does; null: it is looked for.</summary>
    public bool? Header { get; init; }

    /// <summary>CSV: utf-8, utf-16, utf-16be, gb18030 or another name that .NET knows.</summary>
    public string? Encoding { get; init; }

    /// <summary>XLSX: the name of the sheet; null: the first that is not hidden.</summary>
    public string? Sheet { get; init; }

    /// <summary>Largest cell in bytes of UTF-8; a larger one is a <see cref="CellFault"/>.</summary>
    public int LargestCell { get; init; } = 16 * 1024 * 1024;

    /// <summary>Parquet: bytes of memory that pages of the file may take together; null: 256 MiB. A file that asks for more is refused before it gets any.</summary>
    public long? PageMemory { get; init; }
}

/// <summary>Rows of a file as they stand there.</summary>
/// <param name="Rows">Columns in the file's order, by its names; text, but where the form has types of its own (Parquet). A row of <see cref="Broken"/> holds what could be read of it.</param>
/// <param name="Places">For each row where it begins: the line (CSV, XML), the row as Excel numbers it (XLSX), the number of the object (JSON) or of the row (Parquet), from 1.</param>
/// <param name="Broken">Rows that are wrong as a whole.</param>
/// <param name="Given">Of wrong rows what their cells do not tell, at most one entry a row.</param>
public sealed record FilePage(SourcePage Rows, IReadOnlyList<long> Places, IReadOnlyList<BrokenFileRow> Broken, IReadOnlyList<GivenRow> Given);

/// <summary>A wrong row as it was given.</summary>
/// <param name="Row">Row of the page.</param>
/// <param name="Record">CSV: its text, without the line end; null: other forms.</param>
/// <param name="Further">Values beyond those of the columns.</param>
public sealed record GivenRow(int Row, string? Record, IReadOnlyList<string> Further);

/// <summary>A row that is not made as the file's form asks.</summary>
/// <param name="Row">Row of the page.</param>
/// <param name="Rule">fields or quotes.</param>
/// <param name="Message">What is wrong with it.</param>
public sealed record BrokenFileRow(int Row, string Rule, string Message);

/// <summary>
/// A file of rows. Reading changes nothing. Memory is bounded by one page and one record, whatever the file's size. For one caller at a time.
/// </summary>
public interface IFileSource : IAsyncDisposable
{
    /// <summary>The file's name without its folder.</summary>
    string Name { get; }

    /// <summary>csv, json, xml, xlsx or parquet.</summary>
    string Form { get; }

    /// <summary>Names of the columns as they stand in the file; empty for a CSV or XLSX file without a header.</summary>
    IReadOnlyList<string> Columns { get; }

    /// <summary>CSV and XLSX: where the row stands that names the columns; what is above it is passed over. Null: there is none.</summary>
    FilePlace? Header => null;

    /// <summary>CSV: what stands between two fields. Null: the form has none.</summary>
    char? Delimiter => null;

    /// <summary>
    /// SHA-256 of the file's bytes in lower-case hexadecimal, known when <see cref="ReadAsync"/> has come to the end: two readings that give the same one have read the same.
    /// </summary>
    string? Digest { get; }

    /// <summary>All rows from the first on, each time it is called. Pages of at most so many rows and about so many bytes.</summary>
    /// <exception cref="FileFormException">The file breaks off or is not what its form asks.</exception>
    IAsyncEnumerable<FilePage> ReadAsync(int rows, long bytes, CancellationToken cancel);
}

/// <summary>Opens files of rows by what they hold (XLSX, Parquet) or what their names end in.</summary>
public interface IFileSources
{
    /// <summary>Opens a file and looks at the beginning of it (JSON and XML: at all of it, since each record names its own columns).</summary>
    /// <param name="request">What is opened; an option that the file's form does not have refuses it.</param>
    /// <param name="search">Finds the header of a CSV or XLSX file of which the request does not tell; null: the first row that holds something is it.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="FileFormException">It is not there, may not be read, or is not what its form asks.</exception>
    Task<IFileSource> OpenAsync(FileRequest request, IHeaderSearch? search, CancellationToken cancel);
}
