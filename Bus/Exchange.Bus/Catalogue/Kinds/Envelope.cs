using Exchange.Bus.Catalogue.Documents;
using Exchange.Bus.Catalogue.Schema;

namespace Exchange.Bus.Catalogue.Kinds;

/// <summary>What every manifest has around its spec.</summary>
internal static class Envelope
{
    public const string ApiVersion = "exchange/v1";

    static readonly IReadOnlyList<string> Keys = ["apiVersion", "kind", "metadata", "spec"];

    /// <summary>name and title.</summary>
    internal sealed record Metadata(string Name, string? Title);

    static readonly Field<string> Name = new("name", Scalars.ManifestName, "Lower-case letters, digits and -; unique within the kind.", required: true);
    static readonly Field<string> Title = new("title", Scalars.Text, "What people read.");

    static readonly RecordShape<Metadata> MetadataShape = new("metadata", [Name, Title], values => new Metadata(values.Required(Name), values.Optional(Title)));

    public static IRecordShape MetadataRecord => MetadataShape;

    /// <summary>The kind that a document says or nearly says, and its name, for messages of other documents; no problem is reported.</summary>
    public static (ManifestKind Kind, string Name)? Announced(ManifestNode root)
    {
        if (root is not MapNode map || map.Find("kind")?.Value is not ScalarNode kind || map.Find("metadata")?.Value is not MapNode metadata) return null;
        if ((ManifestKinds.Named(kind.Text) ?? ManifestKinds.Named(NearestName.Of(kind.Text, ManifestKinds.Names) ?? "")) is not { } schema) return null;
        return metadata.Find("name")?.Value is ScalarNode name ? (schema.Kind, name.Text) : null;
    }

    /// <summary>Reads a document: its kind, its metadata into the context, its spec.</summary>
    /// <returns>The kind when it is known; the definition when no problem was reported.</returns>
    public static (KindSchema? Kind, object? Definition) Read(ManifestNode root, ReadContext context)
    {
        if (root is not MapNode map)
        {
            context.Report(root, $"a manifest has the keys {string.Join(", ", Keys)}; found {root.Called}");
            return (null, null);
        }

        foreach (var entry in map.Entries.Where(entry => !Keys.Contains(entry.Key)))
            context.Report(entry.Line, $"a manifest has no key '{entry.Key}'{NearestName.Hint(entry.Key, [.. Keys])}");
        if (map.Find("apiVersion") is { } version && version.Value is not ScalarNode { Text: ApiVersion })
            context.Report(version.Value, $"apiVersion must be {ApiVersion}{(version.Value is ScalarNode { Text: var said } ? $", not '{said}'" : "")}");

        var kind = Kind(map, context);
        var named = map.Find("metadata") is { } metadata ? MetadataShape.TryRead(metadata.Value, context, out var read) ? read : null : Missing(map, context, "metadata");
        (context.Name, context.Title) = (named?.Name ?? "", named?.Title);
        var spec = map.Find("spec")?.Value;
        if (spec is null) Missing(map, context, "spec");
        var definition = kind is null || spec is null ? null : kind.Read(spec, context);
        return (kind, context.Problems.Count == 0 ? definition : null);
    }

    /// <summary>The stored and exported form of a document that was read without a problem.</summary>
    public static MapNode Canonical(MapNode root, KindSchema kind)
    {
        MapEntry Text(string key, string text) => new(key, root.Line, new ScalarNode(root.Line, text, text, Quoted: true));
        return new MapNode(root.Line,
        [
            Text("apiVersion", ApiVersion),
            Text("kind", kind.Kind.ToString()),
            new("metadata", root.Line, MetadataShape.Canonical(root.Find("metadata")!.Value)),
            new("spec", root.Line, kind.SpecShape.Canonical(root.Find("spec")!.Value)),
        ]);
    }

    static KindSchema? Kind(MapNode map, ReadContext context)
    {
        if (map.Find("kind") is not { } entry)
        {
            context.Report(map, $"a manifest lacks 'kind'; the kinds are {string.Join(", ", ManifestKinds.Names)}");
            return null;
        }

        if (entry.Value is ScalarNode { Text: var said } && ManifestKinds.Named(said) is { } kind) return kind;
        context.Report(entry.Value, entry.Value is ScalarNode { Text: var word } ? $"'{word}' is no kind{NearestName.Hint(word, ManifestKinds.Names)}" : $"kind must be a name, found {entry.Value.Called}");
        return null;
    }

    static Metadata? Missing(MapNode map, ReadContext context, string key)
    {
        context.Report(map, $"a manifest lacks '{key}'");
        return null;
    }
}
