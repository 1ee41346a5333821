using Exchange.Bus.Catalogue.Checks;
using Exchange.Bus.Catalogue.Documents;
using Exchange.Bus.Catalogue.Kinds;
using Exchange.Contracts.Catalogue;
using Exchange.Contracts.Errors;

namespace Exchange.Bus.Catalogue.Registry;

/// <summary>
/// Applies manifests: read all → check all → look at the databases → write in one transaction. Another apply in between makes it begin again, so that what is
/// written was checked against what is stored.
/// </summary>
internal sealed class Manifests(ManifestStore store, IEnumerable<IManifestCheck> checks, FrontEndLook look, CatalogueOptions options, TimeProvider time) : IManifests
{
    /// <summary>How often an apply begins again because another one came first.</summary>
    const int MostAttempts = 20;

    public async Task<IReadOnlyList<AppliedManifest>> ApplyAsync(IReadOnlyList<ManifestFile> files, bool dryRun, bool prune, CancellationToken cancel)
    {
        FrontEndLooks? looks = null;
        for (var attempt = 1; ; attempt++)
        {
            var stored = await store.ReadAsync(cancel);
            var plan = new ApplyPlan(files, stored, prune, options.Variable);
            foreach (var check in checks) plan.Add(check.Check(plan.Snapshot));
            // Databases are looked at once: another apply does not change them.
            looks ??= await look.LookAsync(plan.Snapshot, plan.GivenNames, cancel);
            plan.Add(looks.Findings);
            if (plan.Problems is { Count: > 0 } problems) throw new ManifestException(problems);

            var changes = plan.Given.Select(manifest => Change(manifest, stored)).ToList();
            var written = changes.Where(change => change.Change != AppliedChange.Unchanged).Select(change => change.Document).ToList();
            var nothing = written.Count == 0 && plan.Pruned.Count == 0;
            if (dryRun || nothing || await store.TryWriteAsync(stored.Version, written, plan.Pruned, cancel)) return Answer(changes, plan, looks);
            if (attempt == MostAttempts)
                throw new ExchangeException(ErrorCodes.LeaseBusy, Party.Hub, "Other applies change the catalogue all the time; nothing was changed.", "Apply again when they are done.");
        }
    }

    public Task<IReadOnlyList<StoredManifest>> ReadAsync(string? kind, string? name, CancellationToken cancel) => ReadAsync(kind, name, [], cancel);

    public async Task<IReadOnlyList<StoredManifest>> ReadAsync(string? kind, string? name, IReadOnlyList<string> others, CancellationToken cancel)
    {
        var wanted = kind is null ? null : ManifestKinds.All.FirstOrDefault(candidate => candidate.IsCalled(kind)) ?? throw Unknown($"There is no kind '{kind}'", NearestName.Hint(kind, [.. ManifestKinds.All.Select(known => known.Kind.ToString().ToLowerInvariant()), .. others]));
        var documents = (await store.ReadAsync(cancel)).Documents.Values.Where(document => wanted is null || document.Kind == wanted.Kind).ToList();
        if (name is not null && !documents.Exists(document => document.Name == name))
            throw Unknown($"There is no {wanted?.Kind.ToString() ?? "manifest"} '{name}'", NearestName.Hint(name, [.. documents.Select(document => document.Name)]));
        var resources = documents.Exists(document => document.Kind == ManifestKind.Subscription) ? await ResourcesAsync(cancel) : [];
        return [.. documents.Where(document => name is null || document.Name == name).OrderBy(document => document.Kind).ThenBy(document => document.Name, StringComparer.Ordinal).Select(document => Read(document, resources))];
    }

    sealed record PlannedChange(StoredDocument Document, AppliedChange Change, string? Note);

    PlannedChange Change(ReadManifest manifest, StoredCatalogue stored)
    {
        var (kind, name) = manifest.Announced!.Value;
        var before = stored.Documents.GetValueOrDefault((kind, name));
        var now = new StoredDocument(kind, name, manifest.Context.Title, manifest.Document, manifest.Secrets, before?.Generation ?? 1, time.GetUtcNow(), options.AppliedBy);
        if (before is null) return new PlannedChange(now, AppliedChange.Created, null);
        if (before.SaysTheSameAs(now)) return new PlannedChange(before, AppliedChange.Unchanged, null);
        var breach = manifest.Definition is Resource after && ManifestReading.Read(before).Definition is Resource was ? CatalogueEntries.Breach(was, after) : null;
        if (breach is null) return new PlannedChange(now, AppliedChange.Changed, null);
        now = now with { Generation = before.Generation + 1 };
        return new PlannedChange(now, AppliedChange.Changed, $"generation {now.Generation}: {breach}; its exchange holds until it is read anew in full");
    }

    IReadOnlyList<AppliedManifest> Answer(IReadOnlyList<PlannedChange> changes, ApplyPlan plan, FrontEndLooks looks)
    {
        var answer = changes.Select(change => new AppliedManifest(change.Document.Kind.ToString(), change.Document.Name, change.Change, Notes(change, plan, looks)));
        // What refers goes before what it refers to.
        var deleted = plan.Pruned.OrderByDescending(document => document.Kind).ThenBy(document => document.Name, StringComparer.Ordinal)
            .Select(document => new AppliedManifest(document.Kind.ToString(), document.Name, AppliedChange.Deleted, null));
        return [.. answer, .. deleted];
    }

    string? Notes(PlannedChange change, ApplyPlan plan, FrontEndLooks looks)
    {
        var document = change.Document;
        var approved = change.Change != AppliedChange.Unchanged && document.Kind == ManifestKind.Subscription
            && plan.Snapshot.Resources[plan.Snapshot.Subscriptions[document.Name].Resource].ShareType == ShareType.Conditional
                ? $"approved by {options.AppliedBy}: an administrator's apply counts as approval"
                : null;
        var notes = new[] { change.Note, looks.Notes.GetValueOrDefault((document.Kind, document.Name)), approved }.Where(note => note is not null).ToList();
        return notes.Count == 0 ? null : string.Join("; ", notes);
    }

    async Task<Dictionary<string, Resource>> ResourcesAsync(CancellationToken cancel) =>
        (await store.ReadAsync(cancel)).Documents.Values.Where(document => document.Kind == ManifestKind.Resource).ToDictionary(document => document.Name, document => (Resource)ManifestReading.Read(document).Definition!);

    static StoredManifest Read(StoredDocument document, Dictionary<string, Resource> resources)
    {
        var kind = ManifestKinds.Of(document.Kind);
        var definition = ManifestReading.Read(document).Definition!;
        var columns = new Dictionary<string, string> { ["NAME"] = document.Name, ["TITLE"] = document.Title ?? "" };
        foreach (var (header, value) in kind.Columns(definition)) columns[header] = value;
        if (definition is Subscription subscription) columns["APPROVAL"] = resources.GetValueOrDefault(subscription.Resource)?.ShareType switch
        {
            ShareType.Conditional => $"by {document.AppliedBy} (apply)",
            ShareType.Unconditional => "not needed",
            _ => "refused",
        };
        columns["APPLIED"] = document.AppliedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        columns["BY"] = document.AppliedBy;
        return new StoredManifest(document.Kind.ToString(), document.Name, document.Title, document.Document, ManifestText.Json(ManifestReading.Nodes(document)), columns);
    }

    static ExchangeException Unknown(string message, string hint) =>
        new(ErrorCodes.ManifestUnknown, Party.Caller, $"{message}{hint}", "`exchange get KIND` lists what was applied.");
}
