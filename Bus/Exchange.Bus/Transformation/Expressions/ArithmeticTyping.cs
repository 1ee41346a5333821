namespace Exchange.Bus.Transformation.Expressions;

/// <summary>Types of + - * /.</summary>
internal static class ArithmeticTyping
{
    /// <summary>Digits after the point that computed decimals keep when they are written, unless an item has more.</summary>
    const int UsualScale = 10;

    const int QuotientScale = 6;

    public static Typed? Check(TypeChecker checker, ArithmeticSyntax syntax, Typed left, Typed right)
    {
        var sign = syntax.Operator;
        if (left.Kind == Kind.Null && right.Kind == Kind.Null) return checker.Report(syntax, "Arithmetic on null alone has no type.");
        if (Dates(syntax, left, right) is { } dates) return dates;
        var known = left.Kind == Kind.Null ? right : left;
        if (!(left.IsNumber || left.Kind == Kind.Null) || !(right.IsNumber || right.Kind == Kind.Null) || !known.IsNumber)
            return checker.Report(syntax, Misfit(sign, left, right));
        var kind = TypeChecker.Common(left.Kind, right.Kind)!.Value;
        if (kind == Kind.Integer && sign == '/') kind = Kind.Decimal;
        var a = TypeChecker.As(left, kind)!;
        var b = TypeChecker.As(right, kind)!;
        return kind switch
        {
            Kind.Integer => new Typed(syntax, kind, Kinds.Type(kind), CodeGenerator.Map(a, b, Operators.Whole(sign))),
            Kind.Decimal => new Typed(syntax, kind, Kinds.Type(kind, Scale(sign, a.Type.Scale, b.Type.Scale)), CodeGenerator.Map(a, b, Operators.Decimals(sign))),
            _ => new Typed(syntax, kind, Kinds.Type(kind), CodeGenerator.Map(a, b, Operators.Doubles(sign))),
        };
    }

    static Typed? Dates(ArithmeticSyntax syntax, Typed left, Typed right) => (left.Kind, syntax.Operator, right.Kind) switch
    {
        (Kind.Date, '-', Kind.Date) => new Typed(syntax, Kind.Integer, Kinds.Type(Kind.Integer), CodeGenerator.Map(left, right, Operators.Whole('-'))),
        (Kind.Date, '-', Kind.Integer) => new Typed(syntax, Kind.Date, Kinds.Type(Kind.Date), CodeGenerator.Map<long, long, long>(left, right, Operators.SubtractDays)),
        (Kind.Date, '+', Kind.Integer) => new Typed(syntax, Kind.Date, Kinds.Type(Kind.Date), CodeGenerator.Map<long, long, long>(left, right, Operators.AddDays)),
        (Kind.Integer, '+', Kind.Date) => new Typed(syntax, Kind.Date, Kinds.Type(Kind.Date), CodeGenerator.Map<long, long, long>(right, left, Operators.AddDays)),
        _ => null,
    };

    static int Scale(char sign, int left, int right)
    {
        var larger = Math.Max(left, right);
        return sign switch
        {
            '*' => Math.Max(larger, Math.Min(UsualScale, left + right)),
            '/' => Math.Max(larger, QuotientScale),
            _ => larger,
        };
    }

    static string Misfit(char sign, Typed left, Typed right)
    {
        if (sign == '+' && (left.Kind == Kind.Text || right.Kind == Kind.Text)) return "Texts are joined by concat(a, b); + adds numbers, or days to a date.";
        if (left.Kind == Kind.Timestamp || right.Kind == Kind.Timestamp) return "Days are counted between dates: take to_date(timestamp) first.";
        return $"{sign} takes numbers{(sign is '+' or '-' ? ", or a date and a number of days" : "")}; here stand {Kinds.Name(left.Kind)} and {Kinds.Name(right.Kind)}.";
    }
}
