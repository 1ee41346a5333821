using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Files;
using Exchange.Contracts.Operations;
using Exchange.Host.Output;

namespace Exchange.Host.Commands;

/// <summary>Takes a file in and waits until it is delivered.</summary>
internal sealed class ImportCommand : HubCommand
{
    readonly Argument<string> _resource = new("RESOURCE") { Description = "A resource without a source of its own." };
    readonly Argument<string> _file = new("FILE") { Description = "CSV (.csv, .tsv, .txt), JSON (.json, .jsonl, .ndjson), XML (.xml), XLSX (.xlsx, .xlsm) or Parquet (.parquet)." };
    readonly Option<bool> _full = new("--full") { Description = "The file holds every row: rows that are not in it are removed." };
    readonly Option<string?> _delimiter = new("--delimiter") { Description = "CSV: one character, or `tab` (default: found out).", HelpName = "CHAR" };
    readonly Option<bool> _header = new("--header") { Description = "CSV and XLSX: the first line that holds something names the columns (default: the header is looked for in the first ten)." };
    readonly Option<bool> _noHeader = new("--no-header") { Description = "CSV and XLSX: the first line is a row already; columns are the items in their order." };
    readonly Option<string?> _encoding = new("--encoding") { Description = "CSV: utf-8, utf-16, utf-16be, gb18030 … (default: found out).", HelpName = "NAME" };
    readonly Option<string?> _sheet = new("--sheet") { Description = "XLSX: the sheet to read (default: the first that is not hidden).", HelpName = "NAME" };
    readonly Option<string?> _memory = new("--memory") { Description = "Parquet: how much memory the file's pages may take together, such as 1GiB (default: 256MiB). A file that asks for more is refused.", HelpName = "SIZE" };
    readonly Option<string?> _errors = new("--errors") { Description = "Write the rows that are refused, with reasons, to this CSV file.", HelpName = "FILE" };
    readonly Option<string> _output = OutputOption("table", "json");

    public ImportCommand(Terminal terminal) : base("import", "Take a file of rows in, and deliver.", terminal)
    {
        Add(_resource);
        Add(_file);
        Add(_full);
        Add(_delimiter);
        Add(_header);
        Add(_noHeader);
        Add(_encoding);
        Add(_sheet);
        Add(_memory);
        Add(_errors);
        Add(_output);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var file = new FileRequest
        {
            Path = arguments.GetRequiredValue(_file),
            Delimiter = Delimiter(arguments.GetValue(_delimiter)),
            Header = Header(arguments.GetValue(_header), arguments.GetValue(_noHeader)),
            Encoding = arguments.GetValue(_encoding),
            Sheet = arguments.GetValue(_sheet),
            PageMemory = arguments.GetValue(_memory) is { } memory ? SizeArgument.Bytes(memory) : null,
        };
        var errors = arguments.GetValue(_errors);
        if (errors is not null && Path.GetFullPath(errors) == Path.GetFullPath(file.Path)) throw new ExchangeException(ErrorCodes.FileInvalid, Party.Caller, "The refused rows would take the place of the file that is imported.", "Give --errors another file.");
        await using var hub = await OpenAsync(arguments, cancel);
        ImportResult result;
        await using (var shown = SyncProgressView.Start(Terminal))
            result = await hub.Get<IImports>().ImportAsync(new ImportRequest(arguments.GetRequiredValue(_resource), file, arguments.GetValue(_full), errors), shown, cancel);
        if (arguments.GetValue(_output) == "json") Terminal.Out.WriteLine(JsonSerializer.Serialize(result, JsonForms.Readable));
        else Show(result);
        return Status(result);
    }

    static bool? Header(bool given, bool none) => (given, none) switch
    {
        (true, true) => throw new ExchangeException(ErrorCodes.FileInvalid, Party.Caller, "The first line can't be the header and a row: --header and --no-header were both given.", "Give one of them, or none."),
        (true, _) => true,
        (_, true) => false,
        _ => null,
    };

    static char? Delimiter(string? typed) => typed switch
    {
        null => null,
        "tab" or "\\t" => '\t',
        [var one] when one is not ('"' or '\r' or '\n') => one,
        _ => throw new ExchangeException(ErrorCodes.FileInvalid, Party.Caller, $"'{typed}' can't stand between fields.", "--delimiter takes one character that is no quote, or `tab`."),
    };

    void Show(ImportResult result)
    {
        Terminal.Table(["FILE", "RESOURCE", "KIND", "READ", "ACCEPTED", "REJECTED", "CLOSED"],
            [[result.File, result.Resource, result.Kind, N(result.Read), N(result.Accepted), N(result.Rejected), N(result.Closed)]]);
        if (result.Subscriptions.Count > 0)
            Terminal.Table(["SUBSCRIPTION", "DELIVERED", "REFUSED"], [.. result.Subscriptions.Select(delivered => (IReadOnlyList<string>)[delivered.Subscription, N(delivered.Upserted + delivered.DeletedAtTarget), N(delivered.Refused)])]);
        if (result.Header is { Number: > 1 } header) Terminal.Error.WriteLine($"the header was found in {header}; {(header.Number == 2 ? $"1 {header.Unit} above it was" : $"{N(header.Number - 1)} {header.Unit}s above it were")} passed over");
        if (result.Ignored.Count > 0) Terminal.Error.WriteLine($"columns that are no items were passed over: {string.Join(", ", result.Ignored)}");
        if (result.Error is not null) Terminal.Fault($"{result.File}: {result.Error}", result.Party, result.Next, result.ErrorCode);
        else foreach (var failed in result.Subscriptions.Where(delivered => delivered.Error is not null)) Terminal.Fault($"{failed.Subscription}: {failed.Error}", failed.Party, failed.Next, failed.ErrorCode);
        if (result.Rejected + result.Subscriptions.Sum(delivered => delivered.Refused) > 0) Terminal.Error.WriteLine($"rejected rows: {(result is { Errors: { } file, Rejected: > 0 } ? $"{file}, and " : "")}`exchange errors list --rows --resource {result.Resource}`");
    }

    static int Status(ImportResult result) =>
        result.Error is not null || result.Subscriptions.Any(delivered => delivered.Outcome == SyncOutcome.Failed) ? ExitStatus.Failed
        : result.Rejected > 0 || result.Subscriptions.Any(delivered => delivered.Outcome == SyncOutcome.DoneWithRejects) ? ExitStatus.Rejected
        : ExitStatus.Done;

    static string N(long number) => number.ToString(CultureInfo.InvariantCulture);
}
