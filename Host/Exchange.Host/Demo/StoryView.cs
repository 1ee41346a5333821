using Exchange.Host.Output;
using Spectre.Console;

namespace Exchange.Host.Demo;

/// <summary>One thing that the story expects, and what it found.</summary>
internal sealed record Check(string What, string Expected, string Got)
{
    public bool Holds => string.Equals(Expected, Got, StringComparison.Ordinal);
}

/// <summary>How much of a chapter held.</summary>
internal sealed record ChapterResult(string Title, int Checks, int Held, TimeSpan Took);

/// <summary>Shows the story: with lines and colours on a terminal, plain text otherwise.</summary>
internal sealed class StoryView(Terminal terminal)
{
    readonly IAnsiConsole? _console = terminal.OutIsTerminal ? AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Out) }) : null;

    public void Heading(string text)
    {
        terminal.Out.WriteLine();
        if (_console is null) terminal.Out.WriteLine($"== {text}");
        else _console.Write(new Rule($"[bold cyan]{Markup.Escape(text)}[/]") { Justification = Justify.Left });
    }

    /// <summary>What is being done.</summary>
    public void Say(string text)
    {
        if (_console is null) terminal.Out.WriteLine($"   {PlainTable.Clean(text)}");
        else _console.Write(new Padder(new Text(PlainTable.Clean(text))).Padding(3, 0, 0, 0));
    }

    /// <summary>What an exchange did; quieter than the story.</summary>
    public void Note(string text)
    {
        if (_console is null) terminal.Out.WriteLine($"     {PlainTable.Clean(text)}");
        else _console.Write(new Padder(new Text(PlainTable.Clean(text), new Style(Color.Grey))).Padding(5, 0, 0, 0));
    }

    public void Checks(IReadOnlyList<Check> checks)
    {
        if (_console is null)
        {
            terminal.Out.WriteLine();
            PlainTable.Write(terminal.Out, ["EXPECTED OF", "EXPECTED", "GOT", "OK"], [.. checks.Select(check => (IReadOnlyList<string>)[check.What, check.Expected, check.Got, check.Holds ? "ok" : "NO"])]);
            return;
        }

        var table = NewTable("", "expected", "got", "");
        foreach (var check in checks)
            table.AddRow(new Text(check.What), new Text(check.Expected), new Text(check.Got, check.Holds ? Style.Plain : new Style(Color.Red)), Mark(check.Holds));
        _console.Write(table);
    }

    public void Summary(IReadOnlyList<ChapterResult> chapters, TimeSpan took)
    {
        Heading("Result");
        var rows = chapters.Select(chapter => (IReadOnlyList<string>)[chapter.Title, Number(chapter.Checks), Number(chapter.Held), Seconds(chapter.Took), chapter.Held == chapter.Checks ? "ok" : "NO"]).ToList();
        if (_console is null) PlainTable.Write(terminal.Out, ["CHAPTER", "CHECKS", "HELD", "SECONDS", "OK"], rows);
        else
        {
            var table = NewTable("chapter", "checks", "held", "seconds", "");
            foreach (var row in rows) table.AddRow([.. row.Take(4).Select(cell => new Text(cell)), Mark(row[4] == "ok")]);
            _console.Write(table);
        }

        var (checks, held) = (chapters.Sum(chapter => chapter.Checks), chapters.Sum(chapter => chapter.Held));
        terminal.Out.WriteLine($"{Number(held)} of {Number(checks)} checks held in {Seconds(took)} s");
    }

    static Table NewTable(params string[] headers)
    {
        var table = new Table { Border = TableBorder.Rounded, BorderStyle = new Style(Color.Grey) };
        foreach (var header in headers) table.AddColumn(new TableColumn(new Markup($"[grey]{header}[/]")));
        return table;
    }

    static Markup Mark(bool holds) => new(holds ? "[green]ok[/]" : "[bold red]NO[/]");

    static string Number(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture);
}
