using Exchange.Bus.Catalogue;
using Exchange.Bus.Quarantine;
using Exchange.Bus.Transformation;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality.Rules;

/// <summary>A condition over a row's items. Broken when it is false or cannot be computed; unknown (a NULL in it) passes, as in SQL.</summary>
/// <param name="rule">The rule as written.</param>
/// <param name="expression">Its expression, boolean.</param>
/// <param name="items">Ordinals of the items that it reads.</param>
internal sealed class ExpressionRule(RowRule rule, IExpression expression, IReadOnlyList<int> items) : ResourceRule
{
    public override Task JudgeAsync(JudgedRows rows, Findings findings, Dependants dependants, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var bound = expression.Bind(rows.Rows);
        Column? scratch = null;
        for (var row = 0; row < rows.Count; row++)
        {
            var answer = bound.Test(row);
            if (answer == true || (findings.IsBroken(row) && rows.IsValueless(row, items))) continue;
            var error = answer is null ? bound.AppendTo(scratch ??= Column.Create(rule.Name, expression.ResultType), row) : null;
            if (answer is null && error is null) continue;
            findings.Add(row, new BrokenRule(rule.Name, null, ValueText.Cut(Values(rows.Rows, row)), Message(error)));
        }

        return Task.CompletedTask;
    }

    string Message(string? error) => error is null
        ? rule.Message ?? $"The row breaks the rule {rule.Name}: {rule.Expression}"
        : $"The rule {rule.Name} could not be computed: {error}";

    string Values(RowBatch rows, int row) => string.Join(", ", items.Select(item => $"{rows.Columns[item].Name} = {ValueText.Quote(ValueText.At(rows.Columns[item], row))}"));
}
