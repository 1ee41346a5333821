using Quartz;

namespace Exchange.Bus.Scheduling;

/// <summary>
/// A cron expression in a time zone, by Quartz's own rules. Daylight saving: a fixed time that the clocks skip is met once, at the moment they moved; one that comes twice is met
/// at its first. An interval (a *, step or range in second, minute or hour) goes on through both passes of a repeated hour. Immutable, safe for concurrent callers.
/// </summary>
internal sealed class Cron
{
    readonly CronExpression _expression;

    Cron(CronExpression expression) => _expression = expression;

    /// <summary>As Quartz writes it: `H` and `@daily` resolved, names in capitals.</summary>
    public string Text => _expression.CronExpressionString;

    /// <param name="text">As a manifest says it.</param>
    /// <param name="hashKey">What `H` is drawn from: the same key gives the same times.</param>
    /// <param name="zone">IANA zone.</param>
    /// <exception cref="FormatException">No cron expression; apply refuses such.</exception>
    /// <exception cref="Contracts.Errors.ExchangeException">This machine knows no such zone.</exception>
    public static Cron Parse(string text, string hashKey, string zone) => new(CronExpression.ParseWithHash(text, hashKey).WithTimeZone(HubZone.Find(zone)));

    /// <summary>Why Quartz refuses a text; null: it takes it.</summary>
    public static string? Refusal(string text)
    {
        try
        {
            CronExpression.ParseWithHash(text, "");
            return null;
        }
        catch (FormatException refused)
        {
            return refused.Message;
        }
    }

    /// <summary>Whether there is, or ever was, a time that a well-formed expression names.</summary>
    public static bool EverFires(string text) => Parse(text, "", "UTC").After(DateTimeOffset.UnixEpoch.AddYears(-1)) is not null;

    /// <summary>The first time after a moment, in UTC; null: never again.</summary>
    public DateTimeOffset? After(DateTimeOffset moment) => _expression.GetNextValidTimeAfter(moment)?.ToUniversalTime();
}
