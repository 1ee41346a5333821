using Exchange.Bus.Catalogue.Documents;
using Exchange.Bus.Catalogue.Schema;

namespace Exchange.Bus.Catalogue.Kinds;

/// <summary>A kind of manifest: how it is typed, what its spec looks like, how a table of them reads.</summary>
internal abstract class KindSchema(ManifestKind kind, string plural, string doc)
{
    public ManifestKind Kind => kind;

    /// <summary>As in `get resources`.</summary>
    public string Plural => plural;

    /// <summary>A sentence for the reference.</summary>
    public string Doc => doc;

    public abstract IRecordShape Spec { get; }

    public abstract Shape SpecShape { get; }

    /// <returns>The definition, or null when a problem was reported.</returns>
    public abstract object? Read(ManifestNode spec, ReadContext context);

    /// <summary>Header → value for the table of `get`, without NAME and TITLE.</summary>
    public abstract IEnumerable<(string Header, string Value)> Columns(object definition);

    /// <summary>Whether a typed word means this kind: Resource, resource, resources.</summary>
    public bool IsCalled(string word) => string.Equals(word, kind.ToString(), StringComparison.OrdinalIgnoreCase) || string.Equals(word, plural, StringComparison.OrdinalIgnoreCase);
}

internal sealed class KindSchema<T>(ManifestKind kind, string plural, string doc, RecordShape<T> spec, Func<T, IEnumerable<(string, string)>> columns)
    : KindSchema(kind, plural, doc) where T : class
{
    public override IRecordShape Spec => spec;

    public override Shape SpecShape => spec;

    public override object? Read(ManifestNode node, ReadContext context) => spec.TryRead(node, context, out var definition) ? definition : null;

    public override IEnumerable<(string Header, string Value)> Columns(object definition) => columns((T)definition);
}

/// <summary>All kinds, in the order in which they can be applied: each refers only to kinds before it, and to its own.</summary>
internal static class ManifestKinds
{
    public static IReadOnlyList<KindSchema> All { get; } =
        [DepartmentSchema.Kind, ConnectionSchema.Kind, CodeSetSchema.Kind, CodeMapSchema.Kind, ResourceSchema.Kind, SubscriptionSchema.Kind];

    public static KindSchema Of(ManifestKind kind) => All.First(candidate => candidate.Kind == kind);

    /// <summary>By its exact name, as in a manifest.</summary>
    public static KindSchema? Named(string name) => All.FirstOrDefault(candidate => candidate.Kind.ToString() == name);

    public static IReadOnlyCollection<string> Names { get; } = [.. All.Select(kind => kind.Kind.ToString())];
}
