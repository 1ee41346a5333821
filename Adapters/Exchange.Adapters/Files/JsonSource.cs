using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Exchange.Contracts.Files;

namespace Exchange.Adapters.Files;

/// <summary>
/// Objects one after the other (JSON lines, whatever stands between them) or in one array, in UTF-8. Opening reads the whole file: each object names its own columns. Numbers keep the
/// text that stands there. A value that is an object or array breaks its cell; a name that stands twice in an object, and anything that is no object, refuses the file.
/// </summary>
internal sealed class JsonSource : IFileSource
{
    /// <summary>Bytes of one object that are held.</summary>
    const long LargestRecord = 64L * 1024 * 1024;

    const int MostColumns = 2_000;

    static readonly JsonSerializerOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16, DefaultBufferSize = 1 << 16 };

    readonly FileRequest _request;
    readonly List<string> _columns = [];

    JsonSource(FileRequest request) => _request = request;

    public string Name => Path.GetFileName(_request.Path);

    public string Form => "json";

    public IReadOnlyList<string> Columns => _columns;

    public string? Digest { get; private set; }

    public static async Task<IFileSource> OpenAsync(FileRequest request, CancellationToken cancel)
    {
        var source = new JsonSource(request);
        var met = new HashSet<string>(StringComparer.Ordinal);
        await using var file = new DigestedStream(request.Path);
        await foreach (var record in source.RecordsAsync(file, cancel))
        {
            foreach (var property in record.EnumerateObject())
                if (met.Add(property.Name)) source._columns.Add(property.Name);
            if (met.Count > MostColumns) throw source.Wrong($"has more than {MostColumns} different names", null);
        }

        return source;
    }

    public async IAsyncEnumerable<FilePage> ReadAsync(int rows, long bytes, [EnumeratorCancellation] CancellationToken cancel)
    {
        Digest = null;
        await using var file = new DigestedStream(_request.Path);
        var page = new FilePageBuilder(_columns, _request.LargestCell);
        var place = 0L;
        await foreach (var record in RecordsAsync(file, cancel))
        {
            for (var at = 0; at < _columns.Count; at++) Append(page, at, record.TryGetProperty(_columns[at], out var value) ? value : default);
            page.EndRow(++place);
            if (page.Count >= rows || page.Bytes >= bytes) yield return page.Take();
        }

        if (page.Count > 0) yield return page.Take();
        Digest = await file.DigestAsync(cancel);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    static void Append(FilePageBuilder page, int column, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Undefined or JsonValueKind.Null: page.AddNull(column); break;
            case JsonValueKind.String when Text(value) is { } text: page.Add(column, text); break;
            case JsonValueKind.String: page.Fault(column, "encoding", value.GetRawText(), "holds half of a surrogate pair, which is no character"); break;
            case JsonValueKind.True or JsonValueKind.False or JsonValueKind.Number: page.Add(column, value.GetRawText()); break;
            default: page.Fault(column, "type", value.GetRawText(), "is an object or array: a cell holds one value"); break;
        }
    }

    static string? Text(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    async IAsyncEnumerable<JsonElement> RecordsAsync(DigestedStream file, [EnumeratorCancellation] CancellationToken cancel)
    {
        file.Limit = LargestRecord;
        await using var records = JsonSerializer.DeserializeAsyncEnumerable<JsonElement>(file, topLevelValues: !IsArray(), Strict, cancel).GetAsyncEnumerator(cancel);
        for (var place = 1L; ; place++)
        {
            try
            {
                if (!await records.MoveNextAsync()) yield break;
            }
            catch (JsonException exception)
            {
                throw Wrong($"is no proper JSON{Place(exception, place - 1)}: {What(exception)}", exception);
            }
            catch (RecordTooLargeException exception)
            {
                throw Wrong(string.Create(CultureInfo.InvariantCulture, $"has more than {LargestRecord} bytes in object {place}"), exception);
            }

            if (records.Current.ValueKind != JsonValueKind.Object) throw Wrong(string.Create(CultureInfo.InvariantCulture, $"has something that is no object in place {place}"), null);
            file.Limit = file.Given + LargestRecord;
            yield return records.Current;
        }
    }

    /// <summary>As a person counts. Objects are parsed a buffer at a time: the path counts those that were whole in this one, and not yet seen.</summary>
    static string Place(JsonException exception, long seen)
    {
        var line = exception.LineNumber is { } number ? string.Create(CultureInfo.InvariantCulture, $" in line {number + 1}") : "";
        if (exception.Path is not { } path || !path.StartsWith("$[", StringComparison.Ordinal)) return line;
        var digits = path.AsSpan(2, Math.Max(0, path.IndexOf(']', StringComparison.Ordinal) - 2));
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var unseen)) return line;
        var whole = seen + unseen;
        return string.Create(CultureInfo.InvariantCulture, $"{line}, after {whole} whole object{(whole == 1 ? "" : "s")}");
    }

    /// <summary>Without the place that is put behind it, which counts from 0, and the full stop.</summary>
    static string What(JsonException exception)
    {
        var end = exception.Message.LastIndexOf(" Path: $", StringComparison.Ordinal);
        return (end < 0 ? exception.Message : exception.Message[..end]).TrimEnd('.');
    }

    bool IsArray()
    {
        using var file = File.OpenRead(_request.Path);
        int next;
        do next = file.ReadByte();
        while (next is ' ' or '\t' or '\r' or '\n' or 0xEF or 0xBB or 0xBF);
        return next == '[';
    }

    FileFormException Wrong(string what, Exception? inner) => new($"{Name} {what}.", "Correct the file and import it again. Nothing was changed.", inner);
}
