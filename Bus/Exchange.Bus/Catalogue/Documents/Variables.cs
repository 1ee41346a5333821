using System.Text;
using System.Text.RegularExpressions;

namespace Exchange.Bus.Catalogue.Documents;

/// <summary>
/// Fills <c>${NAME}</c> into every value of a document; <c>$${</c> stands for a literal <c>${</c>. Keys are left as they are. Remembers what was
/// used: the store keeps the values (protected), so that a hub without the variable still runs. Used once, by one caller.
/// </summary>
internal sealed partial class Variables(Func<string, string?> lookUp, Action<int, string> problem)
{
    /// <summary>Name → value of every variable met.</summary>
    public SortedDictionary<string, string> Used { get; } = new(StringComparer.Ordinal);

    public ManifestNode Fill(ManifestNode node) => node switch
    {
        ScalarNode scalar => scalar.Raw.Contains("${", StringComparison.Ordinal) ? Fill(scalar) : scalar,
        ListNode list => list with { Items = [.. list.Items.Select(Fill)] },
        MapNode map => map with { Entries = [.. map.Entries.Select(entry => entry with { Value = Fill(entry.Value) })] },
        _ => node,
    };

    /// <summary>Whether a raw text takes a variable.</summary>
    public static bool IsUsedIn(string raw) => Reference().Matches(raw).Any(match => match.Groups["name"].Success);

    /// <summary>The raw text without its variables, for looking at what is literal in it.</summary>
    public static string LiteralPart(string raw) => Reference().Replace(raw, "");

    ScalarNode Fill(ScalarNode scalar)
    {
        var (raw, line) = (scalar.Raw, scalar.Line);
        var text = new StringBuilder(raw.Length);
        var (from, complete) = (0, true);
        foreach (Match match in Reference().Matches(raw))
        {
            text.Append(raw, from, match.Index - from);
            from = match.Index + match.Length;
            if (match.Value == "$${") text.Append("${");
            else if (match.Groups["name"].Success && Value(match.Groups["name"].Value) is { } value) text.Append(value);
            else
            {
                complete = false;
                problem(line, match.Groups["name"].Success
                    ? $"the environment variable {match.Groups["name"].Value} is not set"
                    : "'${' begins no environment variable: names have letters, digits and _, as in ${MARKET_FRONT}; a literal ${ is written $${");
            }
        }

        return scalar with { Text = text.Append(raw, from, raw.Length - from).ToString(), IsUnresolved = !complete };
    }

    string? Value(string name)
    {
        if (Used.TryGetValue(name, out var known)) return known;
        return lookUp(name) is { } value ? Used[name] = value : null;
    }

    [GeneratedRegex(@"\$\$\{|\$\{(?<name>[A-Za-z_][A-Za-z0-9_]*)\}|\$\{", RegexOptions.CultureInvariant)]
    private static partial Regex Reference();
}
