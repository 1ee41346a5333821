namespace Exchange.Bus.Catalogue.Checks;

/// <summary>Capture modes that only some engines have.</summary>
internal sealed class CaptureCheck : IManifestCheck
{
    const string Follows = "postgresql";

    public IEnumerable<ManifestFinding> Check(CatalogueSnapshot catalogue) =>
        from resource in catalogue.Resources.Values
        where resource.Source is { Mode: CaptureMode.Wal } && catalogue.Connections[resource.Source.Connection].Provider != Follows
        select new ManifestFinding(ManifestKind.Resource, resource.Name, "source.capture.mode",
            $"capture mode wal follows the log of a PostgreSQL server, and the connection '{resource.Source!.Connection}' is {catalogue.Connections[resource.Source.Connection].Provider}; use changelog");
}
