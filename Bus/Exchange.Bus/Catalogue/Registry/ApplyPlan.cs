using Exchange.Bus.Catalogue.Checks;
using Exchange.Bus.Catalogue.Documents;
using Exchange.Contracts.Catalogue;

namespace Exchange.Bus.Catalogue.Registry;

/// <summary>
/// What an apply would make of the store: the documents given, what stays of those stored, and every problem. Made without touching anything; used by one caller.
/// </summary>
internal sealed class ApplyPlan
{
    readonly List<ManifestProblem> _problems = [];
    readonly Dictionary<(ManifestKind Kind, string Name), ReadManifest> _given = [];
    readonly Dictionary<(ManifestKind Kind, string Name), ReadManifest> _kept = [];
    readonly HashSet<(ManifestKind Kind, string Name)> _announced = [];
    readonly StoredCatalogue _stored;
    readonly bool _allReadable;

    public ApplyPlan(IReadOnlyList<ManifestFile> files, StoredCatalogue stored, bool prune, Func<string, string?> variable)
    {
        _stored = stored;
        var documents = files.SelectMany(file => YamlDocuments.Read(file, _problems)).ToList();
        _allReadable = _problems.Count == 0;
        foreach (var document in documents) Add(ManifestReading.Read(document, variable, stored.Documents));
        if (prune && documents.Count == 0 && _allReadable)
            _problems.Add(new ManifestProblem(files.Count == 0 ? "-" : files[0].Name, 1, "there is no manifest here, so --prune would delete everything; nothing was done"));
        Pruned = prune ? [.. stored.Documents.Values.Where(document => !_announced.Contains((document.Kind, document.Name)))] : [];
        foreach (var document in stored.Documents.Values)
            if (!_announced.Contains((document.Kind, document.Name)) && !Pruned.Contains(document)) _kept.Add((document.Kind, document.Name), ManifestReading.Read(document));
        Snapshot = CloseOverReferences();
    }

    /// <summary>Every well-formed entry all of whose references are well-formed too.</summary>
    public CatalogueSnapshot Snapshot { get; }

    /// <summary>Stored documents that --prune takes away.</summary>
    public IReadOnlyList<StoredDocument> Pruned { get; }

    /// <summary>Kinds and names of the well-formed documents given.</summary>
    public IReadOnlyCollection<(ManifestKind Kind, string Name)> GivenNames => _given.Keys;

    /// <summary>The well-formed documents given, in the order in which kinds can be applied.</summary>
    public IEnumerable<ReadManifest> Given => _given.OrderBy(entry => entry.Key.Kind).ThenBy(entry => entry.Key.Name, StringComparer.Ordinal).Select(entry => entry.Value);

    /// <summary>Everything found, by file and line.</summary>
    public IReadOnlyList<ManifestProblem> Problems =>
        [.. _problems.Distinct().OrderBy(problem => problem.File, StringComparer.Ordinal).ThenBy(problem => problem.Line).ThenBy(problem => problem.Message, StringComparer.Ordinal)];

    /// <summary>Turns the findings of one check into problems at their lines. A value that an earlier check has spoken of is passed over: two checks that look
    /// at the same thing say it once.</summary>
    public void Add(IEnumerable<ManifestFinding> findings)
    {
        var spoken = new List<(ReadManifest Manifest, ManifestNode Node)>();
        foreach (var finding in findings)
        {
            var key = (finding.Kind, finding.Name);
            var manifest = _given.GetValueOrDefault(key) ?? _kept.GetValueOrDefault(key);
            var node = manifest?.Root.At(finding.Path.Length == 0 ? "spec" : $"spec.{finding.Path}");
            if (manifest is null || node is null || manifest.Context.IsReported(node)) continue;
            _problems.Add(new ManifestProblem(manifest.File, node.Line, _given.ContainsKey(key) ? finding.Message : $"this apply would break it: {finding.Message}"));
            if (node is ScalarNode) spoken.Add((manifest, node));
        }

        foreach (var (manifest, node) in spoken) manifest.Context.MarkReported(node);
    }

    void Add(ReadManifest manifest)
    {
        _problems.AddRange(manifest.Context.Problems);
        if (manifest.Announced is not { } key) return;
        if (!_announced.Add(key) && manifest.Definition is not null)
        {
            var first = _given.GetValueOrDefault(key);
            _problems.Add(new ManifestProblem(manifest.File, manifest.Root.Line, $"{key.Kind}/{key.Name} is given twice{(first is null ? "" : $", first at {first.File}:{first.Root.Line}")}"));
        }
        else if (manifest.Definition is not null) _given.Add(key, manifest);
    }

    /// <summary>No check looks into a department for the sake of what names it: a wrong one hides no problem of others.</summary>
    CatalogueSnapshot CloseOverReferences()
    {
        var open = _given.Concat(_kept).ToDictionary(entry => entry.Key, entry => entry.Value);
        foreach (var (key, manifest) in open)
        foreach (var reference in manifest.Context.References)
            if (!open.ContainsKey((reference.Kind, reference.Name))) ReportUnknown(key, manifest, reference);

        while (true)
        {
            var broken = open.Where(entry => entry.Value.Context.References.Any(reference => reference.Kind != ManifestKind.Department && !open.ContainsKey((reference.Kind, reference.Name)))).Select(entry => entry.Key).ToList();
            if (broken.Count == 0) break;
            foreach (var key in broken) open.Remove(key);
        }

        return CatalogueEntries.Snapshot([.. open.Values.Select(manifest => manifest.Definition!)]);
    }

    void ReportUnknown((ManifestKind Kind, string Name) user, ReadManifest manifest, Schema.NamedReference reference)
    {
        var key = (reference.Kind, reference.Name);
        // Said already where it stands, or possibly in a document that could not be read.
        if (_announced.Contains(key) || (!_allReadable && !_stored.Documents.ContainsKey(key))) return;
        var names = _announced.Concat(_kept.Keys).Where(name => name.Kind == reference.Kind).Select(name => name.Name).ToHashSet(StringComparer.Ordinal);
        var message = _stored.Documents.ContainsKey(key)
            ? $"the {reference.Kind} '{reference.Name}' is not among the manifests given, so --prune would delete it while {user.Kind}/{user.Name} needs it"
            : $"there is no {reference.Kind} '{reference.Name}'{NearestName.Hint(reference.Name, names)}";
        manifest.Context.Report(reference.Node, message);
        _problems.Add(new ManifestProblem(manifest.File, reference.Node.Line, message));
    }
}
