using Exchange.Bus.Catalogue;
using Exchange.Bus.Catalogue.Registry;
using Exchange.Bus.Scheduling;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Operations;
using Exchange.Storage;

namespace Exchange.Bus.Timeliness;

/// <inheritdoc cref="ITimeliness"/>
internal sealed class TimelinessRecords(
    ICatalogue catalogue, ManifestStore manifests, Lights lights, LightBook book, ExchangeHistory history, HubZone hubZone, IStore store, TimeProvider time) : ITimeliness
{
    static readonly TimeSpan LongestPeriod = TimeSpan.FromDays(366);

    /// <summary>Between a caller's clock and the store's: what a caller calls now is not past yet.</summary>
    static readonly TimeSpan Leeway = TimeSpan.FromMinutes(1);

    readonly StoreClock _clock = new(time);

    public async Task<IReadOnlyList<LightView>> LightsAsync(DateTimeOffset? at, CancellationToken cancel)
    {
        var now = await _clock.ReadAsync(store, cancel);
        if (at < now - Leeway)
            throw new ExchangeException(ErrorCodes.ManifestInvalid, Party.Caller, $"Lights of {at:u} are not kept; it is {now:u} now.", "Name a moment to come, or none.");
        var moment = at > now ? at.Value : now;
        return [.. (await lights.ReadAsync(now, moment, cancel)).Select(light => View(light, moment))];
    }

    public async Task<IReadOnlyList<StatisticsView>> StatisticsAsync(string? resource, TimeSpan period, CancellationToken cancel) =>
        await StatisticsAsync(resource, period, await _clock.ReadAsync(store, cancel), cancel);

    /// <summary>The same of a period that ends at a given moment.</summary>
    public async Task<IReadOnlyList<StatisticsView>> StatisticsAsync(string? resource, TimeSpan period, DateTimeOffset now, CancellationToken cancel)
    {
        if (period <= TimeSpan.Zero || period > LongestPeriod)
            throw new ExchangeException(ErrorCodes.ManifestInvalid, Party.Caller, "A period of statistics is longer than nothing and at most 366 days.", "As in --since 30d.");
        var snapshot = await catalogue.ReadAsync(cancel);
        if (resource is not null && !snapshot.Resources.ContainsKey(resource))
            throw new ExchangeException(ErrorCodes.ResourceUnknown, Party.Caller, $"There is no resource '{resource}'.", "`exchange get resources` lists them.");
        var zone = HubZone.Find(await hubZone.ReadAsync(cancel));
        var from = DueIntervals.Midnight(DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now - period, zone).DateTime), zone);
        var (applied, told) = (await manifests.AppliedAsync(cancel), await book.ReadAsync(cancel));
        var views = new List<StatisticsView>();
        foreach (var entry in snapshot.Resources.Values.Where(entry => resource is null || entry.Name == resource).OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            var known = await lights.KnownAsync(entry.Name, applied.GetValueOrDefault((ManifestKind.Resource, entry.Name), now), told.GetValueOrDefault(LightKey.Resource(entry.Name)), cancel);
            views.Add(await ViewAsync(entry, zone, from, known, now, cancel));
        }

        return views;
    }

    async Task<StatisticsView> ViewAsync(Resource resource, TimeZoneInfo zone, DateTimeOffset from, DateTimeOffset known, DateTimeOffset now, CancellationToken cancel)
    {
        var totals = await history.TotalsAsync(resource.Name, from, now, cancel);
        var intervals = resource.Class is { } frequency ? DueIntervals.Of(frequency, zone, from, known, now) : [];
        var met = await history.SucceededAsync(resource.Name, intervals, cancel);
        var due = intervals.Where((interval, at) => interval.Whole || met.Contains(at)).Count();
        return new StatisticsView
        {
            Resource = resource.Name,
            Class = Word(resource.Class),
            Since = from,
            Runs = totals.Runs,
            Volume = totals.Read,
            Rejected = totals.Rejected,
            // A row that is judged again and refused for something new is rejected without having been read.
            AccuracyPercent = Percent(Math.Max(0, totals.Read - totals.Rejected), totals.Read),
            Due = due,
            InTime = met.Count,
            TimelinessPercent = Percent(met.Count, due),
        };
    }

    static LightView View(LightReading light, DateTimeOffset at) => new()
    {
        Kind = light.Key.Kind,
        Name = light.Key.Name,
        Class = Word(light.Class),
        LastSuccess = light.LastSuccess,
        GapSeconds = Math.Max(0, Math.Round((at - light.From).TotalSeconds)),
        AllowedSeconds = light.Class is { } frequency ? LightRule.Allowed(frequency).TotalSeconds : null,
        Light = light.Light.ToString().ToLowerInvariant(),
        Since = light.Since,
        Hold = light.Hold?.Code,
        Next = LightAdvice.Of(light),
    };

    static decimal? Percent(long part, long whole) => whole == 0 ? null : Math.Round(100m * part / whole, 2);

    static string? Word(FrequencyClass? frequency) => frequency?.ToString().ToLowerInvariant();
}
