using Exchange.Bus.Transformation.Expressions;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Transformation;

/// <summary>
/// Compiles the expression language (docs/reference/expressions.md). Safe for concurrent callers; whatever the text, it answers with an expression or
/// with problems and needs bounded time, memory and stack.
/// </summary>
/// <param name="time">For today() and now().</param>
/// <param name="zone">The zone of today(), of the days of timestamps, and of dates compared with timestamps.</param>
internal sealed class ExpressionCompiler(TimeProvider time, TimeZoneInfo zone) : IExpressionCompiler
{
    public IExpression? Compile(string text, IReadOnlyDictionary<string, ItemType> items, out IReadOnlyList<ExpressionProblem> problems)
    {
        var syntax = ExpressionGrammar.Parse(text, out var problem);
        if (syntax is null)
        {
            problems = [problem!];
            return null;
        }

        var checker = new TypeChecker(items);
        var typed = checker.Check(syntax);
        if (typed is { Kind: Kind.Null }) typed = checker.Report(syntax, "The expression is always null and has no type.");
        problems = [.. checker.Problems.OrderBy(found => found.Position)];
        return typed is null ? null : new Expression(typed, [.. checker.Read], time, zone);
    }
}

/// <summary>A typed expression; binding makes the evaluators of one batch.</summary>
internal sealed class Expression(Typed typed, IReadOnlyList<string> items, TimeProvider time, TimeZoneInfo zone) : IExpression
{
    public ItemType ResultType => typed.Type;

    public IReadOnlyList<string> Items => items;

    /// <exception cref="InvalidOperationException">A column's kind is not that of its item: the batch must be brought to the items' types first.</exception>
    public IBoundExpression Bind(RowBatch batch)
    {
        var binding = new Binding(batch, Temporal.Microseconds(time.GetUtcNow()), zone);
        return new BoundExpression(typed.Type, typed.Build(binding), binding.Fault);
    }
}
