using Exchange.Benchmarks.Measuring;

namespace Exchange.Benchmarks.Exchanges;

/// <summary>
/// pgloader as Debian ships it: the same table into a target that stands already, with its primary key. It reads 10,000 rows ahead: with its usual 100,000 of this width it ends with an exhausted heap,
/// for which its documentation advises this.
/// </summary>
internal static class Pgloader
{
    public const string Shown = "pgloader --with \"data only\" --with \"create no tables\" --with \"prefetch rows = 10000\" SOURCE TARGET";

    public static async Task<double> RunAsync(string folder, string from, string alter, Servers servers, CancellationToken cancel)
    {
        var file = Path.Combine(folder, "pgloader.load");
        await File.WriteAllTextAsync(file, $"""
            LOAD DATABASE
                FROM {from}
                INTO {servers.TargetUri}
            WITH data only, create no tables, create no indexes, include no drop, no foreign keys, reset no sequences, workers = 4, concurrency = 1, prefetch rows = 10000
            {alter};
            """, cancel);
        return await Shell.RunAsync($"pgloader --on-error-stop --root-dir {folder}/pgloader {file}", cancel);
    }

    public static Task<string> VersionAsync() => Shell.FirstLineAsync("pgloader --version");
}
