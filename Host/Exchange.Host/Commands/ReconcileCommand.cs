using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Exchange.Contracts.Operations;
using Exchange.Host.Output;

namespace Exchange.Host.Commands;

/// <summary>Compares the source and the target of a subscription, row by row in the end.</summary>
internal sealed class ReconcileCommand : HubCommand
{
    const int UsualKeys = 100;
    const int MostKeys = 100_000;
    const string UsualWait = "10s";

    readonly Argument<string> _subscription = new("SUBSCRIPTION") { Description = "Whose source and target are compared." };
    readonly Option<bool> _repair = new("--repair") { Description = "Read what differs anew and deliver it, through the log." };
    readonly Option<int> _keys = new("--keys") { Description = $"How many differing keys are told (default {UsualKeys}); the rest is counted.", HelpName = "N", DefaultValueFactory = _ => UsualKeys };
    readonly Option<string> _wait = new("--wait") { Description = $"How long differing rows are given while something is on its way to the target (default {UsualWait}).", HelpName = "DURATION", DefaultValueFactory = _ => UsualWait };
    readonly Option<string> _output = OutputOption("table", "json");

    public ReconcileCommand(Terminal terminal) : base("reconcile", "Compare what a subscriber should hold with what its target holds: exit status 0 when equal, 4 when they differ.", terminal)
    {
        Add(_subscription);
        Add(_repair);
        Add(_keys);
        Add(_wait);
        Add(_output);
        Validators.Add(result =>
        {
            if (result.GetValue(_keys) is < 0 or > MostKeys) result.AddError($"--keys takes a number from 0 to {MostKeys}.");
        });
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var request = new ReconcileRequest(arguments.GetRequiredValue(_subscription), arguments.GetValue(_repair), arguments.GetValue(_keys), TimeArgument.Period(arguments.GetRequiredValue(_wait), $"--wait {UsualWait}"));
        await using var hub = await OpenAsync(arguments, cancel);
        ReconcileResult result;
        await using (var shown = SyncProgressView.Start(Terminal))
            result = await hub.Get<IReconciliation>().ReconcileAsync(request, shown, cancel);
        if (arguments.GetValue(_output) == "json") await Terminal.Out.WriteLineAsync(JsonSerializer.Serialize(result, JsonForms.Readable));
        else Show(result);
        return result.Equal ? ExitStatus.Done : ExitStatus.Differ;
    }

    void Show(ReconcileResult result)
    {
        Terminal.Table(
            ["SUBSCRIPTION", "SOURCE", "TARGET", "LEFT OUT", "MISSING", "EXTRA", "DIFFERENT", "UNSETTLED", "REPAIRED", "RESULT"],
            [[result.Subscription, N(result.SourceRows), N(result.TargetRows), N(result.LeftOut), N(result.Missing), N(result.Extra), N(result.Different), N(result.Unsettled), N(result.Repaired), result.Equal ? "equal" : "differ"]]);
        if (result.Keys.Count > 0)
        {
            Terminal.Out.WriteLine();
            Terminal.Table([.. result.KeyColumns, "ROW"], [.. result.Keys.Select(key => (IReadOnlyList<string>)[.. key.Key.Select(value => value ?? "NULL"), key.Kind.ToString().ToLowerInvariant()])]);
        }

        var further = result.Missing + result.Extra + result.Different - result.Keys.Count;
        if (further > 0) Terminal.Error.WriteLine($"and {N(further)} more");
        if (result.OutOfReach > 0)
            Terminal.Error.WriteLine($"{N(result.OutOfReach)} of these rows can't be repaired through the log, because their key can't be told at the source: `exchange sync {result.Subscription} --full` brings them");
    }

    static string N(long number) => number.ToString(CultureInfo.InvariantCulture);
}
