using Exchange.Contracts.Rows;

namespace Exchange.Bus.Transformation;

/// <summary>A problem of an expression, its place marked.</summary>
/// <param name="Position">Offset of the first character concerned, from 0.</param>
/// <param name="Length">How many characters, at least 1.</param>
/// <param name="Message">What is wrong and what would be right.</param>
internal sealed record ExpressionProblem(int Position, int Length, string Message)
{
    /// <summary>Message, expression and a line of ^ under the place, for a terminal.</summary>
    public string Mark(string expression) =>
        $"{Message}\n    {expression}\n    {new string(' ', Math.Min(Position, expression.Length))}{new string('^', Math.Max(1, Length))}";
}

/// <summary>A compiled expression over the items of a resource. Immutable, safe for concurrent callers. Nulls as in SQL.</summary>
internal interface IExpression
{
    /// <summary>Type of the result.</summary>
    ItemType ResultType { get; }

    /// <summary>Items that it reads.</summary>
    IReadOnlyList<string> Items { get; }

    /// <summary>Binds to a batch's columns by name once, so that rows are evaluated by ordinal; missing columns read as null.</summary>
    IBoundExpression Bind(RowBatch batch);
}

/// <summary>An expression over one batch. Not safe for concurrent use.</summary>
internal interface IBoundExpression
{
    /// <summary>Boolean expressions only: true, false or unknown (null).</summary>
    bool? Test(int row);

    /// <summary>Appends the row's value to a column of the physical form of <see cref="IExpression.ResultType"/>. Overflow and division by zero give null and an error text.</summary>
    /// <returns>Null, or what could not be computed.</returns>
    string? AppendTo(Column column, int row);
}

/// <summary>Compiles expressions.</summary>
internal interface IExpressionCompiler
{
    /// <param name="text">The expression.</param>
    /// <param name="items">Names and types that it may read.</param>
    /// <param name="problems">All problems found; empty exactly when an expression is returned.</param>
    IExpression? Compile(string text, IReadOnlyDictionary<string, ItemType> items, out IReadOnlyList<ExpressionProblem> problems);
}
