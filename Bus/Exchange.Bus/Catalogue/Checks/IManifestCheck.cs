namespace Exchange.Bus.Catalogue.Checks;

/// <summary>Something wrong with a manifest that is well-formed by itself.</summary>
/// <param name="Kind">Kind of the manifest.</param>
/// <param name="Name">Its name.</param>
/// <param name="Path">The place below spec, as in <c>items[2].rules[0]</c> or <c>map.jg.codeMap</c>; empty: the spec itself. Where it names nothing, its nearest ancestor's line is shown.</param>
/// <param name="Message">What is wrong, which, and the cure or the nearest known name.</param>
internal sealed record ManifestFinding(ManifestKind Kind, string Name, string Path, string Message);

/// <summary>
/// A concern that is checked over the whole catalogue as an apply would leave it. Every registered one runs at every apply; all findings are reported at once. Everything that an entry
/// refers to is in the catalogue (entries with broken references are left out). Reads nothing else, changes nothing, safe for concurrent callers.
/// </summary>
internal interface IManifestCheck
{
    IEnumerable<ManifestFinding> Check(CatalogueSnapshot catalogue);
}
