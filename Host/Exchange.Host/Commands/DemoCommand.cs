using System.CommandLine;
using Exchange.Contracts.Errors;
using Exchange.Host.Demo;
using Exchange.Host.Output;

namespace Exchange.Host.Commands;

/// <summary>Tells the story of the example province and says whether the hub did what the story expects.</summary>
internal sealed class DemoCommand : HubCommand
{
    const string DefaultDataFolder = "./demo-data";

    readonly Option<int> _port = new("--port") { Description = "Port of the console. The console comes with a later version: the port is not used yet.", HelpName = "PORT", DefaultValueFactory = _ => 8080 };
    readonly Option<bool> _exit = new("--exit") { Description = "Leave after the story with status 0 if everything held, else 1." };

    public DemoCommand(Terminal terminal) : base("demo",
        $"Set up the example province on SQLite and run it. Its files lie in DIR/{DemoFolder.Name} (--data DIR, default {DefaultDataFolder}); each demo starts afresh there and touches nothing else.", terminal)
    {
        Add(_port);
        Add(_exit);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        if (arguments.GetValue(HubArguments.Store) is not null)
            throw new ExchangeException(ErrorCodes.ManifestInvalid, Party.Caller, "demo takes no --store: it has a SQLite store of its own.", "Leave --store out.");
        using var folder = DemoFolder.Take(arguments.GetValue(HubArguments.Data) ?? DefaultDataFolder);
        return await new DemoRun(Terminal, folder, HubArguments.Hub(arguments).Key, TimeProvider.System).RunAsync(arguments.GetValue(_exit), cancel);
    }
}
