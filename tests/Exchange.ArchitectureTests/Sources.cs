using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Exchange.ArchitectureTests;

/// <summary>A source file, its path from the root with forward slashes.</summary>
internal sealed record SourceFile(string Path, string Text);

/// <summary>A project and the projects that it refers to, by name.</summary>
internal sealed record ProjectFile(string Name, string Path, IReadOnlyList<string> References);

/// <summary>What the solution file lists, as it lies on the disk.</summary>
internal static partial class Sources
{
    public static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../.."));

    public static IReadOnlyList<ProjectFile> Projects() =>
        [.. ProjectPath().Matches(File.ReadAllText(Path.Combine(Root(), "Exchange.sln"))).Select(match => match.Groups[1].Value.Replace('\\', '/')).Select(ReadProject)];

    /// <summary>C# files of the product's projects (not of tests), generated ones left out.</summary>
    public static IReadOnlyList<SourceFile> Product() => [.. Projects().Where(project => !project.Path.StartsWith("tests/", StringComparison.Ordinal)).SelectMany(Files)];

    static ProjectFile ReadProject(string path)
    {
        var text = File.ReadAllText(Path.Combine(Root(), path));
        return new ProjectFile(Path.GetFileNameWithoutExtension(path), path, [.. Reference().Matches(text).Select(match => Path.GetFileNameWithoutExtension(match.Groups[1].Value))]);
    }

    static IEnumerable<SourceFile> Files(ProjectFile project) =>
        Directory.EnumerateFiles(Path.Combine(Root(), Path.GetDirectoryName(project.Path)!), "*.cs", SearchOption.AllDirectories)
            .Select(file => (Full: file, Path: Path.GetRelativePath(Root(), file).Replace('\\', '/')))
            .Where(file => !file.Path.Contains("/obj/", StringComparison.Ordinal) && !file.Path.Contains("/bin/", StringComparison.Ordinal))
            .Select(file => new SourceFile(file.Path, File.ReadAllText(file.Full)));

    [GeneratedRegex("\"([^\"]+\\.csproj)\"")]
    private static partial Regex ProjectPath();

    [GeneratedRegex("<ProjectReference Include=\"([^\"]+)\"")]
    private static partial Regex Reference();
}
