using System.CommandLine;
using System.Reflection;
using System.Text.RegularExpressions;
using Exchange.Host.Commands;
using Exchange.Host.Output;

namespace Exchange.ArchitectureTests;

/// <summary>Compares commands as documents spell them with the real command line.</summary>
internal static partial class CommandLineUse
{
    static readonly List<Command> Commands =
        [.. (Command[])typeof(ExchangeCommandLine).GetMethod("Commands", BindingFlags.NonPublic | BindingFlags.Static)!.Invoke(null, [new Terminal { Out = TextWriter.Null, Error = TextWriter.Null }])!];

    /// <summary>Whether a piece of text is a use of the hub's command line.</summary>
    public static bool IsUse(string text) => text.StartsWith("exchange ", StringComparison.Ordinal) || text.StartsWith("./exchange ", StringComparison.Ordinal);

    /// <summary>What is wrong with it; null: nothing.</summary>
    public static string? Wrong(string text)
    {
        var words = Word().Matches(Optional().Replace(text, " ")).Select(match => match.Value).Skip(1).TakeWhile(word => word is not ("|" or ">" or "&&" or ";" or "#")).ToList();
        Command? command = null;
        var given = 0;
        for (var at = 0; at < words.Count; at++)
        {
            var word = words[at];
            if (word.StartsWith('-') && word.Length > 1)
            {
                if (Find(command, word.Split('=')[0]) is not { } option) return word is "--help" or "--version" ? null : $"'{text}': no option {word}";
                if (option.ValueType != typeof(bool) && !word.Contains('=', StringComparison.Ordinal)) at++;
            }
            else if ((command?.Subcommands.ToList() ?? Commands) is { Count: > 0 } next)
            {
                command = next.FirstOrDefault(candidate => candidate.Name == word);
                if (command is null) return $"'{text}': no command {word}";
            }
            else if (++given > command!.Arguments.Sum(argument => Math.Min(argument.Arity.MaximumNumberOfValues, 1_000)))
            {
                return $"'{text}': {word} is too much";
            }
        }

        return null;
    }

    static Option? Find(Command? command, string name) =>
        (command?.Options ?? []).Concat([HubArguments.Data, HubArguments.Store]).FirstOrDefault(option => option.Name == name || option.Aliases.Contains(name));

    /// <summary>Brackets and dots by which documents mark what may be left out or repeated.</summary>
    [GeneratedRegex(@"[\[\]…]")]
    private static partial Regex Optional();

    [GeneratedRegex("""'[^']*'|"[^"]*"|\S+""")]
    private static partial Regex Word();
}
