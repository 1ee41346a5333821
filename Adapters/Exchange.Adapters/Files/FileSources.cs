using Exchange.Contracts.Files;

namespace Exchange.Adapters.Files;

/// <summary>Opens files of rows: workbooks and Parquet by what they hold, whatever they are called, the others by what their names end in. Safe for concurrent callers.</summary>
internal sealed class FileSources : IFileSources
{
    const string Known = "Known are .csv, .tsv and .txt, .json, .jsonl and .ndjson, .xml, .xlsx and .xlsm, and .parquet.";

    public async Task<IFileSource> OpenAsync(FileRequest request, IHeaderSearch? search, CancellationToken cancel)
    {
        // Opening one says that access is denied, which sends people to the wrong place.
        if (Directory.Exists(request.Path)) throw new FileFormException($"{request.Path} is a folder.", "Name a file in it; several are imported one after the other. Nothing was changed.");
        try
        {
            var form = FileMarks.FormOf(request.Path) ?? Path.GetExtension(request.Path).ToLowerInvariant();
            var name = Path.GetFileName(request.Path);
            return form switch
            {
                ".csv" or ".tsv" or ".txt" => await CsvSource.OpenAsync(Fitting(request, "CSV"), search, cancel),
                ".json" or ".jsonl" or ".ndjson" => await JsonSource.OpenAsync(Fitting(request, "JSON"), cancel),
                ".xml" => await XmlSource.OpenAsync(Fitting(request, "XML"), cancel),
                FileMarks.Workbook or ".xlsm" => await Xlsx.XlsxSource.OpenAsync(Fitting(request, "XLSX"), search, cancel),
                FileMarks.Parquet => await Parquet.ParquetSource.OpenAsync(Fitting(request, "Parquet"), cancel),
                FileMarks.OldOffice or ".xls" => throw new FileFormException($"{name} is an old Excel file (.xls) or protected by a password.", "Open it, save it as .xlsx without a password, and import that. Nothing was changed."),
                _ => throw new FileFormException($"{name}: the hub can't tell what '{form}' is.", Known),
            };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FileFormException($"{request.Path} can't be read: {exception.Message}", "Check the path and who may read it.", exception);
        }
    }

    /// <summary>Who gives an option means something by it: an import that does otherwise would be a surprise.</summary>
    static FileRequest Fitting(FileRequest request, string form)
    {
        (string Option, bool Given, string[] Forms)[] options =
        [
            ("--delimiter", request.Delimiter is not null, ["CSV"]),
            ("--encoding", request.Encoding is not null, ["CSV"]),
            (request.Header is false ? "--no-header" : "--header", request.Header is not null, ["CSV", "XLSX"]),
            ("--sheet", request.Sheet is not null, ["XLSX"]),
            ("--memory", request.PageMemory is not null, ["Parquet"]),
        ];
        foreach (var (option, given, forms) in options)
            if (given && !forms.Contains(form)) throw new FileFormException($"{Path.GetFileName(request.Path)} is {form}, which has no {option}.", $"Leave {option} away: it belongs to {string.Join(" and ", forms)}. Nothing was changed.");
        return request;
    }
}
