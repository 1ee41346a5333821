using Exchange.Bus.Catalogue;
using Exchange.Bus.Catalogue.Registry;
using Exchange.Bus.Delivery;
using Exchange.Bus.Intake;
using Exchange.Bus.Log;

namespace Exchange.Bus.Timeliness;

/// <summary>A light with all that it was computed from.</summary>
internal sealed record LightReading
{
    public required LightKey Key { get; init; }
    public required FrequencyClass? Class { get; init; }
    /// <summary>Null: never.</summary>
    public required DateTimeOffset? LastSuccess { get; init; }
    /// <summary>Since when the resource or subscription is known.</summary>
    public required DateTimeOffset Known { get; init; }
    public required Light Light { get; init; }
    public required DateTimeOffset Since { get; init; }
    public Hold? Hold { get; init; }
    /// <summary>For a subscription: whether its resource is late too, so that its delivery is not to blame.</summary>
    public bool ResourceIsLate { get; init; }

    /// <summary>What the gap counts from.</summary>
    public DateTimeOffset From => LastSuccess ?? Known;
}

/// <summary>
/// Computes lights. A resource was last exchanged when a reading ended well, also one that found nothing. A subscription was, while nothing waits for it in the log, when its resource was read
/// or it was delivered to last; while something waits, when the first of that was appended: until then its target was up to date. Never exchanged counts from when it was applied.
/// </summary>
internal sealed class Lights(ICatalogue catalogue, ManifestStore manifests, SourceStates sources, DeliveryStates deliveries, IResourceLog log, ExchangeHistory history, LightBook book)
{
    /// <summary>All lights, resources first, each by name.</summary>
    /// <param name="now">The store's clock.</param>
    /// <param name="at">The moment of the lights: now, or later as if nothing were exchanged until then.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<IReadOnlyList<LightReading>> ReadAsync(DateTimeOffset now, DateTimeOffset at, CancellationToken cancel)
    {
        var snapshot = await catalogue.ReadAsync(cancel);
        var applied = await manifests.AppliedAsync(cancel);
        var told = await book.ReadAsync(cancel);
        var lights = new Dictionary<string, LightReading>(StringComparer.Ordinal);
        foreach (var resource in snapshot.Resources.Values.OrderBy(resource => resource.Name, StringComparer.Ordinal))
        {
            var key = LightKey.Resource(resource.Name);
            var known = await KnownAsync(resource.Name, applied.GetValueOrDefault((ManifestKind.Resource, resource.Name), now), told.GetValueOrDefault(key), cancel);
            var last = await history.LastDoneAsync(resource.Name, null, now, cancel);
            lights.Add(resource.Name, Of(key, resource.Class, last, known, at, told) with { Hold = (await sources.ReadAsync(resource.Name, cancel)).Hold });
        }

        var all = lights.Values.ToList();
        foreach (var subscription in snapshot.Subscriptions.Values.OrderBy(subscription => subscription.Name, StringComparer.Ordinal))
        {
            var key = LightKey.Subscription(subscription.Name);
            var resource = lights[subscription.Resource];
            var state = await deliveries.ReadAsync(subscription.Name, cancel);
            var last = await LastAsync(subscription, state, resource.LastSuccess, now, cancel);
            var known = Earlier(applied.GetValueOrDefault((ManifestKind.Subscription, subscription.Name), now), told.GetValueOrDefault(key)?.Known);
            all.Add(Of(key, resource.Class, last, known, at, told) with { Hold = state?.Hold, ResourceIsLate = resource.Light > Light.Green });
        }

        return all;
    }

    /// <summary>Since when a resource is known: applied, told before, or read first, whichever was earliest.</summary>
    public async Task<DateTimeOffset> KnownAsync(string resource, DateTimeOffset applied, ToldLight? told, CancellationToken cancel) =>
        Earlier(Earlier(applied, told?.Known), await history.FirstAsync(resource, cancel));

    async Task<DateTimeOffset?> LastAsync(Subscription subscription, DeliveryState? state, DateTimeOffset? resourceLast, DateTimeOffset now, CancellationToken cancel)
    {
        var waiting = (await log.ReadAsync(subscription.Resource, state?.Applied ?? 0, 1, cancel)).FirstOrDefault(batch => batch.State != BatchState.Pending);
        if (state is null) return null;
        var last = waiting?.AppendedAt ?? Later(resourceLast, await history.LastDoneAsync(subscription.Resource, subscription.Name, now, cancel));
        // What is held may be behind although the hub remembers nothing that waits: its target was restored, its ledger is another one.
        return state.Hold is { } hold && last is { } then ? Earlier(then, hold.Since) : last;
    }

    static LightReading Of(LightKey key, FrequencyClass? frequency, DateTimeOffset? last, DateTimeOffset known, DateTimeOffset at, IReadOnlyDictionary<LightKey, ToldLight> told)
    {
        var (light, since) = LightRule.Of(frequency, last ?? known, at);
        if (light == Light.Green && told.GetValueOrDefault(key) is { Light: Light.Green } before) since = before.Since;
        return new LightReading { Key = key, Class = frequency, LastSuccess = last, Known = known, Light = light, Since = since };
    }

    static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset? other) => other < one ? other.Value : one;

    static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => one is null || other > one ? other : one;
}
