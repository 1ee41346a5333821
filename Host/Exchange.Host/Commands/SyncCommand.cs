using System.CommandLine;
using System.Text.Json;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Operations;
using Exchange.Host.Output;

namespace Exchange.Host.Commands;

/// <summary>Runs one exchange and waits for it.</summary>
internal sealed class SyncCommand : HubCommand
{
    readonly Argument<string[]> _subscriptions = new("SUBSCRIPTION") { Description = "What is to be exchanged; several may be named.", Arity = ArgumentArity.ZeroOrMore };
    readonly Option<bool> _full = new("--full") { Description = "Read the resource anew, for all its subscribers." };
    readonly Option<bool> _all = new("--all") { Description = "Every subscription." };
    readonly Option<string> _output = OutputOption("table", "json");

    public SyncCommand(Terminal terminal) : base("sync", "Run one exchange now and wait.", terminal)
    {
        Add(_subscriptions);
        Add(_full);
        Add(_all);
        Add(_output);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var names = arguments.GetValue(_subscriptions) ?? [];
        var all = arguments.GetValue(_all);
        if (all == names.Length > 0)
            throw new ExchangeException(ErrorCodes.ManifestInvalid, Party.Caller, "sync takes either subscriptions or --all.", "`exchange get subscriptions` lists them.");
        await using var hub = await OpenAsync(arguments, cancel);
        IReadOnlyList<SyncResult> results;
        await using (var shown = SyncProgressView.Start(Terminal))
            results = await hub.Get<IExchanges>().SyncAsync(new SyncRequest(all ? null : names, arguments.GetValue(_full)), shown, cancel);
        Show(results, arguments.GetValue(_output) == "json");
        return Status(results);
    }

    void Show(IReadOnlyList<SyncResult> results, bool json)
    {
        if (json)
        {
            Terminal.Out.WriteLine(JsonSerializer.Serialize(results, JsonForms.Readable));
            return;
        }

        Terminal.Table(
            ["SUBSCRIPTION", "KIND", "READ", "ACCEPTED", "REJECTED", "DELETED", "DELIVERED", "REFUSED", "CLOSED", "RESULT"],
            [.. results.Select(result => (IReadOnlyList<string>)[result.Subscription, result.Kind ?? "-", N(result.Read), N(result.Accepted), N(result.Rejected), N(result.Deleted),
                N(result.Upserted + result.DeletedAtTarget), N(result.Refused), N(result.Closed), Word(result.Outcome)])]);
        foreach (var result in results.Where(result => result.Error is not null))
            Terminal.Fault($"{result.Subscription}: {result.Error}", result.Party, result.Next, result.ErrorCode);

        if (results.Any(result => result.Rejected + result.Refused > 0)) Terminal.Error.WriteLine("rejected rows: `exchange errors list --rows`");
    }

    static int Status(IReadOnlyList<SyncResult> results) =>
        results.Any(result => result.Outcome == SyncOutcome.Failed) ? ExitStatus.Failed
        : results.Any(result => result.Outcome == SyncOutcome.DoneWithRejects) ? ExitStatus.Rejected
        : ExitStatus.Done;

    static string Word(SyncOutcome outcome) => outcome switch { SyncOutcome.Done => "done", SyncOutcome.DoneWithRejects => "done, rows rejected", _ => "failed" };

    static string N(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
