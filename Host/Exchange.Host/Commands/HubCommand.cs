using System.CommandLine;
using Exchange.Host.Composition;
using Exchange.Host.Output;

namespace Exchange.Host.Commands;

/// <summary>Options that every command has.</summary>
internal static class HubArguments
{
    public const string DefaultDataFolder = "./data";

    public static Option<string?> Data { get; } = new("--data")
    {
        Description = $"Folder of the hub's files (default {DefaultDataFolder}; environment: EXCHANGE_DATA).", HelpName = "DIR", Recursive = true,
    };

    public static Option<string?> Store { get; } = new("--store")
    {
        Description = "Store of the hub: sqlite:PATH or postgresql://USER:PASSWORD@HOST/DATABASE (default: SQLite in the data folder; environment: EXCHANGE_STORE).", HelpName = "CONN", Recursive = true,
    };

    public static HubOptions Hub(ParseResult arguments) => new(
        arguments.GetValue(Data) ?? Variable("EXCHANGE_DATA") ?? DefaultDataFolder,
        arguments.GetValue(Store) ?? Variable("EXCHANGE_STORE"),
        Variable("EXCHANGE_KEY"));

    static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}

/// <summary>A command: arguments in, exit status out. Faults are thrown and reported in one place.</summary>
internal abstract class HubCommand : Command
{
    protected HubCommand(string name, string description, Terminal terminal) : base(name, description)
    {
        Terminal = terminal;
        SetAction(RunAsync);
    }

    protected Terminal Terminal { get; }

    protected abstract Task<int> RunAsync(ParseResult arguments, CancellationToken cancel);

    /// <summary>Opens the hub that --data and --store name.</summary>
    protected static Task<Hub> OpenAsync(ParseResult arguments, CancellationToken cancel) => Hub.OpenAsync(HubArguments.Hub(arguments), cancel);

    /// <summary>-o of commands that print a table.</summary>
    protected static Option<string> OutputOption(params string[] forms)
    {
        var option = new Option<string>("--output", "-o") { Description = $"Form of the result: {string.Join(", ", forms)}.", HelpName = string.Join('|', forms), DefaultValueFactory = _ => forms[0] };
        option.AcceptOnlyFromAmong(forms);
        return option;
    }
}
