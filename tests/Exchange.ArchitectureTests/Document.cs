using System.Text;
using System.Text.RegularExpressions;

namespace Exchange.ArchitectureTests;

/// <summary>A page for people, its path from the root with forward slashes.</summary>
internal sealed partial record Document(string Path, string Text)
{
    /// <summary>README in each language and everything under docs but the requirements, which are given.</summary>
    public static IReadOnlyList<Document> All() =>
    [
        .. Directory.EnumerateFiles(Sources.Root(), "README*.md").Concat(Directory.EnumerateFiles(System.IO.Path.Combine(Sources.Root(), "docs"), "*.md", SearchOption.AllDirectories))
            .Where(file => !file.Contains("/requirements/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .Select(file => Read(System.IO.Path.GetRelativePath(Sources.Root(), file).Replace('\\', '/'))),
    ];

    public static Document Read(string path) => new(path, File.ReadAllText(System.IO.Path.Combine(Sources.Root(), path)));

    /// <summary>What stands in backticks in running text.</summary>
    public IEnumerable<string> Names => Name().Matches(Fence().Replace(Text, "")).Select(match => match.Groups[1].Value.Trim());

    /// <summary>Fenced blocks with their marks.</summary>
    public IReadOnlyList<string> Blocks => [.. Fence().Matches(Text).Select(match => match.Value)];

    /// <summary>Lines that a reader would type: in fenced or indented blocks.</summary>
    public IEnumerable<string> CodeLines => Blocks.SelectMany(block => block.Split('\n')).Concat(Fence().Replace(Text, "").Split('\n').Where(line => line.StartsWith("    ", StringComparison.Ordinal))).Select(line => line.Trim());

    /// <summary>Headings in their order, each with what stands below it up to the next one.</summary>
    public IReadOnlyList<(int Level, string Title, Document Body)> Sections
    {
        get
        {
            var hidden = Fence().Replace(Text, match => new string(' ', match.Length));
            var headings = Heading().Matches(hidden).ToList();
            return [.. headings.Select((heading, at) => (heading.Groups[1].Length, heading.Groups[2].Value.Trim(),
                new Document(Path, Text[(heading.Index + heading.Length)..(at + 1 < headings.Count ? headings[at + 1].Index : Text.Length)])))];
        }
    }

    /// <summary>Anchors as the usual viewers make them: lower case, blanks as hyphens, letters of any script, no punctuation.</summary>
    public IEnumerable<string> Anchors => Sections.Select(section => Anchor(section.Title));

    static string Anchor(string title)
    {
        var anchor = new StringBuilder();
        foreach (var letter in title.ToLowerInvariant())
        {
            if (letter == ' ') anchor.Append('-');
            else if (char.IsLetterOrDigit(letter) || letter is '-' or '_') anchor.Append(letter);
        }

        return anchor.ToString();
    }

    [GeneratedRegex(@"^```.*?^```\s*?$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Name();

    [GeneratedRegex("^(#{1,6}) (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
