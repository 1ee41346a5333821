using Exchange.Bus.Catalogue;
using Exchange.Contracts.Operations;

namespace Exchange.Bus.Scheduling;

/// <inheritdoc cref="ISchedules"/>
internal sealed class ScheduleRecords(ICatalogue catalogue, ScheduleBook book, HubZone zone) : ISchedules
{
    public async Task<IReadOnlyList<ScheduleView>> ListAsync(CancellationToken cancel)
    {
        var picture = await book.ReadAsync(cancel);
        var wanted = ScheduleDefinition.Of(await catalogue.ReadAsync(cancel), picture.HubZone);
        return [.. wanted.Select(definition => View(Entry(definition, picture), picture.Now))
            .OrderBy(view => view.Resource, StringComparer.Ordinal).ThenBy(view => view.Subscription, StringComparer.Ordinal).ThenByDescending(view => view.Kind, StringComparer.Ordinal)];
    }

    public Task<string> TimeZoneAsync(CancellationToken cancel) => zone.ReadAsync(cancel);

    public Task SetTimeZoneAsync(string name, CancellationToken cancel) => zone.SetAsync(name, cancel);

    /// <summary>What a running hub keeps; where none has seen this schedule as it is, when it would fire.</summary>
    static ScheduleEntry Entry(ScheduleDefinition definition, SchedulePicture picture)
    {
        var kept = picture.Entries.GetValueOrDefault(definition.Key);
        return kept?.Definition == definition ? kept
            : (kept ?? new ScheduleEntry { Definition = definition }) with { Definition = definition, Next = Cron.Parse(definition.Expression, "", definition.Zone).After(picture.Now) };
    }

    static ScheduleView View(ScheduleEntry entry, DateTimeOffset now) => new()
    {
        Resource = entry.Definition.Resource,
        Subscription = entry.Key.Subscription,
        Kind = ScheduleBook.Text(entry.Key.Kind),
        Cron = entry.Definition.Cron,
        Expression = entry.Definition.Expression,
        TimeZone = entry.Definition.Zone,
        Next = entry.Next,
        Overdue = entry.Next is { } next && now - next > FireRule.MissedAfter,
        Last = entry.Last,
        NoticedAt = entry.NoticedAt,
        Fires = entry.Fires,
        Outcome = entry.Outcome.ToString().ToLowerInvariant(),
        Run = entry.Run > 0 ? entry.Run : null,
        Node = entry.Node,
    };
}
