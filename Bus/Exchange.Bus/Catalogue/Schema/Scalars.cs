using System.Globalization;
using System.Text.RegularExpressions;
using Exchange.Bus.Catalogue.Documents;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Catalogue.Schema;

/// <summary>The single values that manifests are made of.</summary>
internal static partial class Scalars
{
    /// <summary>Longest text; texts of manifests are names, titles, rules and statements.</summary>
    const int LongestText = 100_000;

    /// <summary>Longest identifier of a table, column or item in UTF-16 units; engines keep fewer.</summary>
    const int LongestIdentifier = 128;

    public static ScalarShape<string> Text { get; } = new("text", ReadText);

    public static ScalarShape<string> AnyText { get; } = new("text", ReadText) { TakesEmpty = true };

    public static ScalarShape<string> Identifier { get; } = new("name", ReadIdentifier);

    public static ScalarShape<string> ManifestName { get; } = new("name of a-z, 0-9 and -", ReadManifestName);

    public static ScalarShape<bool> Boolean { get; } = new("true or false", ReadBoolean, value => value ? "true" : "false");

    public static ScalarShape<ItemType> Type { get; } = new("type", ItemType.Parse);

    public static ScalarShape<TimeSpan> Duration { get; } = new("duration such as 30s, 10m, 1h or 1d", ReadDuration);

    public static ScalarShape<string> Cron { get; } = new("Quartz cron expression", ReadCron);

    public static ScalarShape<string> TimeZone { get; } = new("IANA time zone such as Asia/Shanghai", ReadTimeZone);

    public static ScalarShape<long> Whole(long least, long most) => new($"whole number from {least} to {most}", (string text, out long value) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= least && value <= most
            ? null
            : $"'{text}' is no whole number from {least} to {most}", value => value.ToString(CultureInfo.InvariantCulture));

    /// <summary>Bytes, with KiB, MiB, GiB or TiB.</summary>
    public static ScalarShape<long> Size(long least, long most) => new("size such as 512MiB or 4GiB", (string text, out long value) =>
    {
        value = 0;
        var match = SizePattern().Match(text);
        if (!match.Success) return $"'{text}' is no size: a whole number with KiB, MiB, GiB or TiB, as in 512MiB or 4GiB";
        var shift = match.Groups[2].Value[0] switch { 'K' => 10, 'M' => 20, 'G' => 30, _ => 40 };
        value = long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) << shift;
        return value >= least && value <= most ? null : $"'{text}' is not from {SizeText(least)} to {SizeText(most)}";
    }, SizeText);

    /// <summary>In the largest unit that gives a whole number.</summary>
    static string SizeText(long bytes)
    {
        var (shift, unit) = new[] { (40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB") }.First(size => bytes % (1L << size.Item1) == 0 || size.Item1 == 10);
        return string.Create(CultureInfo.InvariantCulture, $"{bytes >> shift}{unit}");
    }

    public static ScalarShape<decimal> Number(decimal least, decimal most) => new($"number from {least} to {most}", (string text, out decimal value) =>
        decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value) && value >= least && value <= most
            ? null
            : $"'{text}' is no number from {least} to {most}", value => value.ToString(CultureInfo.InvariantCulture));

    /// <summary>The name of another manifest.</summary>
    public static ScalarShape<string> NameOf(ManifestKind kind) => new($"name of a {kind}", ReadManifestName) { References = kind };

    /// <summary>One of a few words.</summary>
    /// <param name="choices">Word → value.</param>
    /// <param name="refused">Words that people will try, each with why it is not taken.</param>
    public static ScalarShape<T> Choice<T>(IReadOnlyList<(string Word, T Value)> choices, IReadOnlyDictionary<string, string>? refused = null)
    {
        var words = choices.Select(choice => choice.Word).ToList();
        return new ScalarShape<T>(string.Join(" | ", words), (string text, out T value) =>
        {
            var at = words.IndexOf(text);
            value = at < 0 ? default! : choices[at].Value;
            if (at >= 0) return null;
            return refused is not null && refused.TryGetValue(text, out var why) ? why : words.Count == 1 ? $"'{text}' is not '{words[0]}'" : $"'{text}' is none of {string.Join(", ", words)}{Near(text, words)}";
        });
    }

    static string Near(string text, IEnumerable<string> words) => NearestName.Of(text, words) is { } near ? $"; did you mean '{near}'?" : "";

    static string? ReadText(string text, out string value)
    {
        value = text;
        return text.Length > LongestText ? $"the text has {text.Length} characters, more than {LongestText}" : null;
    }

    static string? ReadIdentifier(string text, out string value)
    {
        value = text;
        if (text.Length > LongestIdentifier) return $"the name has {text.Length} characters, more than {LongestIdentifier}";
        return text.Any(char.IsControl) || text.Trim().Length != text.Length ? "a name has no control characters and no blanks at its ends" : null;
    }

    static string? ReadManifestName(string text, out string value)
    {
        value = text;
        return NamePattern().IsMatch(text) ? null : $"'{text}' is no name: lower-case letters a-z, digits and -, beginning with a letter or digit, at most 100";
    }

    static string? ReadBoolean(string text, out bool value)
    {
        value = text is "true" or "True" or "TRUE";
        return value || text is "false" or "False" or "FALSE" ? null : $"'{text}' is neither true nor false";
    }

    static string? ReadDuration(string text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        var match = DurationPattern().Match(text);
        // A year is more than any source can mean.
        if (!match.Success || !int.TryParse(match.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count > 31_536_000)
            return $"'{text}' is no duration: a whole number with s, m, h or d, as in 30s, 10m, 1h, 1d";
        value = match.Groups[2].Value switch
        {
            "s" => TimeSpan.FromSeconds(count),
            "m" => TimeSpan.FromMinutes(count),
            "h" => TimeSpan.FromHours(count),
            _ => TimeSpan.FromDays(count),
        };
        return value <= TimeSpan.FromDays(366) ? null : $"'{text}' is longer than a year";
    }

    static string? ReadCron(string text, out string value)
    {
        value = text;
        return CronSyntax.Problem(text);
    }

    static string? ReadTimeZone(string text, out string value)
    {
        value = text;
        return TimeZoneInfo.TryFindSystemTimeZoneById(text, out _) ? null : $"'{text}' is no known time zone; IANA names such as Asia/Shanghai or UTC are";
    }

    [GeneratedRegex(@"^[a-z0-9][a-z0-9-]{0,99}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"^(\d{1,6})(KiB|MiB|GiB|TiB)\z", RegexOptions.CultureInvariant)]
    private static partial Regex SizePattern();

    [GeneratedRegex(@"^(\d{1,9})([smhd])\z", RegexOptions.CultureInvariant)]
    private static partial Regex DurationPattern();
}
