using System.CommandLine;
using System.Text.Json;
using Exchange.Contracts.Catalogue;
using Exchange.Host.Output;

namespace Exchange.Host.Commands;

/// <summary>Brings the store to what the manifests say.</summary>
internal sealed class ApplyCommand : HubCommand
{
    readonly Option<string[]> _files = new("--file", "-f") { Description = "Manifest file, folder of them, or - for standard input; may be given several times.", HelpName = "FILE|DIR", Required = true, Arity = ArgumentArity.OneOrMore };
    readonly Option<bool> _dryRun = new("--dry-run") { Description = "Check everything, say what would be done, change nothing." };
    readonly Option<bool> _prune = new("--prune") { Description = "Delete what is stored and not among the manifests given." };
    readonly Option<string> _output = OutputOption("text", "json");

    public ApplyCommand(Terminal terminal) : base("apply", "Bring the store to what the manifests say.", terminal)
    {
        Add(_files);
        Add(_dryRun);
        Add(_prune);
        Add(_output);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var files = await ManifestFiles.ReadAsync(arguments.GetRequiredValue(_files), cancel);
        await using var hub = await OpenAsync(arguments, cancel);
        var dryRun = arguments.GetValue(_dryRun);
        var applied = await hub.Get<IManifests>().ApplyAsync(files, dryRun, arguments.GetValue(_prune), cancel);
        if (arguments.GetValue(_output) == "json") WriteJson(applied);
        else WriteText(applied);
        if (applied.Count == 0) await Terminal.Error.WriteLineAsync($"there is no manifest in {string.Join(", ", files.Select(file => file.Name))}: nothing was done");
        if (dryRun) await Terminal.Error.WriteLineAsync("dry run: nothing was changed");
        return ExitStatus.Done;
    }

    void WriteText(IReadOnlyList<AppliedManifest> applied)
    {
        foreach (var manifest in applied)
        {
            Terminal.Out.WriteLine($"{manifest.Kind}/{manifest.Name} {Word(manifest.Change)}");
            if (manifest.Note is { } note) Terminal.Error.WriteLine($"  {manifest.Kind}/{manifest.Name}: {note}");
        }
    }

    void WriteJson(IReadOnlyList<AppliedManifest> applied) =>
        Terminal.Out.WriteLine(JsonSerializer.Serialize(applied.Select(manifest => new { kind = manifest.Kind, name = manifest.Name, change = Word(manifest.Change), note = manifest.Note }), JsonForms.Readable));

    static string Word(AppliedChange change) => change.ToString().ToLowerInvariant();
}
