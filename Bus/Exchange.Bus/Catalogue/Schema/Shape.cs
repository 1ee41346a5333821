using Exchange.Bus.Catalogue.Documents;

namespace Exchange.Bus.Catalogue.Schema;

/// <summary>
/// What may stand at one place of a manifest. Declared once: reading with all problems, the canonical form that is stored and exported, and the
/// reference documentation come from it. Immutable, safe for concurrent callers.
/// </summary>
internal abstract class Shape
{
    /// <summary>A few words for people, as in "a list of texts".</summary>
    public abstract string Describe { get; }

    /// <summary>Records that are described in a section of their own, in reading order.</summary>
    public virtual IEnumerable<IRecordShape> Records => [];

    /// <summary>The piece as it is stored and exported: fields in declared order, scalars quoted exactly when they are text, values not given left out.
    /// The piece must have been read without a problem.</summary>
    public abstract ManifestNode Canonical(ManifestNode node);
}

/// <summary>A shape whose value becomes a <typeparamref name="T"/>.</summary>
internal abstract class Shape<T> : Shape
{
    /// <summary>Reads the piece; what is wrong goes into the context.</summary>
    /// <returns>False when a problem was reported.</returns>
    public abstract bool TryRead(ManifestNode node, ReadContext context, out T value);
}

/// <summary>Reads a scalar's text.</summary>
/// <returns>Null, or what is wrong and what would be right.</returns>
internal delegate string? ScalarReader<T>(string text, out T value);

/// <summary>A single value.</summary>
/// <param name="describe">For people.</param>
/// <param name="read">Reads the text.</param>
/// <param name="literal">Null for text; else the canonical spelling of a number or true/false.</param>
internal sealed class ScalarShape<T>(string describe, ScalarReader<T> read, Func<T, string>? literal = null) : Shape<T>
{
    public override string Describe => describe;

    /// <summary>Whether nothing at all (quoted) is a value.</summary>
    public bool TakesEmpty { get; init; }

    /// <summary>Set when the text names another manifest.</summary>
    public ManifestKind? References { get; init; }

    public override bool TryRead(ManifestNode node, ReadContext context, out T value)
    {
        value = default!;
        if (node is not ScalarNode scalar)
        {
            context.Report(node, $"expected {describe}, found {node.Called}");
            return false;
        }

        if (scalar.IsUnresolved) return false;
        if (scalar.IsNull)
        {
            context.Report(node, $"expected {describe}, found nothing (the text '{(scalar.Raw.Length == 0 ? "null" : scalar.Raw)}' would stand in quotes)");
            return false;
        }

        if (scalar.Text.Length == 0 && !TakesEmpty)
        {
            context.Report(node, $"expected {describe}, found an empty text");
            return false;
        }

        if (scalar.Text.Contains('\0'))
        {
            context.Report(node, "the text holds a NUL character, which no database takes");
            return false;
        }

        if (read(scalar.Text, out value) is { } problem)
        {
            context.Report(node, problem);
            return false;
        }

        if (References is { } kind) context.References.Add(new NamedReference(node, kind, scalar.Text));
        return true;
    }

    public override ManifestNode Canonical(ManifestNode node)
    {
        var scalar = (ScalarNode)node;
        // A variable keeps its place; its value decides nothing about the spelling.
        if (literal is null || scalar.Raw.Contains("${", StringComparison.Ordinal)) return scalar with { Quoted = true };
        return read(scalar.Text, out var value) is null ? scalar with { Raw = literal(value), Quoted = false } : scalar;
    }
}

/// <summary>A list of equal things.</summary>
internal sealed class ListShape<T>(Shape<T> element, bool mayBeEmpty = true) : Shape<IReadOnlyList<T>>
{
    public override string Describe => $"list of {element.Describe}";

    public override IEnumerable<IRecordShape> Records => element.Records;

    public override bool TryRead(ManifestNode node, ReadContext context, out IReadOnlyList<T> value)
    {
        value = [];
        if (node is not ListNode list)
        {
            context.Report(node, $"expected a {Describe}, found {node.Called}");
            return false;
        }

        if (list.Items.Count == 0 && !mayBeEmpty)
        {
            context.Report(node, $"expected a {Describe}, found an empty list");
            return false;
        }

        var (read, good) = (new List<T>(list.Items.Count), true);
        foreach (var item in list.Items)
            if (element.TryRead(item, context, out var one)) read.Add(one);
            else good = false;
        value = read;
        return good;
    }

    public override ManifestNode Canonical(ManifestNode node) => (ListNode)node with { Items = [.. ((ListNode)node).Items.Select(element.Canonical)] };
}

/// <summary>Free keys, each with a value of one shape; the order given is kept.</summary>
internal sealed class MapShape<T>(string key, Shape<T> element, bool mayBeEmpty = true) : Shape<IReadOnlyList<KeyValuePair<string, T>>>
{
    public override string Describe => $"{key}: {element.Describe}";

    public override IEnumerable<IRecordShape> Records => element.Records;

    public override bool TryRead(ManifestNode node, ReadContext context, out IReadOnlyList<KeyValuePair<string, T>> value)
    {
        value = [];
        if (node is not MapNode map)
        {
            context.Report(node, $"expected {{ {Describe} }}, found {node.Called}");
            return false;
        }

        if (map.Entries.Count == 0 && !mayBeEmpty)
        {
            context.Report(node, $"expected {{ {Describe} }}, found nothing in it");
            return false;
        }

        var (read, good) = (new List<KeyValuePair<string, T>>(map.Entries.Count), true);
        foreach (var entry in map.Entries)
        {
            if (entry.Key.Length == 0 || entry.Key.Contains('\0'))
            {
                context.Report(entry.Line, $"a {key} must not be empty or hold a NUL character");
                good = false;
            }

            if (element.TryRead(entry.Value, context, out var one)) read.Add(new(entry.Key, one));
            else good = false;
        }

        value = read;
        return good;
    }

    public override ManifestNode Canonical(ManifestNode node) =>
        (MapNode)node with { Entries = [.. ((MapNode)node).Entries.Select(entry => entry with { Value = element.Canonical(entry.Value) })] };
}

/// <summary>A short form (a single value) or the full one (a record).</summary>
internal sealed class EitherShape<T>(Shape<T> shortForm, Shape<T> fullForm) : Shape<T>
{
    public override string Describe => $"{shortForm.Describe}, or {fullForm.Describe}";

    public override IEnumerable<IRecordShape> Records => fullForm.Records;

    public override bool TryRead(ManifestNode node, ReadContext context, out T value) => Form(node).TryRead(node, context, out value);

    public override ManifestNode Canonical(ManifestNode node) => Form(node).Canonical(node);

    Shape<T> Form(ManifestNode node) => node is MapNode ? fullForm : shortForm;
}
