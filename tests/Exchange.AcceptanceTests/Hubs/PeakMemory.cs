using System.Diagnostics;
using System.Globalization;

namespace Exchange.AcceptanceTests.Hubs;

/// <summary>What a command of the hub takes of the machine's memory.</summary>
internal static class PeakMemory
{
    /// <summary>Runs a command as a process.</summary>
    /// <param name="hub">Whose data.</param>
    /// <param name="longest">That it may take.</param>
    /// <param name="arguments">The command.</param>
    /// <returns>What it said, and its peak of resident memory in megabytes.</returns>
    public static async Task<(Outcome Outcome, long Megabytes)> OfAsync(TestHub hub, TimeSpan longest, params string[] arguments)
    {
        using var process = hub.Process.Start(hub.WithHub(arguments));
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.StandardInput.Close();
        var peak = 0L;
        try
        {
            for (var clock = Stopwatch.StartNew(); !process.HasExited; await Task.Delay(10))
            {
                peak = Math.Max(peak, Read(process));
                Assert.IsLessThan(longest, clock.Elapsed, string.Join(' ', arguments));
            }
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }

        return (new Outcome(process.ExitCode, await output, await error), peak);
    }

    /// <summary>The kernel's high-water mark; 0 once the process has ended.</summary>
    static long Read(Process process)
    {
        try
        {
            return File.ReadLines($"/proc/{process.Id}/status").Where(line => line.StartsWith("VmHWM", StringComparison.Ordinal))
                .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024).FirstOrDefault();
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
