using System.Diagnostics;
using System.Reflection;
using System.Text;

namespace Exchange.AcceptanceTests.Hubs;

/// <summary>What a finished command said.</summary>
internal sealed record Outcome(int Status, string Out, string Error);

/// <summary>The real built host, run as a process in a folder of its own.</summary>
internal sealed class HubProcess : IDisposable
{
    /// <summary>Longest run of a command; far above what any takes on a loaded machine.</summary>
    static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Path of the host's own build (tests/Directory.Build.props).</summary>
    public static string Built { get; } = typeof(HubProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(about => about.Key == "HostProgram").Value!;

    /// <summary>What is run: that, or another version's.</summary>
    public string Program { get; set; } = Built;

    /// <summary>The caller's folder; the hub's data are in data below it.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("exchange-test-").FullName;

    /// <summary>Set for every command that follows.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    public void Write(string file, string text)
    {
        var path = Path.Combine(Folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    public Task<Outcome> RunAsync(params string[] arguments) => RunAsync("", arguments);

    /// <summary>Starts a command that goes on until it is told to end.</summary>
    public Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. arguments])
        {
            WorkingDirectory = Folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8, StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var (name, value) in Environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    public async Task<Outcome> RunAsync(string input, string[] arguments)
    {
        using var process = Start(arguments);
        using var limit = new CancellationTokenSource(Limit);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return new Outcome(process.ExitCode, await output, await error);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
