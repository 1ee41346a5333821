using Exchange.Bus.Catalogue;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Bus.Transformation.Routes;

/// <summary>Makes routes. Safe for concurrent callers.</summary>
internal sealed class RouteFactory(IExpressionCompiler compiler, TimeZoneInfo zone) : IRouteFactory
{
    /// <exception cref="ExchangeException">hub.subscription.held: filter, map or key do not fit the resource; apply would have refused it.</exception>
    public IRoute Create(Subscription subscription, CatalogueSnapshot catalogue)
    {
        if (!catalogue.Resources.TryGetValue(subscription.Resource, out var resource)) throw Held(subscription, [$"There is no resource '{subscription.Resource}'."]);
        var problems = new List<string>();
        var resolver = new RouteColumns(subscription, resource, catalogue, compiler, zone, problems);
        var filter = resolver.Filter();
        var columns = resolver.Resolve();
        var key = RouteKey.Resolve(subscription, resource, catalogue, columns, problems);
        if (problems.Count > 0) throw Held(subscription, problems);
        var target = new TargetTable
        {
            Subscription = subscription.Name,
            Table = subscription.Target.Table,
            // Only the key says NOT NULL: rows from before an item existed hold null, and must not be refused by the table for it.
            Columns = [.. columns.Select(column => new TargetColumn(column.Name, column.Type, key.Columns.Contains(column), column.Title))],
            Key = [.. key.Columns.Select(column => column.Name)],
            Deletes = subscription.Target.Deletes,
            Scope = key.Scope,
            Title = subscription.Title ?? resource.Title,
            AttachmentColumns = [.. columns.Where(column => column.Items.Any(name => resource.FindItem(name) is { Type.IsAttachment: true })).Select(column => column.Name)],
        };
        var read = columns.SelectMany(column => column.Items).Concat(filter?.Items ?? []).Concat(resource.Key).ToHashSet(StringComparer.Ordinal);
        var items = resource.Items.Where(item => read.Contains(item.Name)).Select(item => (item.Name, item.Type)).ToArray();
        var fingerprint = RouteFingerprint.Of(subscription, resource, items, catalogue, target, zone);
        return new SubscriptionRoute(target, fingerprint, filter, columns, key, items, resource.Key, zone);
    }

    static ExchangeException Held(Subscription subscription, IReadOnlyList<string> problems) => new(
        ErrorCodes.SubscriptionHeld, Party.Subscriber, $"Subscription '{subscription.Name}' can't be delivered: {string.Join(' ', problems)}", "Mend the subscription's filter or map and apply it again.");
}
