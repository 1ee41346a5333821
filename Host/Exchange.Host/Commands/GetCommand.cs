using System.CommandLine;
using System.Text.Json.Nodes;
using Exchange.Host.Output;

namespace Exchange.Host.Commands;

/// <summary>Shows what the hub knows of a kind.</summary>
internal sealed class GetCommand : HubCommand
{
    /// <summary>Asked in order; the manifests take what no other kind took.</summary>
    static readonly IShownKind[] Kinds = [new ShownRuns(), new ShownBatches(), new ShownHolds(), new ShownManifests()];

    readonly Argument<string> _kind = new("KIND") { Description = "department, connection, codeset, codemap, resource, subscription, run, batch or hold; singular or plural." };
    readonly Argument<string?> _name = new("NAME") { Description = "Only this one.", Arity = ArgumentArity.ZeroOrOne };
    readonly Option<string> _output = OutputOption("table", "json", "yaml");

    public GetCommand(Terminal terminal) : base("get", "Show what was applied.", terminal)
    {
        Add(_kind);
        Add(_name);
        Add(_output);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var (kind, name) = (arguments.GetRequiredValue(_kind), arguments.GetValue(_name));
        await using var hub = await OpenAsync(arguments, cancel);
        var entries = await Kinds.First(known => known.IsCalled(kind)).ReadAsync(hub, kind, name, cancel);
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
