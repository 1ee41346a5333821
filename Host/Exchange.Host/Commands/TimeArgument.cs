using System.Globalization;
using System.Text.RegularExpressions;
using Exchange.Contracts.Errors;

namespace Exchange.Host.Commands;

/// <summary>Times and durations as people type them.</summary>
internal static partial class TimeArgument
{
    /// <summary>30s, 10m, 12h, 30d.</summary>
    /// <param name="text">As it was typed.</param>
    /// <param name="example">The option with a good value, for who typed another.</param>
    /// <exception cref="ExchangeException">Anything else.</exception>
    public static TimeSpan Period(string text, string example)
    {
        var match = Duration().Match(text);
        if (!match.Success) throw Wrong($"'{text}' is no duration.", $"A whole number with s, m, h or d, as in {example}.");
        var count = int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
        return match.Groups[2].Value switch { "s" => TimeSpan.FromSeconds(count), "m" => TimeSpan.FromMinutes(count), "h" => TimeSpan.FromHours(count), _ => TimeSpan.FromDays(count) };
    }

    /// <summary>ISO 8601; UTC where no offset is said.</summary>
    /// <exception cref="ExchangeException">Anything else.</exception>
    public static DateTimeOffset Moment(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment) && text.Length >= 10 && char.IsAsciiDigit(text[3]) && text[4] == '-'
            ? moment.ToUniversalTime()
            : throw Wrong($"'{text}' is no moment.", "ISO 8601, as in --at 2026-07-02T08:00:00Z or --at 2026-07-02T16:00:00+08:00.");

    static ExchangeException Wrong(string message, string next) => new(ErrorCodes.ManifestInvalid, Party.Caller, message, next);

    // Seven digits: longer ones are no period, and days of more would not fit.
    [GeneratedRegex(@"^(\d{1,7})([smhd])\z", RegexOptions.CultureInvariant)]
    private static partial Regex Duration();
}
