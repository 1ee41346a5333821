using System.Collections.Concurrent;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Intake;
using Exchange.Bus.Runs;
using Exchange.Storage;
using Microsoft.Extensions.Logging;

namespace Exchange.Bus.Scheduling;

/// <summary>
/// One look at the schedules: the table follows the catalogue, and what is due fires. Any number of nodes look as they like; each fire is one of theirs. The clock is the store's: a node
/// whose own clock is wrong fires nothing early or twice.
/// </summary>
internal sealed partial class ScheduleKeeper(ScheduleBook book, SourceStates sources, ILeases leases, ILogger<ScheduleKeeper> logger)
{
    /// <summary>Expressions parsed so far; replaced whole when it has outgrown the schedules.</summary>
    ConcurrentDictionary<(string Expression, string Zone), Cron> _parsed = new();

    /// <returns>When the next schedule fires; null: none does.</returns>
    public async Task<DateTimeOffset?> LookAsync(CatalogueSnapshot catalogue, SchedulePicture picture, CancellationToken cancel)
    {
        var wanted = ScheduleDefinition.Of(catalogue, picture.HubZone).ToDictionary(definition => definition.Key);
        if (wanted.Count != picture.Entries.Count || wanted.Any(definition => picture.Entries.GetValueOrDefault(definition.Key)?.Definition != definition.Value))
        {
            await book.ReconcileAsync(catalogue.Version, wanted.Values, definition => Parsed(definition).After(picture.Now), cancel);
            picture = await book.ReadAsync(cancel) with { Now = picture.Now };
        }

        if (_parsed.Count > 2 * picture.Entries.Count + 100) _parsed = new();
        var noticed = picture.Entries.Values.Select(entry => new NoticedFire(entry, FireRule.Decide(entry, Parsed(entry.Definition), picture.Now))).Where(fire => fire.Decision.Action != FireAction.Wait).ToList();
        foreach (var fires in noticed.GroupBy(fire => fire.Entry.Definition.Resource, StringComparer.Ordinal).OrderBy(fires => fires.Key, StringComparer.Ordinal))
            await FireAsync(fires.Key, [.. fires], picture.Now, cancel);
        var moved = noticed.ToDictionary(fire => fire.Entry.Key, fire => fire.Decision.Next);
        return picture.Entries.Values.Select(entry => moved.TryGetValue(entry.Key, out var next) ? next : entry.Next).Min();
    }

    async Task FireAsync(string resource, List<NoticedFire> fires, DateTimeOffset now, CancellationToken cancel)
    {
        // A full that is read by hand counts too. One that was left in the middle does not: the increment goes on with it.
        var fullGoesOn = (await sources.ReadAsync(resource, cancel)).Position.Full is not null && await leases.HolderAsync($"source:{resource}", cancel) is not null;
        foreach (var (key, outcome) in await book.FireAsync(resource, fires, fullGoesOn, now, Node.Name, cancel))
        {
            var due = fires.First(fire => fire.Entry.Key == key).Entry.Next!.Value;
            if (outcome == FireOutcome.Missed) FireMissed(key.Subscription, key.Kind, due);
            else Fired(key.Subscription, key.Kind, due, outcome);
        }
    }

    Cron Parsed(ScheduleDefinition definition) => _parsed.GetOrAdd((definition.Expression, definition.Zone), known => Cron.Parse(known.Expression, "", known.Zone));

    [LoggerMessage(1500, LogLevel.Information, "The {Kind} schedule of {Subscription} fired for {Due}: {Outcome}")]
    partial void Fired(string subscription, ReadKind kind, DateTimeOffset due, FireOutcome outcome);

    [LoggerMessage(1501, LogLevel.Warning, "The {Kind} reading of {Subscription} that was due at {Due} was missed and is not made up for; its next fire comes as planned. `exchange sync` reads at once")]
    partial void FireMissed(string subscription, ReadKind kind, DateTimeOffset due);
}
