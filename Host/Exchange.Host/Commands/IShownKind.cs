using Exchange.Contracts.Catalogue;
using Exchange.Host.Composition;

namespace Exchange.Host.Commands;

/// <summary>An entry that `get` shows.</summary>
/// <param name="Columns">Header → value of the table; all entries of an answer have the same headers.</param>
/// <param name="Json">The whole entry.</param>
/// <param name="Yaml">The whole entry; ends with a line feed.</param>
internal sealed record ShownEntry(IReadOnlyDictionary<string, string> Columns, string Json, string Yaml);

/// <summary>A family of things that `get` can show.</summary>
internal interface IShownKind
{
    /// <summary>Words that mean it, the usual one first.</summary>
    IReadOnlyList<string> Names { get; }

    Task<IReadOnlyList<ShownEntry>> ReadAsync(Hub hub, string kind, string? name, CancellationToken cancel);

    /// <summary>The same of a time that was asked for; kinds that know no time pass it over.</summary>
    Task<IReadOnlyList<ShownEntry>> ReadAsync(Hub hub, string kind, string? name, ShownTime time, CancellationToken cancel) => ReadAsync(hub, kind, name, cancel);
}

/// <summary>Which time `get` is asked about.</summary>
/// <param name="Period">--since: how far back.</param>
/// <param name="At">--at: a moment to come; null: now.</param>
internal readonly record struct ShownTime(TimeSpan Period, DateTimeOffset? At);

/// <summary>Manifests of every kind. A word that is none is refused with the nearest one.</summary>
/// <param name="others">What else can be shown, to be named with the kinds of manifests.</param>
internal sealed class ShownManifests(IReadOnlyList<string> others) : IShownKind
{
    public IReadOnlyList<string> Names => [];

    public async Task<IReadOnlyList<ShownEntry>> ReadAsync(Hub hub, string kind, string? name, CancellationToken cancel) =>
        [.. (await hub.Get<IManifests>().ReadAsync(kind, name, others, cancel)).Select(manifest => new ShownEntry(manifest.Columns, manifest.Json, manifest.Yaml))];
}
