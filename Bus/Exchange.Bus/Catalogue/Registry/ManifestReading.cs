using System.Text.RegularExpressions;
using Exchange.Bus.Catalogue.Documents;
using Exchange.Bus.Catalogue.Kinds;
using Exchange.Bus.Catalogue.Schema;
using Exchange.Contracts.Catalogue;

namespace Exchange.Bus.Catalogue.Registry;

/// <summary>A document that was given to be applied (or read back from the store), as far as it could be read.</summary>
internal sealed record ReadManifest
{
    public required string File { get; init; }

    /// <summary>With variables filled in.</summary>
    public required ManifestNode Root { get; init; }

    public required ReadContext Context { get; init; }

    /// <summary>Kind and name, even of a document with problems, where they can be told.</summary>
    public (ManifestKind Kind, string Name)? Announced { get; init; }

    /// <summary>Null when there are problems.</summary>
    public object? Definition { get; init; }

    /// <summary>Canonical YAML; empty when there are problems.</summary>
    public string Document { get; init; } = "";

    public DocumentSecrets Secrets { get; init; } = DocumentSecrets.None;
}

/// <summary>From a document's nodes to its definition: secrets that are kept, variables, schema, canonical form. Pure.</summary>
internal static partial class ManifestReading
{
    /// <summary>What export writes for a literal secret, and what keeps it.</summary>
    public const string Unchanged = "unchanged";

    public static ReadManifest Read(ManifestDocument document, Func<string, string?> variable, IReadOnlyDictionary<(ManifestKind, string), StoredDocument> stored)
    {
        var (manifest, kind, used) = Understand(document, variable, stored);
        if (manifest.Definition is null) return manifest;
        var (masked, literals) = Mask((MapNode)manifest.Root, kind!);
        return manifest with { Document = ManifestText.Yaml(Envelope.Canonical(masked, kind!)), Secrets = new DocumentSecrets(used, literals) };
    }

    /// <summary>All but the canonical form, which a stored document has already.</summary>
    static (ReadManifest Manifest, KindSchema? Kind, SortedDictionary<string, string> Used) Understand(ManifestDocument document, Func<string, string?> variable, IReadOnlyDictionary<(ManifestKind, string), StoredDocument> stored)
    {
        var context = new ReadContext(document.File);
        var announced = Envelope.Announced(document.Root);
        var before = announced is { } key ? stored.GetValueOrDefault(key) : null;
        var given = announced is null ? document.Root : TakeKept(document.Root, announced.Value.Kind, before, context);
        var kept = KeptVariables(document.Root, announced?.Kind, before);
        var variables = new Variables(name => kept.GetValueOrDefault(name) ?? variable(name), context.Report);
        var root = variables.Fill(given);
        var (kind, definition) = Envelope.Read(root, context);
        return (new ReadManifest { File = document.File, Root = root, Context = context, Announced = announced, Definition = definition }, kind, variables.Used);
    }

    /// <summary>A stored document's definition, with what was stored beside it.</summary>
    /// <exception cref="ManifestException">The program no longer reads what an earlier one stored.</exception>
    public static ReadManifest Read(StoredDocument stored)
    {
        var problems = new List<ManifestProblem>();
        var file = Label(stored.Kind, stored.Name);
        var documents = YamlDocuments.Read(new ManifestFile(file, stored.Document), problems);
        var read = documents.Count == 1
            ? Understand(documents[0], stored.Secrets.Variables.GetValueOrDefault, new Dictionary<(ManifestKind, string), StoredDocument> { [(stored.Kind, stored.Name)] = stored }).Manifest
            : null;
        if (read is null || read.Definition is null || problems.Count > 0) throw new ManifestException([.. problems, .. read?.Context.Problems ?? []]);
        return read with { Definition = CatalogueEntries.WithGeneration(read.Definition, stored.Generation), Document = stored.Document, Secrets = stored.Secrets };
    }

    /// <summary>How a stored manifest is called where a file would be.</summary>
    public static string Label(ManifestKind kind, string name) => $"{kind}/{name} (as applied before)";

    /// <summary>The nodes of a stored document, for JSON.</summary>
    public static MapNode Nodes(StoredDocument stored)
    {
        var read = Read(stored);
        var kind = ManifestKinds.Of(stored.Kind);
        return Envelope.Canonical(Mask((MapNode)read.Root, kind).Masked, kind);
    }

    /// <summary>Puts what the store holds where a secret says `unchanged`.</summary>
    static ManifestNode TakeKept(ManifestNode root, ManifestKind kind, StoredDocument? before, ReadContext context) => ChangeSecrets(root, kind, (field, secret) =>
    {
        if (secret.Raw != Unchanged) return secret;
        if (before is null)
        {
            context.Report(secret, $"{field} says `unchanged`, but nothing is stored yet under this name; give the value or ${{NAME}}");
            return secret;
        }

        var raw = before.Secrets.Literals.GetValueOrDefault(field) ?? StoredSecret(before, field);
        return secret with { Raw = raw, Text = raw };
    });

    /// <summary>Variables in a kept secret keep their values: the environment of today was not asked for.</summary>
    static SortedDictionary<string, string> KeptVariables(ManifestNode root, ManifestKind? kind, StoredDocument? before)
    {
        var keeps = false;
        if (kind is { } known && before is not null)
        {
            ChangeSecrets(root, known, (_, secret) =>
            {
                keeps |= secret.Raw == Unchanged;
                return secret;
            });
        }

        return keeps ? before!.Secrets.Variables : DocumentSecrets.None.Variables;
    }

    static string StoredSecret(StoredDocument before, string field)
    {
        var root = YamlDocuments.Read(new ManifestFile(Label(before.Kind, before.Name), before.Document), [])[0].Root;
        return root.At($"spec.{field}") is ScalarNode secret ? secret.Raw : Unchanged;
    }

    /// <summary>The document as it may be stored in clear and exported, and what was taken out of it.</summary>
    static (MapNode Masked, SortedDictionary<string, string> Literals) Mask(MapNode root, KindSchema kind)
    {
        var literals = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var masked = ChangeSecrets(root, kind.Kind, (field, secret) =>
        {
            // A text around variables that names no password of its own is exported as it was given.
            if (Variables.IsUsedIn(secret.Raw) && !Credential().IsMatch(Variables.LiteralPart(secret.Raw))) return secret;
            literals[field] = secret.Raw;
            return secret with { Raw = Unchanged, Text = Unchanged };
        });
        return ((MapNode)masked, literals);
    }

    static ManifestNode ChangeSecrets(ManifestNode root, ManifestKind kind, Func<string, ScalarNode, ScalarNode> change)
    {
        if (root is not MapNode map || map.Find("spec")?.Value is not MapNode spec) return root;
        var secrets = ManifestKinds.Of(kind).Spec.Fields.Where(field => field.Secret).Select(field => field.Name).ToHashSet(StringComparer.Ordinal);
        if (secrets.Count == 0) return root;
        var changed = spec with { Entries = [.. spec.Entries.Select(entry => secrets.Contains(entry.Key) && entry.Value is ScalarNode secret ? entry with { Value = change(entry.Key, secret) } : entry)] };
        return map with { Entries = [.. map.Entries.Select(entry => entry.Key == "spec" ? entry with { Value = changed } : entry)] };
    }

    // A password keyword with something behind it, or user:password@ of a URL.
    [GeneratedRegex(@"(password|pwd|passphrase|secret|token|key)\s*=\s*[^;&\s]|://[^/@\s]*:[^/@\s]+@", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Credential();
}
