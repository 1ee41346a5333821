using System.Runtime.InteropServices;
using System.Text;

namespace Exchange.Bus.Log;

/// <summary>
/// Makes names in a folder durable. A file's own fsync keeps its content, not its name: after a power cut the name may be gone unless the folder is
/// synced too (fsync(2)). .NET opens no folders, hence the system calls. Windows (NTFS) journals names by itself.
/// </summary>
internal static class DurableFolder
{
    const int ReadOnly = 0;

    /// <summary>A folder two levels below the data folder, made where it is missing: durable, and its owner's only.</summary>
    /// <returns>Its path.</returns>
    /// <exception cref="IOException">The system refused.</exception>
    public static string Make(string dataFolder, string room, string name)
    {
        var root = Path.Combine(dataFolder, room);
        var folder = Path.Combine(root, name);
        if (Directory.Exists(folder)) return folder;
        // Each level for itself: folders above would get the usual rights.
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else foreach (var level in new[] { root, folder }) Directory.CreateDirectory(level, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Sync(root);
        Sync(dataFolder);
        return folder;
    }

    /// <exception cref="IOException">The system refused.</exception>
    public static void Sync(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        var descriptor = Open(Encoding.UTF8.GetBytes(folder + '\0'), ReadOnly);
        if (descriptor < 0) throw Failed(folder);
        try
        {
            if (Fsync(descriptor) != 0) throw Failed(folder);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    static IOException Failed(string folder) => new($"Folder {folder} can't be synced: {Marshal.GetLastPInvokeErrorMessage()}.");

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int Fsync(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int Close(int descriptor);
}
