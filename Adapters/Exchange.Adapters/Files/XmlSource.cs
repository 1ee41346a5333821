using System.Globalization;
using System.Runtime.CompilerServices;
using System.Xml;
using Exchange.Adapters.Files.Markup;
using Exchange.Contracts.Files;

namespace Exchange.Adapters.Files;

/// <summary>
/// Rows are the children of the root element, all of one name; their attributes and child elements are the fields, by local name. Opening reads the whole file. `xsi:nil` is NULL, an
/// empty element is ''. A field that holds elements breaks its cell; a name that stands twice in a row breaks the row; a DOCTYPE, or children of several names, refuse the file.
/// </summary>
internal sealed class XmlSource : IFileSource
{
    /// <summary>Bytes of one row that are held.</summary>
    const long LargestRecord = 64L * 1024 * 1024;

    const int MostColumns = 2_000;

    const string Instance = "http://www.w3.org/2001/XMLSchema-instance";

    const string Namespaces = "http://www.w3.org/2000/xmlns/";

    readonly FileRequest _request;
    readonly List<string> _columns = [];
    readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);

    XmlSource(FileRequest request) => _request = request;

    public string Name => Path.GetFileName(_request.Path);

    public string Form => "xml";

    public IReadOnlyList<string> Columns => _columns;

    public string? Digest { get; private set; }

    public static async Task<IFileSource> OpenAsync(FileRequest request, CancellationToken cancel)
    {
        var source = new XmlSource(request);
        await using var file = new DigestedStream(request.Path);
        foreach (var row in source.Guarded(file))
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var field in row.Fields)
                if (source._places.TryAdd(field.Name, source._columns.Count)) source._columns.Add(field.Name);
            if (source._columns.Count > MostColumns) throw source.Wrong($"has more than {MostColumns} different names", null);
        }

        return source;
    }

    public async IAsyncEnumerable<FilePage> ReadAsync(int rows, long bytes, [EnumeratorCancellation] CancellationToken cancel)
    {
        Digest = null;
        await using var file = new DigestedStream(_request.Path);
        var page = new FilePageBuilder(_columns, _request.LargestCell);
        var fields = new Field?[_columns.Count];
        foreach (var row in Guarded(file))
        {
            cancel.ThrowIfCancellationRequested();
            Array.Clear(fields);
            foreach (var field in row.Fields)
            {
                if (!_places.TryGetValue(field.Name, out var at)) throw Wrong("was changed while it was read", null);
                if (fields[at] is not null) page.Break("fields", $"'{field.Name}' stands twice in the row");
                fields[at] = field;
            }

            for (var at = 0; at < fields.Length; at++)
            {
                if (fields[at] is { Nested: true }) page.Fault(at, "type", "", "holds elements: a cell holds one value");
                else page.Add(at, fields[at]?.Text);
            }

            page.EndRow(row.Line);
            if (page.Count >= rows || page.Bytes >= bytes) yield return page.Take();
        }

        if (page.Count > 0) yield return page.Take();
        Digest = await file.DigestAsync(cancel);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    sealed record Field(string Name, string? Text, bool Nested);

    sealed record Row(long Line, List<Field> Fields);

    IEnumerable<Row> Guarded(DigestedStream file)
    {
        file.Limit = LargestRecord;
        using var rows = Rows(file).GetEnumerator();
        while (true)
        {
            try
            {
                if (!rows.MoveNext()) yield break;
            }
            catch (XmlException exception)
            {
                throw Wrong($"is no proper XML: {exception.Message}", exception);
            }
            catch (RecordTooLargeException exception)
            {
                throw Wrong(string.Create(CultureInfo.InvariantCulture, $"has a row of more than {LargestRecord} bytes"), exception);
            }

            file.Limit = file.Given + LargestRecord;
            yield return rows.Current;
        }
    }

    IEnumerable<Row> Rows(DigestedStream file)
    {
        using var reader = BoundedMarkup.Open(file, owned: false);
        reader.MoveToContent();
        var (root, name) = (reader.Depth, (string?)null);
        var any = !reader.IsEmptyElement;
        reader.Read();
        while (any && reader.Depth > root)
        {
            if (reader.NodeType == XmlNodeType.Element)
            {
                var line = ((IXmlLineInfo)reader).LineNumber;
                name ??= reader.LocalName;
                if (reader.LocalName != name)
                    throw Wrong(string.Create(CultureInfo.InvariantCulture, $"has '{reader.LocalName}' in line {line} where its rows are '{name}': the children of the root element must all be rows"), null);
                yield return new Row(line, ReadFields(reader));
            }
            else if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA)
            {
                throw Wrong(string.Create(CultureInfo.InvariantCulture, $"has text between its rows in line {((IXmlLineInfo)reader).LineNumber}"), null);
            }
            else
            {
                reader.Read();
            }
        }

        while (reader.Read())
        {
        }
    }

    /// <summary>Leaves the reader behind the row.</summary>
    static List<Field> ReadFields(XmlReader reader)
    {
        var (fields, depth, empty) = (new List<Field>(), reader.Depth, reader.IsEmptyElement);
        while (reader.MoveToNextAttribute())
            if (reader.NamespaceURI is not (Namespaces or Instance)) fields.Add(new Field(reader.LocalName, reader.Value, Nested: false));
        reader.MoveToElement();
        reader.Read();
        while (!empty && reader.Depth > depth)
        {
            if (reader.NodeType == XmlNodeType.Element) fields.Add(ReadField(reader));
            else if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA) throw new XmlException("text stands between the fields of a row", null, ((IXmlLineInfo)reader).LineNumber, ((IXmlLineInfo)reader).LinePosition);
            else reader.Read();
        }

        if (!empty) reader.Read();
        return fields;
    }

    static Field ReadField(XmlReader reader)
    {
        var (name, depth) = (reader.LocalName, reader.Depth);
        var nil = reader.GetAttribute("nil", Instance) is "true" or "1";
        if (reader.IsEmptyElement)
        {
            reader.Read();
            return new Field(name, nil ? null : "", Nested: false);
        }

        var (text, nested) = (new System.Text.StringBuilder(), false);
        while (reader.Read() && reader.Depth > depth)
        {
            nested |= reader.NodeType == XmlNodeType.Element;
            if (!nested) text.Append(reader.Value);
        }

        reader.Read();
        return new Field(name, nil ? null : text.ToString(), nested);
    }

    FileFormException Wrong(string what, Exception? inner) => new($"{Name} {what}.", "Correct the file and import it again. Nothing was changed.", inner);
}
