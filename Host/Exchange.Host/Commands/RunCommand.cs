using System.CommandLine;
using Exchange.Contracts.Operations;
using Exchange.Host.Output;

namespace Exchange.Host.Commands;

/// <summary>Runs the hub until it is told to stop.</summary>
internal sealed class RunCommand(Terminal terminal) : HubCommand("run", "Run the hub: take up changes as they come, read by schedules, deliver.", terminal)
{
    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        await using var hub = await OpenAsync(arguments, cancel);
        await Terminal.Error.WriteLineAsync("the hub runs; Ctrl-C ends it");
        await hub.Get<IHubLoop>().RunAsync(cancel);
        return ExitStatus.Done;
    }
}
