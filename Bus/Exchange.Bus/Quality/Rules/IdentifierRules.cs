using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality.Rules;

/// <summary>The rule <c>uscc</c>: see <see cref="UnifiedSocialCreditCode"/>.</summary>
internal sealed class UsccRule : ColumnRule
{
    public const string Name = "uscc";

    public override void Judge(Column column, ItemFindings findings)
    {
        var texts = (BytesColumn)column;
        for (var row = 0; row < texts.Count; row++)
        {
            if (texts.IsNull(row) || UnifiedSocialCreditCode.Check(texts[row]) is not { } problem) continue;
            var value = ValueText.At(texts, row);
            findings.Break(row, Name, value, $"{ValueText.Quote(value)} {problem}.");
        }
    }
}

/// <summary>The rule <c>citizen-id</c>: see <see cref="CitizenId"/>.</summary>
/// <param name="clock">Tells today.</param>
internal sealed class CitizenIdRule(TimeProvider clock) : ColumnRule
{
    public const string Name = "citizen-id";

    /// <summary>The zone where a day begins first: a child born there this morning is not born in the future.</summary>
    static readonly TimeSpan EarliestZone = TimeSpan.FromHours(14);

    public override void Judge(Column column, ItemFindings findings)
    {
        var texts = (BytesColumn)column;
        var today = DateOnly.FromDateTime((clock.GetUtcNow() + EarliestZone).DateTime);
        for (var row = 0; row < texts.Count; row++)
        {
            if (texts.IsNull(row) || CitizenId.Check(texts[row], today) is not { } problem) continue;
            var value = ValueText.At(texts, row);
            findings.Break(row, Name, value, $"{ValueText.Quote(value)} {problem}.");
        }
    }
}
