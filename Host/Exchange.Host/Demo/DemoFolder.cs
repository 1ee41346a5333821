using Exchange.Contracts.Errors;

namespace Exchange.Host.Demo;

/// <summary>
/// The demo's own folder, emptied and held against a second demo until disposed. Only a folder that a demo has made is ever emptied: it carries a mark, and without
/// the mark it must not exist.
/// </summary>
internal sealed class DemoFolder : IDisposable
{
    public const string Name = "province";
    const string MarkName = ".exchange-demo";

    readonly FileStream _mark;

    DemoFolder(string path, FileStream mark)
    {
        Path = path;
        _mark = mark;
    }

    /// <summary>Absolute.</summary>
    public string Path { get; }

    /// <summary>Folder of the demo's hub: what `--data` takes to look at it.</summary>
    public string Hub => System.IO.Path.Combine(Path, "hub");

    public string FrontEnd(string department) => System.IO.Path.Combine(Path, $"{department}-front.db");

    /// <param name="parent">What --data says.</param>
    /// <exception cref="ExchangeException">There is something else, or another demo runs there.</exception>
    public static DemoFolder Take(string parent)
    {
        var path = System.IO.Path.GetFullPath(System.IO.Path.Combine(parent, Name));
        var mark = System.IO.Path.Combine(path, MarkName);
        if ((Directory.Exists(path) && !File.Exists(mark)) || File.Exists(path))
            throw new ExchangeException(ErrorCodes.ManifestInvalid, Party.Caller, $"{path} exists and was not made by a demo.", "Name another folder by --data DIR; the demo empties only what it made.");
        try
        {
            Directory.CreateDirectory(path);
            var held = new FileStream(mark, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            var folder = new DemoFolder(path, held);
            folder.Empty();
            return folder;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new ExchangeException(ErrorCodes.ManifestInvalid, Party.Caller, $"The demo cannot have {path} for itself: {failed.Message}", "Another demo may be running there: end it, or name another folder by --data DIR.");
        }
    }

    public void Dispose() => _mark.Dispose();

    void Empty()
    {
        foreach (var entry in new DirectoryInfo(Path).EnumerateFileSystemInfos())
        {
            if (entry.Name == MarkName) continue;
            if (entry is DirectoryInfo { LinkTarget: null } below) below.Delete(recursive: true);
            else entry.Delete();
        }
    }
}
