using System.CommandLine;
using System.Text.Json.Nodes;
using Exchange.Host.Output;

namespace Exchange.Host.Commands;

/// <summary>Shows what the hub knows of a kind.</summary>
internal sealed class GetCommand : HubCommand
{
    /// <summary>What the hub records; every other word is taken for a kind of manifests.</summary>
    static readonly IShownKind[] Records = [new ShownRuns(), new ShownBatches(), new ShownLogs(), new ShownHolds(), new ShownReorganisations(), new ShownSchedules(), new ShownLights(), new ShownStatistics()];

    readonly Argument<string> _kind = new("KIND") { Description = "department, connection, codeset, codemap, resource, subscription, run, batch, log, hold, reorganisation, schedule, light or statistics; singular or plural." };
    readonly Argument<string?> _name = new("NAME") { Description = "Only this one.", Arity = ArgumentArity.ZeroOrOne };
    readonly Option<string> _since = new("--since") { Description = "Of statistics: how far back, such as 30d (default) or 12h.", HelpName = "DURATION", DefaultValueFactory = _ => "30d" };
    readonly Option<string?> _at = new("--at") { Description = "Of lights: as they will be at that moment (ISO 8601, UTC where it says no offset) if nothing is exchanged until then.", HelpName = "TIME" };
    readonly Option<string> _output = OutputOption("table", "json", "yaml");

    public GetCommand(Terminal terminal) : base("get", "Show what was applied.", terminal)
    {
        Add(_kind);
        Add(_name);
        Add(_since);
        Add(_at);
        Add(_output);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var (kind, name) = (arguments.GetRequiredValue(_kind), arguments.GetValue(_name));
        var time = new ShownTime(TimeArgument.Period(arguments.GetValue(_since)!, "--since 30d"), arguments.GetValue(_at) is { } at ? TimeArgument.Moment(at) : null);
        await using var hub = await OpenAsync(arguments, cancel);
        var shown = Records.FirstOrDefault(known => known.Names.Contains(kind, StringComparer.OrdinalIgnoreCase)) ?? new ShownManifests([.. Records.Select(known => known.Names[0])]);
        var entries = await shown.ReadAsync(hub, kind, name, time, cancel);
        switch (arguments.GetValue(_output))
        {
            case "json":
                // One entry asked for by name is an object, else a list, as kubectl does.
                var nodes = entries.Select(entry => JsonNode.Parse(entry.Json)).ToArray();
                await Terminal.Out.WriteLineAsync((name is not null && nodes.Length == 1 ? nodes[0] : new JsonArray(nodes))!.ToJsonString(JsonForms.Readable));
                break;
            case "yaml":
                await Terminal.Out.WriteAsync(string.Join("---\n", entries.Select(entry => entry.Yaml)));
                break;
            default:
                if (entries.Count == 0) await Terminal.Error.WriteLineAsync($"nothing yet: {kind}");
                else Terminal.Table([.. entries[0].Columns.Keys], [.. entries.Select(entry => (IReadOnlyList<string>)[.. entry.Columns.Values])]);
                break;
        }

        return ExitStatus.Done;
    }
}
