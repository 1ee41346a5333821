using System.CommandLine;
using Exchange.Contracts.Catalogue;
using Exchange.Host.Output;

namespace Exchange.Host.Commands;

/// <summary>Writes the manifests back: applying them changes nothing.</summary>
internal sealed class ExportCommand : HubCommand
{
    readonly Option<string?> _folder = new("--output", "-o") { Description = "Folder to write one file a manifest into; standard output when left out.", HelpName = "DIR" };
    readonly Argument<string?> _kind = new("KIND") { Description = "Only this kind.", Arity = ArgumentArity.ZeroOrOne };
    readonly Argument<string?> _name = new("NAME") { Description = "Only this one.", Arity = ArgumentArity.ZeroOrOne };

    public ExportCommand(Terminal terminal) : base("export", "Write the applied manifests back; applying them changes nothing.", terminal)
    {
        Add(_folder);
        Add(_kind);
        Add(_name);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        await using var hub = await OpenAsync(arguments, cancel);
        var manifests = await hub.Get<IManifests>().ReadAsync(arguments.GetValue(_kind), arguments.GetValue(_name), cancel);
        if (arguments.GetValue(_folder) is not { } folder)
        {
            await Terminal.Out.WriteAsync(string.Join("---\n", manifests.Select(manifest => manifest.Yaml)));
            return ExitStatus.Done;
        }

        Directory.CreateDirectory(folder);
        foreach (var manifest in manifests)
        {
            var path = Path.Combine(folder, $"{manifest.Kind.ToLowerInvariant()}-{manifest.Name}.yaml");
            await File.WriteAllTextAsync(path, manifest.Yaml, cancel);
            await Terminal.Out.WriteLineAsync(path);
        }

        return ExitStatus.Done;
    }
}
