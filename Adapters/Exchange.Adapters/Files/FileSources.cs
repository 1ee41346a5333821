using Exchange.Contracts.Files;

namespace Exchange.Adapters.Files;

/// <summary>Opens files of rows: workbooks and Parquet by what they hold, whatever they are called, the others by what their names end in. Safe for concurrent callers.</summary>
internal sealed class FileSources : IFileSources
{
    const string Known = "Known are .csv, .tsv and .txt, .json, .jsonl and .ndjson, .xml, .xlsx and .xlsm, and .parquet.";

    public async Task<IFileSource> OpenAsync(FileRequest request, CancellationToken cancel)
    {
        try
        {
            var form = FileMarks.FormOf(request.Path) ?? Path.GetExtension(request.Path).ToLowerInvariant();
            var name = Path.GetFileName(request.Path);
            if (request.Sheet is not null && form is not (FileMarks.Workbook or ".xlsm")) throw new FileFormException($"{name} is no workbook and has no sheets.", "Leave --sheet away.");
            return form switch
            {
                ".csv" or ".tsv" or ".txt" => await CsvSource.OpenAsync(request, cancel),
                ".json" or ".jsonl" or ".ndjson" => await JsonSource.OpenAsync(request, cancel),
                ".xml" => await XmlSource.OpenAsync(request, cancel),
                FileMarks.Workbook or ".xlsm" => await Xlsx.XlsxSource.OpenAsync(request, cancel),
                FileMarks.Parquet => await Parquet.ParquetSource.OpenAsync(request, cancel),
                FileMarks.OldOffice or ".xls" => throw new FileFormException($"{name} is an old Excel file (.xls) or protected by a password.", "Open it, save it as .xlsx without a password, and import that. Nothing was changed."),
                _ => throw new FileFormException($"{name}: the hub can't tell what '{form}' is.", Known),
            };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FileFormException($"{request.Path} can't be read: {exception.Message}", "Check the path and who may read it.", exception);
        }
    }
}
