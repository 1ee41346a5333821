using System.CommandLine;
using Exchange.Host.Composition;
using Exchange.Host.Output;

namespace Exchange.Host.Commands;

/// <summary>Makes or migrates the store.</summary>
internal sealed class SetupCommand(Terminal terminal) : HubCommand("setup", "Create the store or bring it up to this program.", terminal)
{
    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var applied = await Hub.SetUpAsync(HubArguments.Hub(arguments), cancel);
        foreach (var migration in applied) await Terminal.Error.WriteLineAsync($"  {migration.Module} {migration.Number}: {migration.Name}");
        await Terminal.Out.WriteLineAsync(applied.Count == 0 ? "the store is up to date" : "the store is set up");
        return ExitStatus.Done;
    }
}
