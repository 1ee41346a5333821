using System.Runtime.CompilerServices;
using Exchange.Contracts.Catalogue;

namespace Exchange.UnitTests.Catalogue;

/// <summary>Whatever is typed, apply answers with problems, never with a fault.</summary>
[TestClass]
public sealed class MalformedManifestTests
{
    static readonly string[] Pieces = ["{", "}", "[", "]", ":", ": ", "- ", "---\n", "\n", "\t", "&a ", "*a ", "!x ", "|\n", ">\n", "\"", "'", "#", "${", "? ", "%", "@", "`", "\u0085", "\0", "null", "9999999999999999999999", "<<: "];

    [TestMethod]
    public void Cut_and_scrambled_manifests_give_problems_not_faults()
    {
        // The seed makes a failure come again.
        var random = new Random(20_261_122);
        foreach (var path in Directory.EnumerateFiles(Path.Combine(Folder(), "Corpus"), "*.*", SearchOption.AllDirectories).Where(path => !path.EndsWith(".expected", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            var text = File.ReadAllText(path);
            for (var round = 0; round < 40; round++)
            {
                var scrambled = Scramble(text, random);
                try
                {
                    foreach (var problem in ManifestCorpusTests.Plan([new ManifestFile("f", scrambled)]).Problems) Assert.IsGreaterThan(0, problem.Line);
                }
                catch (Exception fault) when (fault is not AssertFailedException)
                {
                    Assert.Fail($"{Path.GetFileName(path)}, round {round}: {fault}\n{scrambled}");
                }
            }
        }
    }

    static string Scramble(string text, Random random)
    {
        for (var change = random.Next(1, 4); change > 0; change--)
        {
            var at = random.Next(text.Length + 1);
            text = random.Next(4) switch
            {
                0 => text[..at],
                1 => text.Remove(at, Math.Min(random.Next(1, 20), text.Length - at)),
                2 => text.Insert(at, Pieces[random.Next(Pieces.Length)]),
                _ => text.Insert(at, text[random.Next(at + 1)..at]),
            };
            if (text.Length == 0) text = "a";
        }

        return text;
    }

    static string Folder([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;
}
