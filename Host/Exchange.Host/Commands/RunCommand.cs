using System.CommandLine;
using Exchange.Contracts.Operations;
using Exchange.Host.Output;

namespace Exchange.Host.Commands;

/// <summary>Runs the hub until it is told to stop.</summary>
internal sealed class RunCommand : HubCommand
{
    const int MostExchanges = 1_000;

    readonly Option<int> _exchanges = new("--exchanges")
    {
        Description = $"How many readings and deliveries this node has under way at once (default {IHubLoop.UsualExchanges}).", HelpName = "N", DefaultValueFactory = _ => IHubLoop.UsualExchanges,
    };

    public RunCommand(Terminal terminal) : base("run", "Run the hub: take up changes as they come, read by schedules, deliver.", terminal)
    {
        Add(_exchanges);
        _exchanges.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > MostExchanges) result.AddError($"--exchanges takes a number from 1 to {MostExchanges}.");
        });
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        await using var hub = await OpenAsync(arguments, cancel);
        await Terminal.Error.WriteLineAsync("the hub runs; Ctrl-C ends it");
        await hub.Get<IHubLoop>().RunAsync(arguments.GetValue(_exchanges), cancel);
        return ExitStatus.Done;
    }
}
