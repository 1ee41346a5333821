using Exchange.Bus.Catalogue.Documents;

namespace Exchange.Bus.Catalogue.Schema;

/// <summary>A field of a record.</summary>
internal abstract class Field(string name, string doc, bool required)
{
    public string Name { get; } = name;

    /// <summary>One sentence for the reference, with unit and default.</summary>
    public string Doc { get; } = doc;

    public bool Required { get; } = required;

    /// <summary>Literal values are kept protected, never in the stored document; export says `unchanged`.</summary>
    public bool Secret { get; init; }

    public abstract Shape Shape { get; }

    public abstract bool TryRead(ManifestNode node, ReadContext context, out object? value);
}

/// <summary>A field with the type of its value.</summary>
internal sealed class Field<T>(string name, Shape<T> shape, string doc, bool required = false) : Field(name, doc, required)
{
    public override Shape Shape => shape;

    public override bool TryRead(ManifestNode node, ReadContext context, out object? value)
    {
        var good = shape.TryRead(node, context, out var typed);
        value = typed;
        return good;
    }
}

/// <summary>The fields of a record that were given.</summary>
internal sealed class RecordValues(IReadOnlyDictionary<Field, object?> values, ReadContext context)
{
    /// <summary>metadata.name of the document.</summary>
    public string Name => context.Name;

    /// <summary>metadata.title of the document.</summary>
    public string? Title => context.Title;

    /// <summary>A required field.</summary>
    public T Required<T>(Field<T> field) => (T)values[field]!;

    /// <summary>The value, or null when it was not given.</summary>
    public T? Optional<T>(Field<T> field) where T : class => values.TryGetValue(field, out var value) ? (T?)value : null;

    /// <summary>The value, or null when it was not given.</summary>
    public T? OptionalValue<T>(Field<T> field) where T : struct => values.TryGetValue(field, out var value) ? (T?)value : null;

    public T Or<T>(Field<T> field, T fallback) => values.TryGetValue(field, out var value) ? (T)value! : fallback;
}

/// <summary>What a record looks like, whatever it becomes.</summary>
internal interface IRecordShape
{
    /// <summary>As the reference calls it, e.g. "item".</summary>
    string Title { get; }

    IReadOnlyList<Field> Fields { get; }
}

/// <summary>A record: known fields, each with its shape.</summary>
/// <param name="title">As people call it.</param>
/// <param name="fields">In the order in which they are documented and exported.</param>
/// <param name="build">Makes the value; called only when every field was read well and every required one is there.</param>
internal sealed class RecordShape<T>(string title, IReadOnlyList<Field> fields, Func<RecordValues, T> build) : Shape<T>, IRecordShape
{
    public string Title => title;

    public IReadOnlyList<Field> Fields => fields;

    /// <summary>A rule across fields: null, or the field's name that is to blame and what is wrong.</summary>
    public Func<T, (string Field, string Message)?>? Check { get; init; }

    public override string Describe => title;

    public override IEnumerable<IRecordShape> Records => [this];

    public override bool TryRead(ManifestNode node, ReadContext context, out T value)
    {
        value = default!;
        if (node is not MapNode map)
        {
            context.Report(node, $"expected {title} with {Names(fields)}, found {node.Called}");
            return false;
        }

        var good = KnownOnly(map, context);
        var values = new Dictionary<Field, object?>();
        foreach (var field in fields)
        {
            var entry = map.Find(field.Name);
            // An optional field with nothing behind it was not given.
            if (entry is null || (entry.Value is ScalarNode { IsNull: true } && !field.Required))
            {
                if (!field.Required) continue;
                context.Report(map, $"{title} lacks '{field.Name}' ({field.Shape.Describe})");
                good = false;
            }
            else if (field.TryRead(entry.Value, context, out var read)) values[field] = read;
            else good = false;
        }

        if (!good) return false;
        value = build(new RecordValues(values, context));
        if (Check?.Invoke(value) is not { } broken) return true;
        context.Report(map.Find(broken.Field)?.Value ?? map, broken.Message);
        return false;
    }

    public override ManifestNode Canonical(ManifestNode node)
    {
        var map = (MapNode)node;
        var entries = new List<MapEntry>(map.Entries.Count);
        foreach (var field in fields)
            if (map.Find(field.Name) is { } entry && entry.Value is not ScalarNode { IsNull: true })
                entries.Add(entry with { Value = field.Shape.Canonical(entry.Value) });
        return map with { Entries = entries };
    }

    bool KnownOnly(MapNode map, ReadContext context)
    {
        var good = true;
        foreach (var entry in map.Entries)
        {
            if (fields.Any(field => field.Name == entry.Key)) continue;
            var near = NearestName.Of(entry.Key, fields.Select(field => field.Name)) is { } name ? $"; did you mean '{name}'?" : $"; known: {Names(fields)}";
            // In { type: decimal(12,2) } the comma ends the value: an everyday slip.
            var hint = entry.Key.EndsWith(')') ? "; inside { } a value with a comma must stand in quotes, as in \"decimal(12,2)\"" : near;
            context.Report(entry.Line, $"{title} has no key '{entry.Key}'{hint}");
            good = false;
        }

        return good;
    }

    static string Names(IEnumerable<Field> fields) => string.Join(", ", fields.Select(field => field.Name));
}
