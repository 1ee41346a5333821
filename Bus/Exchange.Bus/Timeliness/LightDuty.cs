using Exchange.Bus.Exchanges;
using Exchange.Storage;
using Microsoft.Extensions.Logging;

namespace Exchange.Bus.Timeliness;

/// <summary>
/// Looks at all lights once a minute, one node for all, and tells each change once: yellow and red with what to do, and that it is green again as loudly, so that nobody goes on looking for what has ended. What was told stands in the store, so a
/// restart tells nothing again.
/// </summary>
internal sealed partial class LightDuty(Lights lights, LightBook book, IStore store, ILeases leases, TimeProvider time, ILogger<LightDuty> logger) : IHubDuty
{
    static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    /// <summary>Taken for each look and left to run out, so that other nodes leave this minute alone.</summary>
    static readonly TimeSpan Turn = TimeSpan.FromSeconds(55);

    readonly StoreClock _clock = new(time);

    public async Task RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            if (await leases.TryAcquireAsync("lights", Turn, stopping) is not null) await LookAsync(await _clock.ReadAsync(store, stopping), stopping);
            await Task.Delay(Pause, time, stopping);
        }
    }

    /// <summary>One look.</summary>
    /// <param name="now">The store's clock.</param>
    /// <param name="cancel">Stops.</param>
    public async Task LookAsync(DateTimeOffset now, CancellationToken cancel)
    {
        var told = await book.ReadAsync(cancel);
        var current = await lights.ReadAsync(now, now, cancel);
        foreach (var light in current)
        {
            var before = told.GetValueOrDefault(light.Key);
            if (before?.Light == light.Light) continue;
            // Written first: told twice is worse than told late, and the light itself can be seen at any time.
            await book.WriteAsync(light.Key, new ToldLight(light.Light, light.Light == Light.Green && before is not null ? now : light.Since, light.Known), cancel);
            Tell(light, before, now);
        }

        foreach (var gone in told.Keys.Except(current.Select(light => light.Key))) await book.DeleteAsync(gone, cancel);
    }

    void Tell(LightReading light, ToldLight? before, DateTimeOffset now)
    {
        var hours = (now - light.From).TotalHours;
        switch (light.Light)
        {
            case Light.Yellow: TurnedYellow(light.Key.Kind, light.Key.Name, light.Class, hours, LightAdvice.Of(light)); break;
            case Light.Red: TurnedRed(light.Key.Kind, light.Key.Name, light.Class, hours, LightAdvice.Of(light)); break;
            case Light.Green when before is { Light: Light.Yellow or Light.Red }: TurnedGreen(light.Key.Kind, light.Key.Name); break;
        }
    }

    [LoggerMessage(1600, LogLevel.Warning, "The light of {Kind} {Name} (class {Class}) is yellow: no successful exchange for {Hours:0.0} hours. {Next}")]
    partial void TurnedYellow(string kind, string name, Catalogue.FrequencyClass? @class, double hours, string? next);

    [LoggerMessage(1601, LogLevel.Warning, "The light of {Kind} {Name} (class {Class}) is red: no successful exchange for {Hours:0.0} hours. {Next}")]
    partial void TurnedRed(string kind, string name, Catalogue.FrequencyClass? @class, double hours, string? next);

    [LoggerMessage(1602, LogLevel.Warning, "The light of {Kind} {Name} is green again")]
    partial void TurnedGreen(string kind, string name);
}
