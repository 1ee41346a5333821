using Exchange.Storage;

namespace Exchange.Bus.Log;

/// <summary>
/// Payloads as files <c>log/RESOURCE/NAME.arrow</c> in the data folder (SQLite), readable by their owner only. Written under a temporary name, synced, renamed,
/// the folder synced: after kill -9 or a power cut a file of the final name is whole. Each name is used once, so a file belongs to one batch or to none;
/// those of none are <see cref="PayloadSweep"/>'s.
/// </summary>
internal sealed class PayloadFiles(IStore store, TimeProvider time) : IPayloadPlace
{
    public const string Folder = "log";
    public const string Extension = ".arrow";

    /// <summary>
    /// A prepared payload must be appended within this time. The sweep waits twice as long, so it never takes a file that a running transaction is
    /// about to name.
    /// </summary>
    public static readonly TimeSpan Validity = TimeSpan.FromMinutes(30);

    public async Task<string?> PrepareAsync(string resource, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        var folder = DurableFolder.Make(store.DataFolder, Folder, resource);
        var name = Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
        var path = Path.Combine(folder, name + Extension);
        var temporary = Path.Combine(folder, name + ".tmp");
        try
        {
            await WriteAsync(temporary, content, cancel);
            File.SetLastWriteTimeUtc(temporary, time.GetUtcNow().UtcDateTime);
            File.Move(temporary, path, overwrite: false);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        DurableFolder.Sync(folder);
        return $"{Folder}/{resource}/{name}{Extension}";
    }

    public Task AppendAsync(StoreSession session, string resource, long number, PreparedPayload payload, CancellationToken cancel)
    {
        var file = new FileInfo(Absolute(payload.File!));
        if (!file.Exists || time.GetUtcNow() - file.LastWriteTimeUtc > Validity)
            throw new InvalidOperationException($"The payload {payload.File} was prepared more than {Validity.TotalMinutes:F0} minutes ago or is gone; the rows must be prepared again.");
        return Task.CompletedTask;
    }

    /// <summary>Only once no batch names them; those of a process that is killed between are the sweep's.</summary>
    public Task DropAsync(StoreSession session, string resource, IReadOnlyList<(long Number, string? File)> batches, CancellationToken cancel)
    {
        session.AfterCommit(() =>
        {
            foreach (var (_, file) in batches)
                if (file is not null) File.Delete(Absolute(file));
        });
        return Task.CompletedTask;
    }

    public async Task<ReadOnlyMemory<byte>?> ReadAsync(LogBatch batch, CancellationToken cancel)
    {
        var file = await store.ReadAsync(session => session.ScalarAsync<string>("SELECT file FROM bus_log_batch WHERE resource = @resource AND number = @number", cancel,
            ("resource", batch.Resource), ("number", batch.Number)), cancel);
        if (file is null) return null;
        try
        {
            return await File.ReadAllBytesAsync(Absolute(file), cancel);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    string Absolute(string file) => Path.Combine(store.DataFolder, file);

    static async Task WriteAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous, PreallocationSize = content.Length, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var stream = new FileStream(path, options);
        await stream.WriteAsync(content, cancel);
        stream.Flush(flushToDisk: true);
    }
}
