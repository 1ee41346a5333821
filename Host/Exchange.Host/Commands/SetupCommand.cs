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

    public SetupCommand(Terminal terminal) : base("setup", "Create the store or bring it up to this program.", terminal)
    {
        _zone.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<string?>() is { } zone && !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
                given.AddError($"'{zone}' is no known time zone; IANA names such as Asia/Shanghai or UTC are.");
        });
        Add(_zone);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var options = HubArguments.Hub(arguments);
        var applied = await Hub.SetUpAsync(options, cancel);
        foreach (var migration in applied) await Terminal.Error.WriteLineAsync($"  {migration.Module} {migration.Number}: {migration.Name}");
        await Terminal.Out.WriteLineAsync(applied.Count == 0 ? "the store is up to date" : "the store is set up");
        if (arguments.GetValue(_zone) is not { } zone) return ExitStatus.Done;
        await using var hub = await Hub.OpenAsync(options, cancel);
        await hub.Get<ISchedules>().SetTimeZoneAsync(zone, cancel);
        await Terminal.Out.WriteLineAsync($"the hub's time zone is {zone}");
        return ExitStatus.Done;
    }
}
