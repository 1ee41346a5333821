using System.Globalization;
using Exchange.Contracts.Operations;
using Exchange.Host.Composition;

namespace Exchange.Host.Commands;

/// <summary>Schedules by which sources are read: `get schedules`, `get schedules RESOURCE`.</summary>
internal sealed class ShownSchedules : IShownKind
{
    public IReadOnlyList<string> Names { get; } = ["schedule", "schedules"];

    public async Task<IReadOnlyList<ShownEntry>> ReadAsync(Hub hub, string kind, string? name, CancellationToken cancel) =>
        [.. (await hub.Get<ISchedules>().ListAsync(cancel)).Where(schedule => name is null || schedule.Resource == name || schedule.Subscription == name).Select(schedule => Shown.Entry(new Dictionary<string, string>
        {
            ["RESOURCE"] = schedule.Resource,
            ["SUBSCRIPTION"] = schedule.Subscription,
            ["KIND"] = schedule.Kind,
            ["CRON"] = schedule.Cron,
            ["ZONE"] = schedule.TimeZone,
            ["NEXT"] = schedule.Next is { } next ? Shown.Time(next) + (schedule.Overdue ? " (overdue: no hub runs)" : "") : "never",
            ["LAST"] = schedule.Last is { } last ? Shown.Time(last) : "-",
            ["OUTCOME"] = schedule.Outcome == "none" ? "-" : schedule.Outcome,
            ["RUN"] = schedule.Run is { } run ? Shown.N(run) : "-",
            ["NODE"] = schedule.Node ?? "-",
        }, schedule))];
}

/// <summary>Lights of resources and subscriptions: `get lights`, `get lights NAME`, `get lights --at TIME`.</summary>
internal sealed class ShownLights : IShownKind
{
    public IReadOnlyList<string> Names { get; } = ["light", "lights"];

    public Task<IReadOnlyList<ShownEntry>> ReadAsync(Hub hub, string kind, string? name, CancellationToken cancel) => ReadAsync(hub, kind, name, default, cancel);

    public async Task<IReadOnlyList<ShownEntry>> ReadAsync(Hub hub, string kind, string? name, ShownTime time, CancellationToken cancel) =>
        [.. (await hub.Get<ITimeliness>().LightsAsync(time.At, cancel)).Where(light => name is null || light.Name == name).Select(light => Shown.Entry(new Dictionary<string, string>
        {
            ["KIND"] = light.Kind,
            ["NAME"] = light.Name,
            ["CLASS"] = light.Class ?? "-",
            ["LIGHT"] = light.Light == "none" ? "-" : light.Light,
            ["LAST SUCCESS"] = light.LastSuccess is { } last ? Shown.Time(last) : "never",
            ["GAP"] = Gap(light.GapSeconds),
            ["ALLOWED"] = light.AllowedSeconds is { } allowed ? Gap(allowed) : "-",
            ["SINCE"] = light.Light == "none" ? "-" : Shown.Time(light.Since),
            ["HOLD"] = light.Hold ?? "-",
            ["NEXT"] = light.Next ?? "",
        }, light))];

    /// <summary>Days and hours; below an hour minutes, below a minute seconds.</summary>
    static string Gap(double seconds)
    {
        var gap = TimeSpan.FromSeconds(seconds);
        return gap switch
        {
            { TotalDays: >= 1 } => gap.Hours == 0 ? $"{Shown.N(gap.Days)}d" : $"{Shown.N(gap.Days)}d {Shown.N(gap.Hours)}h",
            { TotalHours: >= 1 } => $"{Shown.N(gap.Hours)}h {Shown.N(gap.Minutes)}m",
            { TotalMinutes: >= 1 } => $"{Shown.N(gap.Minutes)}m",
            _ => $"{Shown.N(gap.Seconds)}s",
        };
    }
}

/// <summary>Volume, accuracy and timeliness of resources: `get statistics`, `get statistics RESOURCE --since 7d`.</summary>
internal sealed class ShownStatistics : IShownKind
{
    public IReadOnlyList<string> Names { get; } = ["statistics", "statistic"];

    public Task<IReadOnlyList<ShownEntry>> ReadAsync(Hub hub, string kind, string? name, CancellationToken cancel) => ReadAsync(hub, kind, name, default, cancel);

    public async Task<IReadOnlyList<ShownEntry>> ReadAsync(Hub hub, string kind, string? name, ShownTime time, CancellationToken cancel) =>
        [.. (await hub.Get<ITimeliness>().StatisticsAsync(name, time.Period, cancel)).Select(of => Shown.Entry(new Dictionary<string, string>
        {
            ["RESOURCE"] = of.Resource,
            ["CLASS"] = of.Class ?? "-",
            ["SINCE"] = Shown.Time(of.Since),
            ["RUNS"] = Shown.N(of.Runs),
            ["VOLUME"] = Shown.N(of.Volume),
            ["REJECTED"] = Shown.N(of.Rejected),
            ["ACCURACY"] = Percent(of.AccuracyPercent),
            ["DUE"] = Shown.N(of.Due),
            ["IN TIME"] = Shown.N(of.InTime),
            ["TIMELINESS"] = Percent(of.TimelinessPercent),
        }, of))];

    /// <summary>One decimal where it says something: 66.7 %, 100 %. Only all is 100 %.</summary>
    public static string Percent(decimal? percent) => percent is not { } known ? "-"
        : string.Create(CultureInfo.InvariantCulture, $"{(known < 100 ? Math.Min(known, 99.9m) : known):0.#} %");
}
