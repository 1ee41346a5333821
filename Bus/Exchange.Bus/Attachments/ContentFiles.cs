using System.Runtime.CompilerServices;
using System.Text.Json;
using Exchange.Bus.Log;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Attachments;

/// <summary>
/// Contents as files <c>attachments/AB/DIGEST-NAME</c> in the data folder (SQLite), AB the first two digits of the digest, readable by their owner only. Written under a temporary name in
/// <c>attachments/new</c> and renamed; contents and folders are synced before anything names them.
/// </summary>
internal sealed class ContentFiles(IStore store, TimeProvider time) : IContentPlace
{
    const string Folder = "attachments", New = "new";

    TimeProvider Time { get; } = time;

    /// <summary>Files that are asked about at once.</summary>
    const int Chunk = 1000;

    public Task<PlacedContents> BeginAsync(CancellationToken cancel)
    {
        var path = Path.Combine(MakeFolder(New), Guid.CreateVersion7(Time.GetUtcNow()).ToString("N"));
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return Task.FromResult<PlacedContents>(new Writer(this, path, new FileStream(path, options)));
    }

    public Task SyncAsync(IReadOnlyCollection<string> places, CancellationToken cancel)
    {
        foreach (var folder in places.Select(place => Path.GetDirectoryName(Absolute(place))!).Distinct()) DurableFolder.Sync(folder);
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string place, [EnumeratorCancellation] CancellationToken cancel)
    {
        if (Open(Absolute(place)) is not { } file) yield break;
        await using (file)
        {
            var part = new byte[AttachmentReference.PartBytes];
            var (any, read) = (false, part.Length);
            while (read == part.Length)
            {
                read = await file.ReadAtLeastAsync(part, part.Length, throwOnEndOfStream: false, cancel);
                if (read > 0 || !any) yield return part.AsMemory(0, read);
                any = true;
            }
        }
    }

    public Task RemoveAsync(IReadOnlyCollection<string> places, CancellationToken cancel)
    {
        foreach (var place in places) File.Delete(Absolute(place));
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<IReadOnlyList<string>> FindStrayAsync(DateTimeOffset before, [EnumeratorCancellation] CancellationToken cancel)
    {
        var root = Path.Combine(store.DataFolder, Folder);
        if (!Directory.Exists(root)) yield break;
        var old = Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Where(path => File.GetLastWriteTimeUtc(path) < before.UtcDateTime).Select(Relative);
        foreach (var places in old.Chunk(Chunk))
        {
            var named = (await store.ReadAsync(session => session.QueryAsync("SELECT place FROM bus_attachment WHERE place IN (SELECT value FROM json_each(@places))",
                row => row.GetString(0), cancel, ("places", JsonSerializer.Serialize(places))), cancel)).ToHashSet(StringComparer.Ordinal);
            yield return [.. places.Where(place => !named.Contains(place))];
        }
    }

    static FileStream? Open(string path)
    {
        try
        {
            return new FileStream(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.Read | FileShare.Delete, Options = FileOptions.Asynchronous | FileOptions.SequentialScan, BufferSize = 0 });
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    string MakeFolder(string name) => DurableFolder.Make(store.DataFolder, Folder, name);

    string Absolute(string place) => Path.Combine(store.DataFolder, place);

    string Relative(string path) => Path.GetRelativePath(store.DataFolder, path).Replace('\\', '/');

    sealed class Writer(ContentFiles files, string path, FileStream file) : PlacedContents
    {
        bool _finished;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> piece, CancellationToken cancel) => file.WriteAsync(piece, cancel);

        public override async Task<string> FinishAsync(AttachmentReference reference, CancellationToken cancel)
        {
            file.Flush(flushToDisk: true);
            await file.DisposeAsync();
            var final = Path.Combine(files.MakeFolder(reference.Digest[..2]), $"{reference.Digest}-{Path.GetFileName(path)}");
            // Its age counts from now on: the sweep must not take what is about to be named.
            File.SetLastWriteTimeUtc(path, files.Time.GetUtcNow().UtcDateTime);
            File.Move(path, final, overwrite: false);
            _finished = true;
            return files.Relative(final);
        }

        public override async ValueTask DisposeAsync()
        {
            await file.DisposeAsync();
            if (!_finished) File.Delete(path);
        }
    }
}
