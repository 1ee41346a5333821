using System.Text;
using Exchange.Contracts.Catalogue;
using Exchange.Contracts.Errors;
using Spectre.Console;

namespace Exchange.Host.Output;

/// <summary>Where a command's results (standard output) and progress and errors (standard error) go. Not safe for concurrent use.</summary>
internal sealed class Terminal
{
    /// <summary>The process's own streams, UTF-8 without a mark, lines ended by LF.</summary>
    public static Terminal OfProcess()
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        return new Terminal
        {
            Out = new StreamWriter(Console.OpenStandardOutput(), utf8) { AutoFlush = true, NewLine = "\n" },
            Error = new StreamWriter(Console.OpenStandardError(), utf8) { AutoFlush = true, NewLine = "\n" },
            OutIsTerminal = !Console.IsOutputRedirected,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            Debug = Environment.GetEnvironmentVariable("EXCHANGE_DEBUG") is { Length: > 0 },
        };
    }

    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    public bool OutIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    /// <summary>Whether stack traces are shown.</summary>
    public bool Debug { get; init; }

    /// <summary>A table: with lines and colours on a terminal, aligned text otherwise.</summary>
    public void Table(IReadOnlyList<string> headers, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        if (OutIsTerminal) Lined(headers, rows);
        else PlainTable.Write(Out, headers, rows);
    }

    /// <summary>Apart, so that the library for it is not loaded where there is no terminal.</summary>
    void Lined(IReadOnlyList<string> headers, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (var header in headers) table.AddColumn(new TableColumn(new Markup($"[bold]{Markup.Escape(header)}[/]")) { NoWrap = header is "NAME" });
        foreach (var row in rows) table.AddRow([.. row.Select(cell => new Text(PlainTable.Clean(cell)))]);
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Out) }).Write(table);
    }

    /// <summary>Says what failed, whose fault it is, what to do next.</summary>
    /// <returns>The exit status that fits.</returns>
    public int Report(Exception exception)
    {
        var status = ReportBriefly(exception);
        if (Debug) Error.WriteLine(exception);
        return status;
    }

    /// <summary>A fault in the form that all have.</summary>
    public void Fault(string what, Party? party, string? next, string? code)
    {
        Error.WriteLine(what);
        Error.WriteLine($"  at fault: {party?.ToString().ToLowerInvariant()}");
        Error.WriteLine($"  next: {next}");
        Error.WriteLine($"  code: {code}");
    }

    int ReportBriefly(Exception exception)
    {
        switch (exception)
        {
            case OperationCanceledException:
                Error.WriteLine("stopped");
                return ExitStatus.Stopped;
            case ManifestException manifests:
                foreach (var problem in manifests.Problems) Error.WriteLine(problem);
                Error.WriteLine($"{manifests.Problems.Count} {(manifests.Problems.Count == 1 ? "problem" : "problems")}; nothing was changed");
                return ExitStatus.WrongUsage;
            case ExchangeException known:
                Fault($"error: {known.Message}", known.Party, known.Next, known.Code);
                return known.Party == Party.Caller ? ExitStatus.WrongUsage : ExitStatus.Failed;
            default:
                Error.WriteLine($"error: the program failed: {exception.GetType().Name}: {exception.Message}");
                Error.WriteLine("  at fault: hub");
                Error.WriteLine("  next: run it again with EXCHANGE_DEBUG=1 and report what it says");
                Error.WriteLine($"  code: {ErrorCodes.ProgramFailed}");
                return ExitStatus.Failed;
        }
    }
}
