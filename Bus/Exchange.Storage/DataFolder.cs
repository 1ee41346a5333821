using Exchange.Contracts.Errors;

namespace Exchange.Storage;

/// <summary>Folders and files of the hub: they hold personal data and keys, so only their owner may read them.</summary>
internal static class DataFolder
{
    /// <summary>Makes the folder and those above it where missing; an existing one keeps its rights.</summary>
    public static void Create(string folder)
    {
        try
        {
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
            else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw Unusable(folder, failed);
        }
    }

    /// <summary>Makes an empty file where none is, before the engine would make it readable by all.</summary>
    public static void CreateFile(string path)
    {
        if (File.Exists(path)) return;
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            new FileStream(path, options).Dispose();
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, failed);
        }
    }

    static ExchangeException Unusable(string path, Exception failed) =>
        new(ErrorCodes.StoreUnreachable, Party.Hub, $"{path} can't be made: {failed.Message}", "Give this user the right to write there, or choose another place with --data or --store.", failed);
}
