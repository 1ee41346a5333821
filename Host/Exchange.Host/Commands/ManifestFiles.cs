using System.Text;
using Exchange.Contracts.Catalogue;

namespace Exchange.Host.Commands;

/// <summary>Reads the manifests that -f names: files, folders (*.yaml, *.yml, *.json in them and below, sorted), or - for standard input.</summary>
internal static class ManifestFiles
{
    /// <summary>Larger files are refused before they are read into memory.</summary>
    const long LargestFile = 5 * 1024 * 1024;

    static readonly string[] Endings = [".yaml", ".yml", ".json"];

    static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="ManifestException">A place that can't be read, each of them.</exception>
    public static async Task<IReadOnlyList<ManifestFile>> ReadAsync(IReadOnlyList<string> places, CancellationToken cancel)
    {
        var (files, problems) = (new List<ManifestFile>(), new List<ManifestProblem>());
        foreach (var place in places)
        foreach (var path in Expand(place, problems))
        {
            try
            {
                files.Add(new ManifestFile(path, await ReadAsync(path, cancel)));
            }
            catch (DecoderFallbackException)
            {
                problems.Add(new ManifestProblem(path, 1, "the file is no UTF-8 text; save it as UTF-8"));
            }
            catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
            {
                problems.Add(new ManifestProblem(path, 1, failed.Message));
            }
        }

        return problems.Count == 0 ? files : throw new ManifestException(problems);
    }

    static List<string> Expand(string place, List<ManifestProblem> problems)
    {
        if (place == "-" || File.Exists(place)) return [place];
        if (!Directory.Exists(place))
        {
            problems.Add(new ManifestProblem(place, 1, "there is no such file or folder"));
            return [];
        }

        var found = Directory.EnumerateFiles(place, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Hidden })
            .Where(path => Endings.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal).ToList();
        if (found.Count == 0) problems.Add(new ManifestProblem(place, 1, "the folder holds no *.yaml, *.yml or *.json file"));
        return found;
    }

    static async Task<string> ReadAsync(string path, CancellationToken cancel)
    {
        await using var stream = path == "-" ? Console.OpenStandardInput() : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1, FileOptions.Asynchronous);
        using var bytes = new MemoryStream();
        var buffer = new byte[81_920];
        for (int read; (read = await stream.ReadAsync(buffer, cancel)) > 0;)
        {
            bytes.Write(buffer, 0, read);
            if (bytes.Length > LargestFile) throw new IOException($"the file is larger than {LargestFile / 1024 / 1024} MB; split it");
        }

        return Strict.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }
}
