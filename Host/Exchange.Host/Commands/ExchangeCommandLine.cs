using System.CommandLine;
using System.CommandLine.Invocation;
using Exchange.Host.Output;

namespace Exchange.Host.Commands;

/// <summary>The command line as a whole.</summary>
internal static class ExchangeCommandLine
{
    /// <summary>Time that a command has to end in good order after Ctrl-C or SIGTERM.</summary>
    static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    /// <summary>Every command, in the order in which help lists them.</summary>
    static Command[] Commands(Terminal terminal) =>
    [
        new DemoCommand(terminal),
        new SetupCommand(terminal),
        new ApplyCommand(terminal),
        new ExportCommand(terminal),
        new GetCommand(terminal),
        new SyncCommand(terminal),
        new ImportCommand(terminal),
        new RunCommand(terminal),
        new CaptureCommand(terminal),
        new NoticeCommand(terminal),
        new ReconcileCommand(terminal),
        new ErrorsCommand(terminal),
    ];

    /// <returns>The exit status.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, Terminal terminal)
    {
        var root = new RootCommand("Exchanges data between the front-end databases of departments.") { HubArguments.Data, HubArguments.Store };
        foreach (var command in Commands(terminal)) root.Add(command);

        // Without this, an argument such as @name would be read as a file of arguments.
        var parsed = root.Parse(arguments.Count == 0 ? ["--help"] : arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction || (parsed.Errors.Count > 0 && parsed.CommandResult.Command is HubCommand && parsed.Action == parsed.CommandResult.Command.Action))
        {
            foreach (var error in parsed.Errors) await terminal.Error.WriteLineAsync($"error: {error.Message}");
            await terminal.Error.WriteLineAsync($"  next: {Path(parsed)} --help says how it is used");
            return ExitStatus.WrongUsage;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = StopLimit, Output = terminal.Out, Error = terminal.Error });
        }
        catch (Exception exception)
        {
            return terminal.Report(exception);
        }
    }

    static string Path(ParseResult parsed) => parsed.CommandResult.Command is RootCommand ? "exchange" : $"exchange {parsed.CommandResult.Command.Name}";
}
