using System.Globalization;
using System.Text.RegularExpressions;
using Exchange.Bus.Scheduling;

namespace Exchange.Bus.Catalogue.Schema;

/// <summary>
/// What is wrong with a cron expression: second minute hour day-of-month month day-of-week [year]. Whether it is one, Quartz alone decides; this names the field and the cure.
/// </summary>
internal static partial class CronSyntax
{
    static readonly (string Name, int Least, int Most, string Words)[] Fields =
    [
        ("seconds", 0, 59, ""),
        ("minutes", 0, 59, ""),
        ("hours", 0, 23, ""),
        ("day of month", 1, 31, ""),
        ("month", 1, 12, "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"),
        ("day of week", 1, 7, "SUN MON TUE WED THU FRI SAT"),
        ("year", 1970, 2099, ""),
    ];

    const int DayOfMonth = 3;
    const int DayOfWeek = 5;

    /// <summary>No schedule that a person writes is longer.</summary>
    const int Longest = 1_000;

    /// <returns>Null, or what is wrong and what would be right.</returns>
    public static string? Problem(string text)
    {
        if (text.Length > Longest) return $"the cron expression has {text.Length} characters, more than {Longest}";
        return Cron.Refusal(text) is { } refusal ? Explained(text) ?? $"'{text}' is no Quartz cron expression: {refusal}" : null;
    }

    /// <summary>The first field that is plainly wrong, in our own words; null where only Quartz's words say it.</summary>
    static string? Explained(string text)
    {
        if (text.StartsWith('@')) return null;
        var fields = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length is < 6 or > 7)
            return $"a Quartz cron expression has 6 or 7 fields (second minute hour day-of-month month day-of-week [year]), '{text}' has {fields.Length}; every five minutes is 0 0/5 * * * ?";
        for (var at = 0; at < fields.Length; at++)
            if (FieldProblem(fields[at].ToUpperInvariant(), at) is { } problem) return $"'{fields[at]}' is no {Fields[at].Name} of a cron expression: {problem}";
        return null;
    }

    static string? FieldProblem(string field, int at)
    {
        if (field == "?") return at is DayOfMonth or DayOfWeek ? null : "? stands only for a day";
        foreach (var part in field.Split(','))
            if (PartProblem(part, at) is { } problem) return problem;
        return null;
    }

    static string? PartProblem(string part, int at)
    {
        if (Hash().IsMatch(part)) return null;
        if (at == DayOfMonth && LastDay().IsMatch(part)) return null;
        if (at == DayOfWeek && NthDay().Match(part) is { Success: true } day) return Value(day.Groups[1].Value, at) is null ? Range(at) : null;
        // L, W and # have rules of their own, which Quartz's words tell.
        if (Special().IsMatch(part)) return null;
        var match = Part().Match(part);
        if (!match.Success) return "expected *, a value, a range a-b or a step a/b";
        var (from, to, step) = (match.Groups["from"].Value, match.Groups["to"].Value, match.Groups["step"].Value);
        if (from != "*" && Value(from, at) is null) return Range(at);
        if (to.Length > 0 && (from == "*" || Value(to, at) is null)) return Range(at);
        if (step.Length == 0) return null;
        return int.Parse(step, CultureInfo.InvariantCulture) is var size && size >= 1 && size <= Fields[at].Most ? null : $"a step is from 1 to {Fields[at].Most}";
    }

    static string Range(int at) => $"values are from {Fields[at].Least} to {Fields[at].Most}{(Fields[at].Words.Length == 0 ? "" : $", or {Fields[at].Words}")}";

    static int? Value(string text, int at)
    {
        var word = Array.IndexOf(Fields[at].Words.Split(' '), text);
        if (word >= 0 && text.Length > 0) return word + Fields[at].Least;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= Fields[at].Least && value <= Fields[at].Most ? value : null;
    }

    [GeneratedRegex(@"^(L(-\d{1,2})?W?|([1-9]|[12]\d|3[01])W)\z")]
    private static partial Regex LastDay();

    [GeneratedRegex(@"^([A-Z1-7]{1,3})(#[1-5]|L)\z")]
    private static partial Regex NthDay();

    [GeneratedRegex(@"^H(\(\d{1,2}-\d{1,2}\))?(/\d{1,2})?\z")]
    private static partial Regex Hash();

    [GeneratedRegex(@"\d[LW]|#|^L")]
    private static partial Regex Special();

    [GeneratedRegex(@"^(?<from>\*|[A-Z0-9]{1,4})(-(?<to>[A-Z0-9]{1,4}))?(/(?<step>\d{1,4}))?\z")]
    private static partial Regex Part();
}
