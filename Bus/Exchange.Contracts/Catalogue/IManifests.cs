using Exchange.Contracts.Errors;

namespace Exchange.Contracts.Catalogue;

/// <summary>A problem of a manifest, to be shown as <c>file:line: message</c>.</summary>
/// <param name="File">As the user named it, or <c>-</c>.</param>
/// <param name="Line">From 1.</param>
/// <param name="Message">What is wrong, which, and the cure or the nearest known name.</param>
public sealed record ManifestProblem(string File, int Line, string Message)
{
    public override string ToString() => $"{File}:{Line}: {Message}";
}

/// <summary>Manifests that can't be applied: every problem of every document. Nothing was changed.</summary>
public sealed class ManifestException(IReadOnlyList<ManifestProblem> problems)
    : ExchangeException(ErrorCodes.ManifestInvalid, Party.Caller, string.Join('\n', problems), "Mend the manifests and apply them again; nothing was changed.")
{
    public IReadOnlyList<ManifestProblem> Problems { get; } = problems;
}

public enum AppliedChange { Created, Changed, Unchanged, Deleted }

/// <param name="Kind">For example Resource.</param>
/// <param name="Name">metadata.name.</param>
/// <param name="Change">What was (with dry run: would be) done.</param>
/// <param name="Note">Something the user should know: a connection that was not checked, a table that could not be looked at; else null.</param>
public sealed record AppliedManifest(string Kind, string Name, AppliedChange Change, string? Note);

/// <summary>A manifest as text to be applied.</summary>
public sealed record ManifestFile(string Name, string Text);

/// <summary>A stored manifest.</summary>
/// <param name="Kind">For example Resource.</param>
/// <param name="Name">metadata.name.</param>
/// <param name="Title">metadata.title.</param>
/// <param name="Yaml">The whole document as export writes it: ${NAME} as it was given, literal secrets as `unchanged`.</param>
/// <param name="Json">The same as JSON.</param>
/// <param name="Columns">Column header → value for the table of `get KIND`, e.g. PROVIDER → market.</param>
public sealed record StoredManifest(string Kind, string Name, string? Title, string Yaml, string Json, IReadOnlyDictionary<string, string> Columns);

/// <summary>Applying and reading manifests. One apply is one store transaction: all or nothing, also when killed.</summary>
public interface IManifests
{
    /// <exception cref="ManifestException">Some manifest is wrong; nothing was changed.</exception>
    Task<IReadOnlyList<AppliedManifest>> ApplyAsync(IReadOnlyList<ManifestFile> files, bool dryRun, bool prune, CancellationToken cancel);

    /// <param name="kind">Any usual spelling: Resource, resource, resources; null: all, in the order in which they can be applied.</param>
    /// <param name="name">Null: all of the kind.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="ExchangeException">hub.manifest.unknown with the nearest known kind or name.</exception>
    Task<IReadOnlyList<StoredManifest>> ReadAsync(string? kind, string? name, CancellationToken cancel);

    /// <summary>The same for a caller who takes other words beside kinds of manifests.</summary>
    /// <param name="kind">As above.</param>
    /// <param name="name">As above.</param>
    /// <param name="others">Those words: an unknown kind is answered with all that there are.</param>
    /// <param name="cancel">Stops.</param>
    Task<IReadOnlyList<StoredManifest>> ReadAsync(string? kind, string? name, IReadOnlyList<string> others, CancellationToken cancel);
}
