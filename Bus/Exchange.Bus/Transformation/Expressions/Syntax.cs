namespace Exchange.Bus.Transformation.Expressions;

/// <summary>A piece of an expression as it was written, before its types are known.</summary>
/// <param name="Start">Offset of its first character.</param>
/// <param name="End">Offset after its last character.</param>
/// <param name="Depth">Levels of pieces inside it, itself included: what recursion over the tree costs.</param>
internal abstract record Syntax(int Start, int End, int Depth)
{
    public int Length => Math.Max(1, End - Start);

    protected static int Over(IReadOnlyList<Syntax> parts)
    {
        var depth = 0;
        foreach (var part in parts) depth = Math.Max(depth, part.Depth);
        return depth + 1;
    }
}

/// <summary>12, 0.5; the text holds digits and at most one point.</summary>
internal sealed record NumberSyntax(int Start, int End, string Text) : Syntax(Start, End, 1);

internal sealed record TextSyntax(int Start, int End, string Text) : Syntax(Start, End, 1);

internal sealed record BooleanSyntax(int Start, int End, bool Value) : Syntax(Start, End, 1);

internal sealed record NullSyntax(int Start, int End) : Syntax(Start, End, 1);

/// <summary>date '…' (<paramref name="Timestamp"/> false) or timestamp '…'.</summary>
internal sealed record MomentSyntax(int Start, int End, string Text, bool Timestamp) : Syntax(Start, End, 1);

internal sealed record ItemSyntax(int Start, int End, string Name) : Syntax(Start, End, 1);

/// <param name="Start">Offset of the name.</param>
/// <param name="End">Offset after the closing parenthesis.</param>
/// <param name="Name">As it was written.</param>
/// <param name="Arguments">In order.</param>
internal sealed record CallSyntax(int Start, int End, string Name, IReadOnlyList<Syntax> Arguments) : Syntax(Start, End, Over(Arguments));

internal sealed record NegateSyntax(int Start, Syntax Operand) : Syntax(Start, Operand.End, Operand.Depth + 1);

internal sealed record NotSyntax(int Start, Syntax Operand) : Syntax(Start, Operand.End, Operand.Depth + 1);

/// <summary>All operands of a chain of `and` or of `or`: one piece, so that a long chain is not a deep one.</summary>
internal sealed record LogicalSyntax(bool And, IReadOnlyList<Syntax> Operands)
    : Syntax(Operands[0].Start, Operands[^1].End, Over(Operands));

/// <param name="Operator">+ - * /.</param>
/// <param name="At">Offset of the operator.</param>
/// <param name="Left">Left operand.</param>
/// <param name="Right">Right operand.</param>
internal sealed record ArithmeticSyntax(char Operator, int At, Syntax Left, Syntax Right)
    : Syntax(Left.Start, Right.End, Math.Max(Left.Depth, Right.Depth) + 1);

/// <param name="Operator">== != &lt; &lt;= &gt; &gt;=.</param>
/// <param name="At">Offset of the operator.</param>
/// <param name="Left">Left operand.</param>
/// <param name="Right">Right operand.</param>
internal sealed record ComparisonSyntax(string Operator, int At, Syntax Left, Syntax Right)
    : Syntax(Left.Start, Right.End, Math.Max(Left.Depth, Right.Depth) + 1);

internal sealed record InSyntax(Syntax Operand, IReadOnlyList<Syntax> Choices, bool Negated, int End)
    : Syntax(Operand.Start, End, Math.Max(Operand.Depth, Over(Choices)) + 1);

internal sealed record IsNullSyntax(Syntax Operand, bool Negated, int End) : Syntax(Operand.Start, End, Operand.Depth + 1);

internal sealed record BetweenSyntax(Syntax Operand, Syntax Low, Syntax High, bool Negated)
    : Syntax(Operand.Start, High.End, Math.Max(Operand.Depth, Math.Max(Low.Depth, High.Depth)) + 1);
