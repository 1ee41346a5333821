using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality.Rules;

/// <summary>
/// The whole text must match a regular expression of .NET without backtracking: the time is linear in the text, whatever the pattern. It sees
/// UTF-16 units, so a character beyond U+FFFF counts as two dots.
/// </summary>
internal sealed class PatternRule(Regex regex, string pattern) : ColumnRule
{
    public const string Name = "pattern";

    /// <summary>A pattern is written by hand; a longer one is a mistake, and costs memory that no limit of ours would bound.</summary>
    const int LongestPattern = 2_000;

    /// <summary>Past this a text of the largest cell would not be matched either; guards against what linear time does not: huge constants.</summary>
    static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    public static string? Parse(string? argument, ItemType type, out ColumnRule? rule)
    {
        rule = null;
        if (!type.IsText) return $"the rule pattern is for text; the item is of type {type}";
        if (string.IsNullOrEmpty(argument)) return "pattern takes a regular expression, as in 'pattern [A-Z]{2}[0-9]+'";
        if (argument.Length > LongestPattern) return $"the pattern has {argument.Length} characters; at most {LongestPattern} are allowed";
        try
        {
            const RegexOptions options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;
            _ = new Regex(argument, options, Timeout); // first alone, so that 'a)(b' does not pass inside the group below
            rule = new PatternRule(new Regex($@"\A(?:{argument})\z", options, Timeout), argument);
            return null;
        }
        catch (ArgumentException wrong)
        {
            return $"the pattern is not a regular expression: {wrong.Message}";
        }
        catch (NotSupportedException unsupported)
        {
            return $"the pattern uses what can take unbounded time or memory (look-around, back-references, atomic groups, huge repetitions): {unsupported.Message}";
        }
    }

    public override void Judge(Column column, ItemFindings findings)
    {
        var texts = (BytesColumn)column;
        var buffer = ArrayPool<char>.Shared.Rent(256);
        try
        {
            for (var row = 0; row < texts.Count; row++)
            {
                if (texts.IsNull(row)) continue;
                var value = texts[row];
                if (value.Length > buffer.Length)
                {
                    ArrayPool<char>.Shared.Return(buffer);
                    buffer = ArrayPool<char>.Shared.Rent(value.Length);
                }

                var length = Encoding.UTF8.GetChars(value, buffer);
                if (Problem(buffer.AsSpan(0, length)) is { } problem)
                    findings.Break(row, Name, ValueText.At(texts, row), $"{ValueText.Quote(ValueText.At(texts, row))} {problem}.");
            }
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    string? Problem(ReadOnlySpan<char> value)
    {
        try
        {
            return regex.IsMatch(value) ? null : $"does not match the pattern {pattern}";
        }
        catch (RegexMatchTimeoutException)
        {
            return $"could not be matched with the pattern {pattern} within {Timeout.TotalSeconds} seconds";
        }
    }
}
