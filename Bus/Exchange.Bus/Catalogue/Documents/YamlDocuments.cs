using System.Text;
using Exchange.Contracts.Catalogue;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Exchange.Bus.Catalogue.Documents;

/// <summary>One document of a file.</summary>
/// <param name="File">The file as the user named it.</param>
/// <param name="Root">Its content.</param>
internal sealed record ManifestDocument(string File, ManifestNode Root);

/// <summary>
/// Reads YAML 1.2 (JSON is a part of it) into nodes with lines. Scalars stay the text that was written. Everything is bounded: size of a file, depth,
/// and the number of nodes with aliases counted as often as they are used, so that a small file cannot grow in memory.
/// </summary>
internal static class YamlDocuments
{
    /// <summary>Largest manifest file in UTF-8 bytes. A province's catalogue of a thousand resources fits several times.</summary>
    public const int LargestFile = 5 * 1024 * 1024;

    /// <summary>Deepest nesting; the deepest manifest of ours has 7 levels.</summary>
    public const int Deepest = 32;

    /// <summary>Most nodes of one document, aliases counted as often as they are used.</summary>
    public const int MostNodes = 200_000;

    /// <summary>All documents that can be read. A document with a syntax error is a problem; reading goes on at the next <c>---</c>.</summary>
    public static List<ManifestDocument> Read(ManifestFile file, List<ManifestProblem> problems)
    {
        var documents = new List<ManifestDocument>();
        if (file.Text.Length > LargestFile || Encoding.UTF8.GetByteCount(file.Text) > LargestFile)
        {
            problems.Add(new ManifestProblem(file.Name, 1, $"the file is larger than {LargestFile / 1024 / 1024} MB; split it"));
            return documents;
        }

        var text = file.Text.StartsWith('\uFEFF') ? file.Text[1..] : file.Text;
        var (start, line) = (0, 0);
        while (true)
        {
            var failed = ReadFrom(file.Name, text[start..], line, documents, problems);
            if (failed is null || NextDocument(text, start, failed.Value - line) is not { } next) return documents;
            (start, line) = (next.Offset, line + next.Lines);
        }
    }

    /// <returns>Null, or the line (in the file) on which the document began that could not be read.</returns>
    static int? ReadFrom(string file, string text, int linesBefore, List<ManifestDocument> documents, List<ManifestProblem> problems)
    {
        var scanner = new Scanner(new StringReader(text), skipComments: true);
        var began = 1;
        try
        {
            var parser = new Parser(scanner);
            parser.Consume<StreamStart>();
            while (parser.Accept<DocumentStart>(out var start))
            {
                began = Math.Max(1, (int)start.Start.Line);
                parser.Consume<DocumentStart>();
                var root = new DocumentReader(parser, file, linesBefore, problems).Read();
                parser.Consume<DocumentEnd>();
                if (root is not (null or ScalarNode { IsNull: true })) documents.Add(new ManifestDocument(file, root));
            }

            return null;
        }
        catch (UnreadableDocumentException exception)
        {
            problems.Add(new ManifestProblem(file, exception.Line, exception.Message));
        }
        catch (YamlException exception)
        {
            // Of most faults the start is the place; of a tab in the indentation it is the start of the mapping around it.
            var place = exception.Message.Contains("tab", StringComparison.OrdinalIgnoreCase) ? exception.End : exception.Start;
            problems.Add(new ManifestProblem(file, linesBefore + Math.Max(1, (int)place.Line), $"this is no YAML: {Sentence(exception)}"));
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or IndexOutOfRangeException or OverflowException or FormatException)
        {
            // The scanner meets some malformed texts with faults of its own.
            problems.Add(new ManifestProblem(file, linesBefore + Math.Max(1, (int)scanner.CurrentPosition.Line), "this is no YAML: look for an unclosed quote, bracket or brace above"));
        }

        return linesBefore + began;
    }

    static string Sentence(YamlException exception)
    {
        var message = (exception.InnerException ?? exception).Message;
        // The library repeats the place in front of some of its messages.
        var end = message.StartsWith("(Line:", StringComparison.Ordinal) ? message.IndexOf("): ", StringComparison.Ordinal) : -1;
        return (end < 0 ? message : message[(end + 3)..]).ReplaceLineEndings(" ").TrimEnd('.');
    }

    /// <summary>The first <c>---</c> after a line, as offset and count of lines before it.</summary>
    static (int Offset, int Lines)? NextDocument(string text, int start, int afterLine)
    {
        var (offset, lines) = (start, 0);
        while (offset < text.Length)
        {
            var end = text.IndexOf('\n', offset);
            var length = (end < 0 ? text.Length : end) - offset;
            var row = text.AsSpan(offset, length).TrimEnd();
            if (lines >= afterLine && (row is "---" || row.StartsWith("--- "))) return (offset, lines);
            if (end < 0) return null;
            offset = end + 1;
            lines++;
        }

        return null;
    }
}

/// <summary>A document that grows past what the hub takes, or whose pieces do not make a tree.</summary>
internal sealed class UnreadableDocumentException(int line, string message) : Exception(message)
{
    public int Line { get; } = line;
}
