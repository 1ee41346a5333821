using System.Globalization;
using System.Text;
using Exchange.Bus.Transformation.Conversion;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Transformation.Expressions;

/// <summary>
/// Gives every piece its type, and reports everything that does not fit: a piece with a problem is passed over by what stands around it, so one slip
/// is reported once. One for each expression; not safe for concurrent use.
/// </summary>
internal sealed class TypeChecker(IReadOnlyDictionary<string, ItemType> items)
{
    readonly List<ExpressionProblem> _problems = [];
    readonly List<string> _read = [];

    public IReadOnlyList<ExpressionProblem> Problems => _problems;

    /// <summary>Items that are read, in order of their first place.</summary>
    public IReadOnlyList<string> Read => _read;

    /// <returns>Null: a problem was reported.</returns>
    public Typed? Check(Syntax syntax) => syntax switch
    {
        NumberSyntax number => Number(number),
        TextSyntax text => Text(text),
        BooleanSyntax flag => new Typed(flag, Kind.Boolean, Kinds.Type(Kind.Boolean), _ => new Constant<bool>(flag.Value)) { Constant = flag.Value },
        NullSyntax => new Typed(syntax, Kind.Null, new ItemType(ItemKind.Text), CodeGenerator.Null(Kind.Null)),
        MomentSyntax moment => Moment(moment),
        ItemSyntax item => Item(item),
        CallSyntax call => Call(call),
        NegateSyntax negate => Negate(negate),
        NotSyntax not => Condition(not.Operand) is { } operand ? Flag(not, CodeGenerator.Not(operand)) : null,
        LogicalSyntax logical => Logical(logical),
        ArithmeticSyntax arithmetic => Arithmetic(arithmetic),
        ComparisonSyntax comparison => Compare(comparison),
        InSyntax within => In(within),
        IsNullSyntax isNull => Check(isNull.Operand) is { } operand ? Flag(isNull, CodeGenerator.IsNull(operand, isNull.Negated)) : null,
        BetweenSyntax between => Between(between),
        _ => throw new InvalidOperationException($"No typing of {syntax.GetType().Name}."),
    };

    /// <summary>A piece that must be a condition.</summary>
    public Typed? Condition(Syntax syntax)
    {
        var typed = Check(syntax);
        if (typed is null) return null;
        if (typed.Kind is Kind.Boolean or Kind.Null) return As(typed, Kind.Boolean);
        var cure = typed.Kind is Kind.Text ? "compare it, as in result == '2'" : typed.IsNumber ? "compare it, as in fine > 0" : "compare it";
        return Report(syntax, $"A condition is needed here, this is {Kinds.Name(typed.Kind)}; {cure}.");
    }

    public Typed? Report(Syntax place, string message) => Report(place.Start, place.Length, message);

    public Typed? Report(int start, int length, string message)
    {
        var problem = new ExpressionProblem(start, length, message);
        if (!_problems.Contains(problem)) _problems.Add(problem);
        return null;
    }

    /// <summary>The piece as another kind: null becomes a null of that kind, numbers are widened, a date becomes the instant at which its day begins in the compiler's zone.</summary>
    /// <returns>Null, without a report: it does not fit.</returns>
    public static Typed? As(Typed typed, Kind kind)
    {
        if (typed.Kind == kind) return typed;
        return (typed.Kind, kind) switch
        {
            (Kind.Null, _) => new Typed(typed.Syntax, kind, Kinds.Type(kind), CodeGenerator.Null(kind)),
            (Kind.Integer, Kind.Decimal) => Widened(CodeGenerator.Map<long, decimal>(typed, static (value, _, out result) => { result = value; return true; }), typed.Constant is long whole ? (decimal)whole : null),
            (Kind.Integer, Kind.Double) => Widened(CodeGenerator.Map<long, double>(typed, static (value, _, out result) => { result = value; return true; }), null),
            (Kind.Decimal, Kind.Double) => Widened(CodeGenerator.Map<decimal, double>(typed, static (value, _, out result) => { result = (double)value; return true; }), null),
            (Kind.Date, Kind.Timestamp) => Widened(CodeGenerator.Map<long, long>(typed, static (value, scratch, out result) => { result = Moments.StartOfDay(value, scratch.Binding.Zone); return true; }), null),
            _ => null,
        };

        Typed Widened(Func<Binding, Evaluator> build, object? constant) =>
            new(typed.Syntax, kind, Kinds.Type(kind, typed.Type.Scale), build) { Constant = constant };
    }

    /// <summary>The kind that both can be taken as, or null.</summary>
    public static Kind? Common(Kind a, Kind b)
    {
        if (a == b || b == Kind.Null) return a;
        if (a == Kind.Null) return b;
        var number = (Kind kind) => kind is Kind.Integer or Kind.Decimal or Kind.Double;
        if (number(a) && number(b)) return (Kind)Math.Max((int)a, (int)b);
        return a is Kind.Date or Kind.Timestamp && b is Kind.Date or Kind.Timestamp ? Kind.Timestamp : null;
    }

    static Typed Flag(Syntax syntax, Func<Binding, Evaluator> build) => new(syntax, Kind.Boolean, Kinds.Type(Kind.Boolean), build);

    static Typed Text(TextSyntax syntax)
    {
        var text = Encoding.UTF8.GetBytes(syntax.Text);
        var length = syntax.Text.EnumerateRunes().Count();
        return new Typed(syntax, Kind.Text, ItemType.String(Math.Max(1, length)), _ => new TextConstant(text)) { Constant = text };
    }

    Typed? Arithmetic(ArithmeticSyntax syntax)
    {
        var left = Check(syntax.Left);
        var right = Check(syntax.Right);
        return left is null || right is null ? null : ArithmeticTyping.Check(this, syntax, left, right);
    }

    Typed? Number(NumberSyntax syntax)
    {
        if (long.TryParse(syntax.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var whole))
            return new Typed(syntax, Kind.Integer, Kinds.Type(Kind.Integer), _ => new Constant<long>(whole)) { Constant = whole };
        var digits = syntax.Text.Replace(".", "", StringComparison.Ordinal).TrimStart('0').Length;
        var scale = syntax.Text.Contains('.', StringComparison.Ordinal) ? syntax.Text.Length - syntax.Text.IndexOf('.', StringComparison.Ordinal) - 1 : 0;
        if (digits > ItemType.LargestPrecision || scale > ItemType.LargestPrecision) return Report(syntax, $"A number has at most {ItemType.LargestPrecision} digits.");
        var number = decimal.Parse(syntax.Text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
        return new Typed(syntax, Kind.Decimal, Kinds.Type(Kind.Decimal, scale), _ => new Constant<decimal>(number)) { Constant = number };
    }

    Typed? Moment(MomentSyntax syntax)
    {
        long value;
        var kind = syntax.Timestamp ? Kind.Timestamp : Kind.Date;
        if (syntax.Timestamp && !Moments.TryIsoTimestamp(syntax.Text, out value))
            return Report(syntax, $"'{syntax.Text}' is no timestamp; it is written timestamp '2026-07-01T10:00:00Z', with Z or an offset such as +08:00.");
        if (!syntax.Timestamp && !Moments.TryDate(syntax.Text, "yyyy-MM-dd", out value))
            return Report(syntax, $"'{syntax.Text}' is no date; it is written date '2026-07-01'.");
        if (syntax.Timestamp) Moments.TryIsoTimestamp(syntax.Text, out value);
        else Moments.TryDate(syntax.Text, "yyyy-MM-dd", out value);
        return new Typed(syntax, kind, Kinds.Type(kind), _ => new Constant<long>(value)) { Constant = value };
    }

    Typed? Item(ItemSyntax syntax)
    {
        if (items.TryGetValue(syntax.Name, out var type))
        {
            if (!_read.Contains(syntax.Name)) _read.Add(syntax.Name);
            return new Typed(syntax, Kinds.Of(type), type, ItemValues.Build(syntax.Name, type));
        }

        if (FunctionCatalogue.Find(syntax.Name) is { } function) return Report(syntax, $"There is no item '{syntax.Name}'; the function is called {function.Usage}.");
        var nearest = NearestName.Of(syntax.Name, items.Keys);
        return Report(syntax, $"There is no item '{syntax.Name}'" + (nearest is null ? "." : $"; did you mean '{nearest}'?"));
    }

    Typed? Call(CallSyntax syntax)
    {
        var arguments = syntax.Arguments.Select(Check).ToArray();
        if (FunctionCatalogue.Find(syntax.Name) is not { } function)
        {
            var nearest = NearestName.Of(syntax.Name, FunctionCatalogue.Names);
            return Report(syntax.Start, syntax.Name.Length, $"There is no function '{syntax.Name}'" + (nearest is null ? "." : $"; did you mean '{nearest}'?"));
        }

        if (arguments.Length < function.Least || arguments.Length > function.Most) return Report(syntax, $"The call does not fit: {function.Usage}.");
        return arguments.Contains(null) ? null : function.Check(new FunctionCall(this, syntax, function, arguments!));
    }

    Typed? Negate(NegateSyntax syntax)
    {
        if (Check(syntax.Operand) is not { } operand) return null;
        return operand.Kind switch
        {
            Kind.Integer => operand with
            {
                Syntax = syntax,
                Type = Kinds.Type(Kind.Integer),
                Constant = operand.Constant is long whole ? -whole : null,
                Build = CodeGenerator.Map<long, long>(operand, static (value, scratch, out result) => { result = unchecked(-value); return value != long.MinValue || scratch.Fail(Operators.Overflow); }),
            },
            Kind.Decimal => operand with
            {
                Syntax = syntax,
                Constant = operand.Constant is decimal number ? -number : null,
                Build = CodeGenerator.Map<decimal, decimal>(operand, static (value, _, out result) => { result = -value; return true; }),
            },
            Kind.Double => operand with { Syntax = syntax, Build = CodeGenerator.Map<double, double>(operand, static (value, _, out result) => { result = -value; return true; }) },
            Kind.Null => operand,
            _ => Report(syntax, $"- takes a number, this is {Kinds.Name(operand.Kind)}."),
        };
    }

    Typed? Logical(LogicalSyntax syntax)
    {
        var operands = syntax.Operands.Select(Condition).ToArray();
        return operands.Contains(null) ? null : Flag(syntax, CodeGenerator.Logical(syntax.And, operands!));
    }

    Typed? Between(BetweenSyntax syntax)
    {
        var operand = Check(syntax.Operand);
        var least = Check(syntax.Low);
        var most = Check(syntax.High);
        if (operand is null || least is null || most is null) return null;
        operand = CodeGenerator.Once(operand);
        var low = Compare(syntax, ">=", operand, least);
        var high = Compare(syntax, "<=", operand, most);
        if (low is null || high is null) return null;
        var within = Flag(syntax, CodeGenerator.Logical(true, [low, high]));
        return syntax.Negated ? Flag(syntax, CodeGenerator.Not(within)) : within;
    }

    Typed? In(InSyntax syntax)
    {
        var operand = Check(syntax.Operand);
        var choices = syntax.Choices.Select(Check).ToArray();
        if (operand is null || choices.Contains(null)) return null;
        Func<Binding, Evaluator>? build = null;
        if (operand.Kind is Kind.Text or Kind.Integer or Kind.Date or Kind.Timestamp && choices.All(choice => choice!.Kind == operand.Kind && choice.Constant is not null))
        {
            build = CodeGenerator.InSet(operand, choices!);
        }
        else
        {
            var once = CodeGenerator.Once(operand);
            var equal = choices.Select(choice => Compare(choice!.Syntax, "==", once, choice)).ToArray();
            if (!equal.Contains(null)) build = CodeGenerator.Logical(false, equal!);
        }

        if (build is null) return null;
        var within = Flag(syntax, build);
        return syntax.Negated ? Flag(syntax, CodeGenerator.Not(within)) : within;
    }

    Typed? Compare(ComparisonSyntax syntax)
    {
        var left = Check(syntax.Left);
        var right = Check(syntax.Right);
        return left is null || right is null ? null : Compare(syntax, syntax.Operator, left, right);
    }

    Typed? Compare(Syntax syntax, string sign, Typed left, Typed right)
    {
        if (left.Kind == Kind.Null || right.Kind == Kind.Null)
            return Report(left.Kind == Kind.Null ? left.Syntax : right.Syntax, "A comparison with null is always unknown; write is null or is not null.");
        if (Common(left.Kind, right.Kind) is not { } kind)
        {
            var cure = (left.Kind, right.Kind) switch
            {
                (Kind.Date, Kind.Text) or (Kind.Text, Kind.Date) => "; a date is written date '2026-07-01', a text is read by to_date(text, 'yyyy-MM-dd')",
                (Kind.Timestamp, Kind.Text) or (Kind.Text, Kind.Timestamp) => "; a timestamp is written timestamp '2026-07-01T10:00:00Z'",
                (Kind.Text, _) when right.IsNumber => "; a text is written in single quotes and read as a number by to_number(text)",
                (_, Kind.Text) when left.IsNumber => "; a number stands without quotes, a text is read as one by to_number(text)",
                _ => "",
            };
            return Report(syntax, $"{Capital(Kinds.Name(left.Kind))} can't be compared with {Kinds.Name(right.Kind)}{cure}.");
        }

        if (kind is Kind.Boolean or Kind.Binary && sign is not ("==" or "!=")) return Report(syntax, $"{Capital(Kinds.Name(kind))} has no order; only == and != compare it.");
        return Flag(syntax, CodeGenerator.Compare(sign, As(left, kind)!, As(right, kind)!));
    }

    static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
