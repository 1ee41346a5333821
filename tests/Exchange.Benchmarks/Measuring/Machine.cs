using System.Globalization;
using System.Runtime.InteropServices;

namespace Exchange.Benchmarks.Measuring;

/// <summary>Where a figure was measured.</summary>
internal static class Machine
{
    static string? _described;

    public static async Task<string> DescribeAsync() => _described ??= string.Join(", ",
        $"{Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)} cores of {await Shell.FirstLineAsync("grep -m 1 'model name' /proc/cpuinfo | cut -d: -f2")}",
        $"{(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9).ToString("0", CultureInfo.InvariantCulture)} GB",
        RuntimeInformation.OSDescription,
        $".NET {Environment.Version}",
        await Shell.FirstLineAsync("psql --version"),
        await Shell.FirstLineAsync("mariadb --version"));
}
