namespace Exchange.Bus.Quality.Rules;

/// <summary>A rule that looks at more than one item's column. Immutable, safe for concurrent callers.</summary>
internal abstract class ResourceRule
{
    /// <summary>Adds a finding for each row that breaks the rule, after all items were judged.</summary>
    public abstract Task JudgeAsync(JudgedRows rows, Findings findings, Dependants dependants, CancellationToken cancel);
}
