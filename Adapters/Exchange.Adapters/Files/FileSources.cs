using Exchange.Contracts.Files;

namespace Exchange.Adapters.Files;

/// <summary>Opens files of rows by what their names end in. Safe for concurrent callers.</summary>
internal sealed class FileSources : IFileSources
{
    const string Known = "Known are .csv, .tsv and .txt, .json, .jsonl and .ndjson, and .xml.";

    public async Task<IFileSource> OpenAsync(FileRequest request, CancellationToken cancel)
    {
        var form = Path.GetExtension(request.Path).ToLowerInvariant();
        try
        {
            return form switch
            {
                ".csv" or ".tsv" or ".txt" => await CsvSource.OpenAsync(request, cancel),
                ".json" or ".jsonl" or ".ndjson" => await JsonSource.OpenAsync(request, cancel),
                ".xml" => await XmlSource.OpenAsync(request, cancel),
                _ => throw new FileFormException($"{Path.GetFileName(request.Path)}: the hub can't tell what '{form}' is.", Known),
            };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FileFormException($"{request.Path} can't be read: {exception.Message}", "Check the path and who may read it.", exception);
        }
    }
}
