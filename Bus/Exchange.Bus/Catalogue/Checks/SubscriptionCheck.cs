using Exchange.Bus.Scheduling;

namespace Exchange.Bus.Catalogue.Checks;

/// <summary>Subscriptions are allowed, and their targets do not disturb each other. Maps and filters are checked by the transformation.</summary>
internal sealed class SubscriptionCheck : IManifestCheck
{
    public IEnumerable<ManifestFinding> Check(CatalogueSnapshot catalogue)
    {
        foreach (var subscription in catalogue.Subscriptions.Values.OrderBy(subscription => subscription.Name, StringComparer.Ordinal))
        {
            var resource = catalogue.Resources[subscription.Resource];
            if (resource.ShareType == ShareType.None)
                yield return Finding(subscription, "resource", $"the resource '{resource.Name}' is not shared (shareType: none); it takes no subscriptions");
            if (resource.Source is null && subscription.Schedule is not null)
                yield return Finding(subscription, "schedule", $"a schedule says when a source is read, and the resource '{resource.Name}' has none: it is fed by push or import; what comes in is delivered at once without a schedule");
            foreach (var (field, text) in new[] { ("incremental", subscription.Schedule?.Incremental), ("full", subscription.Schedule?.Full) })
                if (text is not null && !Cron.EverFires(text)) yield return Finding(subscription, $"schedule.{field}", $"'{text}' never fires: it names a day that never comes, such as 31 February");
            if (resource.Source is { Table: { } table } source && table == subscription.Target.Table && SameDatabase(catalogue, source.Connection, subscription.Target.Connection))
                yield return Finding(subscription, "target.table", $"the target is the table that the resource '{resource.Name}' is read from");
        }

        foreach (var shared in catalogue.Subscriptions.Values.OrderBy(subscription => subscription.Name, StringComparer.Ordinal)
            .GroupBy(subscription => (Database(catalogue, subscription.Target.Connection), subscription.Target.Table)).Where(group => group.Count() > 1))
        {
            if (AreApart([.. shared])) continue;
            var first = shared.First();
            foreach (var later in shared.Skip(1))
                yield return Finding(later, "target.table",
                    $"the target table {later.Target.Table} on '{later.Target.Connection}' is already that of the subscription '{first.Name}'; a table is shared only when each subscription writes a constant of its own in one key column");
        }
    }

    /// <summary>Whether some column holds a constant in each, all different.</summary>
    static bool AreApart(IReadOnlyList<Subscription> subscriptions) =>
        (subscriptions[0].Map ?? []).Where(column => column.Constant is not null).Any(column =>
        {
            var constants = subscriptions.Select(subscription => subscription.Map?.FirstOrDefault(other => other.Column == column.Column)?.Constant).ToList();
            return constants.All(constant => constant is not null) && constants.Distinct(StringComparer.Ordinal).Count() == subscriptions.Count;
        });

    static bool SameDatabase(CatalogueSnapshot catalogue, string one, string other) => Database(catalogue, one) == Database(catalogue, other);

    /// <summary>Two connections with one connection string are one database. Stays in memory.</summary>
    static (string, string) Database(CatalogueSnapshot catalogue, string connection) => (catalogue.Connections[connection].Provider, catalogue.Connections[connection].ConnectionString);

    static ManifestFinding Finding(Subscription subscription, string path, string message) => new(ManifestKind.Subscription, subscription.Name, path, message);
}
