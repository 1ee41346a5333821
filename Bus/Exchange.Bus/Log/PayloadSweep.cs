using System.Text.Json;
using Exchange.Storage;

namespace Exchange.Bus.Log;

/// <summary>
/// Removes payload files that no batch names: of runs that were killed or stopped between preparing and appending, and temporary files. Only files
/// older than <see cref="Age"/>, twice what an append accepts, so it may run at any time beside any number of appenders. With payloads in the database there
/// is nothing to do.
/// </summary>
internal sealed class PayloadSweep(IStore store, TimeProvider time)
{
    public static readonly TimeSpan Age = 2 * PayloadFiles.Validity;

    /// <summary>Files asked about at once; bounds memory and the statement.</summary>
    const int Chunk = 1000;

    /// <returns>How many files were removed.</returns>
    public async Task<int> SweepAsync(CancellationToken cancel)
    {
        var root = Path.Combine(store.DataFolder, PayloadFiles.Folder);
        if (store.Engine != StoreEngine.Sqlite || !Directory.Exists(root)) return 0;
        var before = (time.GetUtcNow() - Age).UtcDateTime;
        var old = Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Where(path => File.GetLastWriteTimeUtc(path) < before);
        var removed = 0;
        foreach (var paths in old.Chunk(Chunk))
        {
            var named = await NamedAsync(paths, cancel);
            foreach (var path in paths.Where(path => !named.Contains(Relative(path))))
            {
                File.Delete(path);
                removed++;
            }
        }

        return removed;
    }

    async Task<HashSet<string>> NamedAsync(string[] paths, CancellationToken cancel)
    {
        var files = JsonSerializer.Serialize(paths.Select(Relative));
        var named = await store.ReadAsync(session => session.QueryAsync("SELECT file FROM bus_log_batch WHERE file IN (SELECT value FROM json_each(@files))",
            row => row.GetString(0), cancel, ("files", files)), cancel);
        return named.ToHashSet(StringComparer.Ordinal);
    }

    string Relative(string path) => Path.GetRelativePath(store.DataFolder, path).Replace('\\', '/');
}
