using System.Security.Cryptography;
using Exchange.Contracts.Errors;

namespace Exchange.Security.Secrets;

/// <summary>
/// The key that secrets are kept under: EXCHANGE_KEY, else the file hub.key in the data folder. The file is made on first use, readable by its owner only; of
/// several processes that need it at once one makes it, under a lock, and all use it. Safe for concurrent callers; after a crash the file is whole or not there.
/// </summary>
internal sealed class SecretKey(SecurityOptions options)
{
    public const string FileName = "hub.key";

    /// <summary>AES-256.</summary>
    public const int Bytes = 32;

    static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    readonly Lock _gate = new();
    byte[]? _key;

    /// <exception cref="ExchangeException">hub.secret.unreadable: no key of 32 bytes, or the file can be neither read nor made.</exception>
    public byte[] Read()
    {
        lock (_gate) return _key ??= options.Key is { Length: > 0 } given ? Decode(given, "EXCHANGE_KEY") : FromFile();
    }

    byte[] FromFile()
    {
        var path = Path.Combine(options.DataFolder, FileName);
        try
        {
            if (!File.Exists(path)) Make(path);
            return Decode(File.ReadAllText(path), path);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new ExchangeException(ErrorCodes.SecretUnreadable, Party.Hub, $"The key file {path} can be neither read nor made: {failed.Message}", "Give this user the right to it, or set EXCHANGE_KEY.", failed);
        }
    }

    /// <summary>
    /// Written whole under another name first: a file called hub.key is always complete, also after a crash. Under a lock, for no name is given on Unix that a second process could not take away:
    /// File.Move looks whether the name is free, and then renames over whatever has come meanwhile.
    /// </summary>
    void Make(string path)
    {
        Directory.CreateDirectory(options.DataFolder);
        using var alone = Alone(path + ".lock");
        if (File.Exists(path)) return;
        var part = $"{path}.{Guid.NewGuid():N}";
        var file = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) file.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            using (var stream = new FileStream(part, file))
            {
                stream.Write(System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(Bytes)) + "\n"));
                stream.Flush(flushToDisk: true);
            }

            File.Move(part, path);
        }
        finally
        {
            File.Delete(part);
        }
    }

    /// <summary>Held by one process at a time; it ends with its holder, and a lock file that is left by a dead one locks nothing.</summary>
    static FileStream Alone(string path)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                // Deleted by its holder when the key is there: who has the file open yet, or makes it anew, finds the key.
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
            }
            catch (IOException) when (TimeProvider.System.GetElapsedTime(since) < LongestWait)
            {
                // Callers are synchronous, a key is made once in a hub's life, and no lock of .NET on a file waits.
                Thread.Sleep(Pause);
            }
        }
    }

    static byte[] Decode(string text, string place)
    {
        var key = new byte[Bytes + 1];
        if (Convert.TryFromBase64String(text.Trim(), key, out var length) && length == Bytes) return key[..Bytes];
        throw new ExchangeException(ErrorCodes.SecretUnreadable, Party.Hub, $"{place} holds no key: {Bytes} bytes as Base64 are expected.", "Put the right key back (`openssl rand -base64 32` makes one for a new hub).");
    }
}
