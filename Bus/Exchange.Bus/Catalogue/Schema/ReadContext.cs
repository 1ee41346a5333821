using Exchange.Bus.Catalogue.Documents;
using Exchange.Contracts.Catalogue;

namespace Exchange.Bus.Catalogue.Schema;

/// <summary>A name that must exist among the manifests.</summary>
/// <param name="Node">Where it stands.</param>
/// <param name="Kind">What it must be.</param>
/// <param name="Name">metadata.name of the other.</param>
internal sealed record NamedReference(ManifestNode Node, ManifestKind Kind, string Name);

/// <summary>What reading one document gathers. Used by one caller.</summary>
internal sealed class ReadContext(string file)
{
    readonly HashSet<ManifestNode> _reported = new(ReferenceEqualityComparer.Instance);

    public List<ManifestProblem> Problems { get; } = [];

    public List<NamedReference> References { get; } = [];

    /// <summary>metadata.name.</summary>
    public string Name { get; set; } = "";

    /// <summary>metadata.title.</summary>
    public string? Title { get; set; }

    public void Report(ManifestNode node, string message)
    {
        _reported.Add(node);
        Problems.Add(new ManifestProblem(file, node.Line, message));
    }

    public void Report(int line, string message) => Problems.Add(new ManifestProblem(file, line, message));

    public void MarkReported(ManifestNode node) => _reported.Add(node);

    /// <summary>Whether something was already said about this very piece: a second check of the same thing stays silent.</summary>
    public bool IsReported(ManifestNode node) => _reported.Contains(node);
}
