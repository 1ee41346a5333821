using System.CommandLine;
using Exchange.Contracts.Operations;
using Exchange.Host.Composition;
using Exchange.Host.Output;

namespace Exchange.Host.Commands;

/// <summary>Makes or migrates the store.</summary>
internal sealed class SetupCommand : HubCommand
{
    readonly Option<string?> _zone = new("--time-zone")
    {
        Description = "IANA zone of schedules that name none and of the days by which timeliness is told, such as Asia/Shanghai (UTC until it is set).", HelpName = "ZONE",
    };

    readonly Option<string?> _logKeep = new("--log-keep") { Description = "How long rows stay in a log that a newer full has taken the place of and every subscriber has applied, such as 7d.", HelpName = "DURATION" };
    readonly Option<string?> _logBudget = new("--log-budget") { Description = "How many bytes the rows of all logs and the contents of attachments may take, such as 20GiB, or none. Over it, sources are not read until there is room.", HelpName = "SIZE" };
    readonly Option<string?> _contentsKeep = new("--contents-keep") { Description = "How long contents of attachments stay at a target after the last row that referred to them, such as 1d.", HelpName = "DURATION" };
    readonly Option<string?> _runKeep = new("--run-keep") { Description = "How long records of runs are kept, such as 400d.", HelpName = "DURATION" };

    public SetupCommand(Terminal terminal) : base("setup", "Create the store or bring it up to this program.", terminal)
    {
        _zone.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<string?>() is { } zone && !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
                given.AddError($"'{zone}' is no known time zone; IANA names such as Asia/Shanghai or UTC are.");
        });
        Add(_zone);
        Add(_logKeep);
        Add(_logBudget);
        Add(_runKeep);
        Add(_contentsKeep);
    }

    static string Days(TimeSpan time) => time.Days > 0 && time == TimeSpan.FromDays(time.Days) ? $"{time.Days} days" : time.ToString();

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var options = HubArguments.Hub(arguments);
        var keep = arguments.GetValue(_logKeep) is { } logs ? TimeArgument.Period(logs, "--log-keep 7d") : (TimeSpan?)null;
        var runs = arguments.GetValue(_runKeep) is { } records ? TimeArgument.Period(records, "--run-keep 400d") : (TimeSpan?)null;
        var contents = arguments.GetValue(_contentsKeep) is { } kept ? TimeArgument.Period(kept, "--contents-keep 1d") : (TimeSpan?)null;
        var budget = arguments.GetValue(_logBudget) is { } size ? (Given: true, Bytes: size == "none" ? (long?)null : SizeArgument.Bytes(size)) : default;
        var applied = await Hub.SetUpAsync(options, cancel);
        foreach (var migration in applied) await Terminal.Error.WriteLineAsync($"  {migration.Module} {migration.Number}: {migration.Name}");
        await Terminal.Out.WriteLineAsync(applied.Count == 0 ? "the store is up to date" : "the store is set up");
        var zone = arguments.GetValue(_zone);
        if (zone is null && keep is null && runs is null && contents is null && !budget.Given) return ExitStatus.Done;
        await using var hub = await Hub.OpenAsync(options, cancel);
        if (zone is not null)
        {
            await hub.Get<ISchedules>().SetTimeZoneAsync(zone, cancel);
            await Terminal.Out.WriteLineAsync($"the hub's time zone is {zone}");
        }

        if (keep is not null || runs is not null || contents is not null || budget.Given)
        {
            var known = await hub.Get<ILogs>().KeepingAsync(cancel);
            var keeping = new LogKeeping(keep ?? known.Keep, budget.Given ? budget.Bytes : known.Budget, runs ?? known.RunKeep) { ContentsKeep = contents ?? known.ContentsKeep };
            await hub.Get<ILogs>().SetKeepingAsync(keeping, cancel);
            await Terminal.Out.WriteLineAsync($"rows that nobody needs are kept for {Days(keeping.Keep)}, {(keeping.Budget is { } bytes ? $"all logs within {bytes} bytes" : "logs without a budget")}, contents of attachments at targets for {Days(keeping.ContentsKeep)}, records of runs for {Days(keeping.RunKeep)}");
        }

        return ExitStatus.Done;
    }
}
