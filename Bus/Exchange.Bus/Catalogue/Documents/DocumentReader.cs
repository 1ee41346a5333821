using Exchange.Contracts.Catalogue;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Exchange.Bus.Catalogue.Documents;

/// <summary>Builds the nodes of one document from the parser's events. Used once, by one caller.</summary>
internal sealed class DocumentReader(IParser parser, string file, int linesBefore, List<ManifestProblem> problems)
{
    const string CoreTag = "tag:yaml.org,2002:";

    readonly Dictionary<string, ManifestNode> _anchors = new(StringComparer.Ordinal);
    long _nodes;

    /// <exception cref="UnreadableDocumentException">Too deep, too large, or no tree.</exception>
    public ManifestNode? Read() => parser.Accept<DocumentEnd>(out _) ? null : Node(1);

    ManifestNode Node(int depth)
    {
        var current = parser.Current!;
        var line = Line(current.Start);
        if (depth > YamlDocuments.Deepest) throw new UnreadableDocumentException(line, $"nesting is deeper than {YamlDocuments.Deepest} levels");
        if (current is AnchorAlias) return Alias(depth);

        // After an empty key the parser ends a mapping with a value still owed.
        if (current is not NodeEvent named) throw new UnreadableDocumentException(line, "this is no YAML: a key or a value is missing");
        if (!named.Tag.IsEmpty && named.Tag.Value is { } tag && tag != "!" && !tag.StartsWith(CoreTag, StringComparison.Ordinal))
            problems.Add(new ManifestProblem(file, line, $"the tag {tag} is not known; manifests need no tags"));
        Count(1, line);
        ManifestNode node = current switch
        {
            YamlDotNet.Core.Events.Scalar => ReadScalar(line),
            SequenceStart => ReadList(line, depth),
            _ => ReadMap(line, depth),
        };
        if (!named.Anchor.IsEmpty) _anchors[named.Anchor.Value] = node;
        return node;
    }

    ScalarNode ReadScalar(int line)
    {
        var scalar = parser.Consume<Scalar>();
        return new ScalarNode(line, scalar.Value, scalar.Value, scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any));
    }

    ListNode ReadList(int line, int depth)
    {
        parser.Consume<SequenceStart>();
        var items = new List<ManifestNode>();
        while (!parser.TryConsume<SequenceEnd>(out _)) items.Add(Node(depth + 1));
        return new ListNode(line, items);
    }

    MapNode ReadMap(int line, int depth)
    {
        parser.Consume<MappingStart>();
        var entries = new List<MapEntry>();
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var keyLine = Line(parser.Current!.Start);
            var key = Node(depth + 1);
            var value = Node(depth + 1);
            if (key is not ScalarNode { Raw: var name })
                problems.Add(new ManifestProblem(file, keyLine, "a key must be a single text"));
            else if (lines.TryGetValue(name, out var first))
                problems.Add(new ManifestProblem(file, keyLine, $"the key '{name}' stands twice, first at line {first}"));
            else
            {
                lines.Add(name, keyLine);
                entries.Add(new MapEntry(name, keyLine, value));
            }
        }

        return new MapNode(line, entries);
    }

    ManifestNode Alias(int depth)
    {
        var alias = parser.Consume<AnchorAlias>();
        var line = Line(alias.Start);
        if (!_anchors.TryGetValue(alias.Value.Value, out var node))
            throw new UnreadableDocumentException(line, $"the alias *{alias.Value.Value} names no anchor that ended before it");
        Count(node.Size, line);
        if (depth + node.Height - 1 > YamlDocuments.Deepest) throw new UnreadableDocumentException(line, $"nesting is deeper than {YamlDocuments.Deepest} levels");
        return node;
    }

    void Count(long nodes, int line)
    {
        _nodes += nodes;
        if (_nodes > YamlDocuments.MostNodes)
            throw new UnreadableDocumentException(line, $"the document has more than {YamlDocuments.MostNodes} values (aliases counted as often as they are used); split it");
    }

    int Line(Mark mark) => linesBefore + Math.Max(1, (int)mark.Line);
}
