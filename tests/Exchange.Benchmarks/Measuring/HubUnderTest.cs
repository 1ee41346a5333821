using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace Exchange.Benchmarks.Measuring;

/// <summary>What a command of the hub took.</summary>
/// <param name="Seconds">Wall time of the process.</param>
/// <param name="PeakMegabytes">Most resident memory.</param>
/// <param name="CpuSeconds">Of the hub's process alone.</param>
/// <param name="Result">What it printed as JSON.</param>
internal sealed record HubRun(double Seconds, double PeakMegabytes, double CpuSeconds, JsonElement Result);

/// <summary>The real host as a process, with a store of its own.</summary>
/// <param name="folder">A new folder for its data.</param>
/// <param name="store">A PostgreSQL store's URL; null: SQLite in the folder.</param>
internal sealed class HubUnderTest(string folder, string? store = null)
{
    static readonly TimeSpan Sample = TimeSpan.FromMilliseconds(20);

    public string Folder => folder;

    /// <summary>The host's own build, compiled ahead as users have it (tests/Directory.Build.props).</summary>
    public static string Program { get; } = typeof(HubUnderTest).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(about => about.Key == "HostProgram").Value!;

    /// <summary>The departments market and centre, and connections.</summary>
    public static string Connections(params (string Name, string Provider, string ConnectionString)[] connections) =>
        "kind: Department\nmetadata: { name: market }\nspec: { uscc: 119900000000020224 }\n" + string.Concat(connections.Select(connection =>
            $"---\nkind: Connection\nmetadata: {{ name: {connection.Name} }}\nspec: {{ department: market, provider: {connection.Provider}, connectionString: {JsonSerializer.Serialize(connection.ConnectionString)} }}\n"));

    public static string Subscription(string name, string resource, string table, string connection = "target") =>
        $"---\nkind: Subscription\nmetadata: {{ name: {name} }}\nspec: {{ resource: {resource}, subscriber: market, target: {{ connection: {connection}, table: {table} }} }}\n";

    public async Task ApplyAsync(string manifests, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        if (store is not null) await RunAsync(cancel, "setup");
        var file = Path.Combine(folder, "manifests.yaml");
        await File.WriteAllTextAsync(file, manifests, cancel);
        await RunAsync(cancel, "apply", "-f", file);
    }

    public Task<HubRun> SyncAsync(CancellationToken cancel, params string[] arguments) => RunAsync(cancel, ["sync", .. arguments, "-o", "json"]);

    /// <summary>A command that ends by itself, and well.</summary>
    public async Task<HubRun> RunAsync(CancellationToken cancel, params string[] arguments)
    {
        var clock = Stopwatch.StartNew();
        using var process = Start(arguments);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
        var (peak, cpu) = (0L, TimeSpan.Zero);
        while (!process.HasExited)
        {
            process.Refresh();
            try
            {
                peak = Math.Max(peak, process.PeakWorkingSet64);
                cpu = process.TotalProcessorTime;
            }
            catch (InvalidOperationException)
            {
                break; // it has just ended
            }

            await Task.WhenAny(process.WaitForExitAsync(cancel), Task.Delay(Sample, cancel));
        }

        await process.WaitForExitAsync(cancel);
        var seconds = clock.Elapsed.TotalSeconds;
        var (text, errors) = (await output, await error);
        if (process.ExitCode != 0) throw new InvalidOperationException($"exchange {string.Join(' ', arguments)}: status {process.ExitCode}\n{text}\n{errors}");
        return new HubRun(seconds, peak / 1e6, cpu.TotalSeconds, text.Length > 0 && text[0] is '[' or '{' ? JsonDocument.Parse(text).RootElement : default);
    }

    /// <summary>A command that goes on until it is ended.</summary>
    public Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. arguments, "--data", Path.Combine(folder, "data"), .. store is null ? Array.Empty<string>() : ["--store", store]])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder,
        };
        return Process.Start(start)!;
    }
}
