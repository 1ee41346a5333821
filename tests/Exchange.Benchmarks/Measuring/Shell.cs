using System.Diagnostics;

namespace Exchange.Benchmarks.Measuring;

/// <summary>Commands as people type them: what is printed beside a figure is what was run.</summary>
internal static class Shell
{
    /// <summary>Runs a line of bash; a pipe fails with any of its parts.</summary>
    /// <returns>Wall seconds.</returns>
    public static async Task<double> RunAsync(string line, CancellationToken cancel)
    {
        var start = new ProcessStartInfo("bash", ["-o", "pipefail", "-c", line]) { RedirectStandardOutput = true, RedirectStandardError = true };
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
        await process.WaitForExitAsync(cancel);
        var seconds = clock.Elapsed.TotalSeconds;
        if (process.ExitCode != 0) throw new InvalidOperationException($"status {process.ExitCode}: {line}\n{await output}\n{await error}");
        await Task.WhenAll(output, error);
        return seconds;
    }

    /// <summary>What a command prints first, or that it is missing.</summary>
    public static async Task<string> FirstLineAsync(string line)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", line + " 2>&1 | head -n 1"]) { RedirectStandardOutput = true })!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return text.Trim();
    }
}
