using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Operations;
using Exchange.Host.Output;

namespace Exchange.Host.Commands;

/// <summary>Failed messages, and rows that were refused.</summary>
internal sealed class ErrorsCommand : Command
{
    public ErrorsCommand(Terminal terminal) : base("errors", "Failed messages: list, show, retry, edit, archive. With --rows: rows in quarantine.")
    {
        Add(new ListErrors(terminal));
        Add(new ShowError(terminal));
        Add(new RetryErrors(terminal));
        Add(new EditError(terminal));
        Add(new ArchiveErrors(terminal));
    }

    /// <summary>Numbers as they are typed.</summary>
    internal static long[] Numbers(IReadOnlyList<string> typed) => [.. typed.Select(text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new ExchangeException(ErrorCodes.MessageUnknown, Party.Caller, $"'{text}' is no number of a failed message.", "`exchange errors list` lists them."))];
}

/// <summary>errors list [--rows].</summary>
internal sealed class ListErrors : HubCommand
{
    readonly Option<bool> _rows = new("--rows") { Description = "Rows in quarantine instead of failed messages." };
    readonly Option<string?> _resource = new("--resource") { Description = "With --rows: only of this resource.", HelpName = "NAME" };
    readonly Option<string?> _subscription = new("--subscription") { Description = "With --rows: only rows refused for this subscription alone.", HelpName = "NAME" };
    readonly Option<bool> _all = new("--all") { Description = "With --rows: closed ones too; else: retried and archived ones too." };
    readonly Option<int> _most = new("--most") { Description = "How many.", HelpName = "N", DefaultValueFactory = _ => 100 };
    readonly Option<string> _output = OutputOption("table", "json");

    public ListErrors(Terminal terminal) : base("list", "List failed messages, or with --rows rows in quarantine.", terminal)
    {
        Add(_rows);
        Add(_resource);
        Add(_subscription);
        Add(_all);
        Add(_most);
        Add(_output);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        await using var hub = await OpenAsync(arguments, cancel);
        var json = arguments.GetValue(_output) == "json";
        var (all, most) = (arguments.GetValue(_all), arguments.GetValue(_most));
        if (arguments.GetValue(_rows))
            ShowRows(await hub.Get<IExchangeRecords>().RefusedRowsAsync(arguments.GetValue(_resource), arguments.GetValue(_subscription), !all, most, cancel), json);
        else
            ShowMessages(await hub.Get<IFailedMessages>().ListAsync(all ? null : FailedMessageState.Failed, null, null, most, cancel), json);
        return ExitStatus.Done;
    }

    void ShowRows(IReadOnlyList<RefusedRowView> rows, bool json)
    {
        if (json)
        {
            Terminal.Out.WriteLine(JsonSerializer.Serialize(rows, JsonForms.Readable));
            return;
        }

        if (rows.Count == 0) Terminal.Error.WriteLine("no rows are in quarantine");
        else
        {
            Terminal.Table(["ROW", "RESOURCE", "FOR", "KEY", "RULE", "ITEM", "VALUE", "MESSAGE", "BATCH", "CLOSED"],
                [.. rows.SelectMany(row => row.Broken.Select(broken => (IReadOnlyList<string>)[Shown.N(row.Id), row.Resource, row.Subscription ?? "everyone", row.Key ?? "-", broken.Rule, broken.Item ?? "-",
                    broken.Value ?? "NULL", broken.Message, Shown.N(row.Batch), row.ClosedBatch is { } closed ? Shown.N(closed) : "-"]))]);
        }
    }

    void ShowMessages(IReadOnlyList<FailedMessage> messages, bool json)
    {
        if (json)
        {
            Terminal.Out.WriteLine(JsonSerializer.Serialize(messages, JsonForms.Readable));
            return;
        }

        if (messages.Count == 0) Terminal.Error.WriteLine("no messages have failed");
        else
        {
            Terminal.Table(["ID", "TYPE", "FAILED", "ATTEMPTS", "STATE", "EXCEPTION", "PLACE", "MESSAGE"],
                [.. messages.Select(message => (IReadOnlyList<string>)[Shown.N(message.Id), message.Type, Shown.Time(message.FailedAt), Shown.N(message.Attempts), message.State.ToString().ToLowerInvariant(),
                    message.ExceptionType, message.Place, message.Message])]);
        }
    }
}

/// <summary>errors show ID.</summary>
internal sealed class ShowError : HubCommand
{
    readonly Argument<string> _id = new("ID") { Description = "Number of a failed message." };

    public ShowError(Terminal terminal) : base("show", "Show a failed message with its stack, headers and body.", terminal) => Add(_id);

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var id = ErrorsCommand.Numbers([arguments.GetRequiredValue(_id)])[0];
        await using var hub = await OpenAsync(arguments, cancel);
        await Terminal.Out.WriteLineAsync(JsonSerializer.Serialize(await hub.Get<IFailedMessages>().ShowAsync(id, cancel), JsonForms.Readable));
        return ExitStatus.Done;
    }
}

/// <summary>errors retry ID… | --group KEY.</summary>
internal sealed class RetryErrors : HubCommand
{
    readonly Argument<string[]> _ids = new("ID") { Description = "Numbers of failed messages.", Arity = ArgumentArity.ZeroOrMore };
    readonly Option<string?> _group = new("--group") { Description = "All failed messages of a group.", HelpName = "KEY" };

    public RetryErrors(Terminal terminal) : base("retry", "Give failed messages back to their queue.", terminal)
    {
        Add(_ids);
        Add(_group);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var ids = ErrorsCommand.Numbers(arguments.GetValue(_ids) ?? []);
        var group = arguments.GetValue(_group);
        if (ids.Length == 0 == group is null)
            throw new ExchangeException(ErrorCodes.MessageUnknown, Party.Caller, "retry takes either numbers or --group.", "`exchange errors list` lists them.");
        await using var hub = await OpenAsync(arguments, cancel);
        var failed = hub.Get<IFailedMessages>();
        var count = group is null ? await failed.RetryAsync(ids, cancel) : await failed.RetryGroupAsync(group, cancel);
        await Terminal.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{count} given back"));
        return ExitStatus.Done;
    }
}

/// <summary>errors edit ID -f FILE.</summary>
internal sealed class EditError : HubCommand
{
    readonly Argument<string> _id = new("ID") { Description = "Number of a failed message." };
    readonly Option<string> _file = new("--file", "-f") { Description = "The mended body (JSON).", HelpName = "FILE", Required = true };

    public EditError(Terminal terminal) : base("edit", "Send a failed message again with a mended body.", terminal)
    {
        Add(_id);
        Add(_file);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var id = ErrorsCommand.Numbers([arguments.GetRequiredValue(_id)])[0];
        var file = arguments.GetRequiredValue(_file);
        if (!File.Exists(file)) throw new ExchangeException(ErrorCodes.MessageUnknown, Party.Caller, $"There is no file '{file}'.", "Name the file that holds the mended body.");
        var body = await File.ReadAllTextAsync(file, cancel);
        await using var hub = await OpenAsync(arguments, cancel);
        await hub.Get<IFailedMessages>().EditAndRetryAsync(id, body, cancel);
        await Terminal.Out.WriteLineAsync("sent again");
        return ExitStatus.Done;
    }
}

/// <summary>errors archive ID….</summary>
internal sealed class ArchiveErrors : HubCommand
{
    readonly Argument<string[]> _ids = new("ID") { Description = "Numbers of failed messages.", Arity = ArgumentArity.OneOrMore };

    public ArchiveErrors(Terminal terminal) : base("archive", "Put failed messages aside.", terminal) => Add(_ids);

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var ids = ErrorsCommand.Numbers(arguments.GetRequiredValue(_ids));
        await using var hub = await OpenAsync(arguments, cancel);
        await Terminal.Out.WriteLineAsync(Shown.N(await hub.Get<IFailedMessages>().ArchiveAsync(ids, cancel)) + " archived");
        return ExitStatus.Done;
    }
}
