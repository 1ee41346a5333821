using Exchange.Contracts.Catalogue;
using Exchange.Samples.FrontEnd;
using Exchange.Samples.Generation;

namespace Exchange.Host.Demo;

/// <summary>The departments' own databases, and the manifests that the program brings along.</summary>
internal sealed class Province(DemoFolder folder)
{
    /// <summary>Seed of everything that is made up: each demo has the same province.</summary>
    const int Seed = 990000;

    public FrontEndFile Market { get; } = new(folder.FrontEnd("market"));

    public FrontEndFile Health { get; } = new(folder.FrontEnd("health"));

    public FrontEndFile Centre { get; } = new(folder.FrontEnd("centre"));

    public FrontEndFile Credit { get; } = new(folder.FrontEnd("credit"));

    public string HubFolder { get; } = folder.Hub;

    /// <summary>Where chance comes from; used by one chapter after the other.</summary>
    public Draw Draw { get; } = new(Seed);

    /// <summary>The enterprises that are inspected and licensed.</summary>
    public IReadOnlyList<Enterprise> Enterprises { get; } = Bodies.Enterprises(new Draw(Seed + 1), 1_200);

    /// <summary>Sets the variables that the manifests name, as a shell would by `export`.</summary>
    public void Export()
    {
        foreach (var (name, file) in new[] { ("MARKET_FRONT", Market), ("HEALTH_FRONT", Health), ("CENTRE_FRONT", Centre), ("CREDIT_FRONT", Credit) })
            Environment.SetEnvironmentVariable(name, file.ConnectionString);
    }

    /// <summary>The manifests of the province, in the order of their names.</summary>
    public static Task<IReadOnlyList<ManifestFile>> ManifestsAsync(CancellationToken cancel) => ReadAsync("province", cancel);

    /// <summary>A manifest that must be refused.</summary>
    public static Task<IReadOnlyList<ManifestFile>> RefusedAsync(CancellationToken cancel) => ReadAsync("refused", cancel);

    static async Task<IReadOnlyList<ManifestFile>> ReadAsync(string below, CancellationToken cancel)
    {
        var files = new List<ManifestFile>();
        foreach (var path in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "samples", below), "*.yaml").Order(StringComparer.Ordinal))
            files.Add(new ManifestFile($"samples/{below}/{Path.GetFileName(path)}", await File.ReadAllTextAsync(path, cancel)));
        return files;
    }
}
