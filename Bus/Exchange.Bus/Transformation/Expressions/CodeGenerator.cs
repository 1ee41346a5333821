namespace Exchange.Bus.Transformation.Expressions;

/// <summary>Typed pieces → what builds their evaluators. Here the physical form is chosen once, so that rows are evaluated without looking at types again.</summary>
internal static class CodeGenerator
{
    public static Func<Binding, Evaluator> Map<TA, TR>(Typed a, Operation<TA, TR> operation) where TA : allows ref struct where TR : allows ref struct =>
        binding => new Unary<TA, TR>(Get<TA>(a, binding), operation, new Scratch(binding));

    public static Func<Binding, Evaluator> Map<TA, TB, TR>(Typed a, Typed b, Operation<TA, TB, TR> operation)
        where TA : allows ref struct where TB : allows ref struct where TR : allows ref struct =>
        binding => new Binary<TA, TB, TR>(Get<TA>(a, binding), Get<TB>(b, binding), operation, new Scratch(binding));

    public static Func<Binding, Evaluator> Map<TA, TB, TC, TR>(Typed a, Typed b, Typed c, Operation<TA, TB, TC, TR> operation)
        where TA : allows ref struct where TB : allows ref struct where TC : allows ref struct where TR : allows ref struct =>
        binding => new Ternary<TA, TB, TC, TR>(Get<TA>(a, binding), Get<TB>(b, binding), Get<TC>(c, binding), operation, new Scratch(binding));

    public static Value<T> Get<T>(Typed typed, Binding binding) where T : allows ref struct => (Value<T>)typed.Build(binding);

    public static Func<Binding, Evaluator> Null(Kind kind) => kind switch
    {
        Kind.Boolean => static _ => new NullValue<bool>(),
        Kind.Decimal => static _ => new NullValue<decimal>(),
        Kind.Double => static _ => new NullValue<double>(),
        Kind.Text or Kind.Binary or Kind.Null => static _ => new NullValue<ReadOnlySpan<byte>>(),
        _ => static _ => new NullValue<long>(),
    };

    public static Func<Binding, Evaluator> Logical(bool and, IReadOnlyList<Typed> operands) => binding =>
    {
        var values = new Value<bool>[operands.Count];
        for (var at = 0; at < values.Length; at++) values[at] = Get<bool>(operands[at], binding);
        return and ? new AndValue(values) : new OrValue(values);
    };

    public static Func<Binding, Evaluator> Not(Typed operand) => Map<bool, bool>(operand, static (value, _, out result) =>
    {
        result = !value;
        return true;
    });

    public static Func<Binding, Evaluator> IsNull(Typed operand, bool negated) => operand.Kind switch
    {
        Kind.Boolean => binding => new IsNullValue<bool>(Get<bool>(operand, binding), negated),
        Kind.Decimal => binding => new IsNullValue<decimal>(Get<decimal>(operand, binding), negated),
        Kind.Double => binding => new IsNullValue<double>(Get<double>(operand, binding), negated),
        Kind.Text or Kind.Binary or Kind.Null => binding => new IsNullValue<ReadOnlySpan<byte>>(Get<ReadOnlySpan<byte>>(operand, binding), negated),
        _ => binding => new IsNullValue<long>(Get<long>(operand, binding), negated),
    };

    public static Func<Binding, Evaluator> If(Typed condition, Typed then, Typed otherwise) => then.Kind switch
    {
        Kind.Boolean => If<bool>(condition, then, otherwise),
        Kind.Decimal => If<decimal>(condition, then, otherwise),
        Kind.Double => If<double>(condition, then, otherwise),
        Kind.Text or Kind.Binary or Kind.Null => If<ReadOnlySpan<byte>>(condition, then, otherwise),
        _ => If<long>(condition, then, otherwise),
    };

    public static Func<Binding, Evaluator> Coalesce(IReadOnlyList<Typed> choices) => choices[0].Kind switch
    {
        Kind.Boolean => Coalesce<bool>(choices),
        Kind.Decimal => Coalesce<decimal>(choices),
        Kind.Double => Coalesce<double>(choices),
        Kind.Text or Kind.Binary or Kind.Null => Coalesce<ReadOnlySpan<byte>>(choices),
        _ => Coalesce<long>(choices),
    };

    public static Func<Binding, Evaluator> NullIf(Typed first, Typed second) => first.Kind switch
    {
        Kind.Boolean => NullIf(first, second, Operators.Compare<bool>("==")),
        Kind.Decimal => NullIf(first, second, Operators.Compare<decimal>("==")),
        Kind.Double => NullIf(first, second, Operators.Compare<double>("==")),
        Kind.Text or Kind.Binary or Kind.Null => NullIf(first, second, Operators.CompareText("==")),
        _ => NullIf(first, second, Operators.Compare<long>("==")),
    };

    /// <summary>Both of one kind.</summary>
    public static Func<Binding, Evaluator> Compare(string sign, Typed left, Typed right) => left.Kind switch
    {
        Kind.Boolean => Map(left, right, Operators.Compare<bool>(sign)),
        Kind.Decimal => Map(left, right, Operators.Compare<decimal>(sign)),
        Kind.Double => Map(left, right, Operators.Compare<double>(sign)),
        Kind.Text or Kind.Binary or Kind.Null => Map(left, right, Operators.CompareText(sign)),
        _ => Map(left, right, Operators.Compare<long>(sign)),
    };

    /// <summary>Literals only, of the operand's kind, whole numbers, dates, timestamps or texts: looked up in a sorted list.</summary>
    public static Func<Binding, Evaluator> InSet(Typed operand, IReadOnlyList<Typed> choices)
    {
        if (operand.Kind != Kind.Text)
        {
            var numbers = choices.Select(choice => (long)choice.Constant!).Distinct().Order().ToArray();
            return Map<long, bool>(operand, (value, _, out result) =>
            {
                result = Array.BinarySearch(numbers, value) >= 0;
                return true;
            });
        }

        var texts = choices.Select(choice => (byte[])choice.Constant!).ToArray();
        Array.Sort(texts, static (a, b) => a.AsSpan().SequenceCompareTo(b));
        return Map<ReadOnlySpan<byte>, bool>(operand, (value, _, out result) =>
        {
            result = Contains(texts, value);
            return true;
        });
    }

    /// <summary>A piece that several others read: computed once a row. Without this, nested betweens would double the work at every level.</summary>
    public static Typed Once(Typed piece)
    {
        if (piece.Syntax is ItemSyntax || piece.Constant is not null || piece.Kind == Kind.Null) return piece;
        Func<Binding, Evaluator> build = piece.Kind switch
        {
            Kind.Boolean => binding => new OnceValue<bool>(Get<bool>(piece, binding)),
            Kind.Decimal => binding => new OnceValue<decimal>(Get<decimal>(piece, binding)),
            Kind.Double => binding => new OnceValue<double>(Get<double>(piece, binding)),
            Kind.Text or Kind.Binary => binding => new OnceText(Get<ReadOnlySpan<byte>>(piece, binding), new Scratch(binding)),
            _ => binding => new OnceValue<long>(Get<long>(piece, binding)),
        };
        return piece with { Build = binding => binding.Share(piece, build) };
    }

    static bool Contains(byte[][] sorted, ReadOnlySpan<byte> value)
    {
        var (low, high) = (0, sorted.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = value.SequenceCompareTo(sorted[middle]);
            if (order == 0) return true;
            if (order < 0) high = middle - 1;
            else low = middle + 1;
        }

        return false;
    }

    static Func<Binding, Evaluator> If<T>(Typed condition, Typed then, Typed otherwise) where T : allows ref struct =>
        binding => new IfValue<T>(Get<bool>(condition, binding), Get<T>(then, binding), Get<T>(otherwise, binding));

    static Func<Binding, Evaluator> NullIf<T>(Typed first, Typed second, Operation<T, T, bool> same) where T : allows ref struct =>
        binding => new NullIfValue<T>(Get<T>(first, binding), Get<T>(second, binding), same, new Scratch(binding));

    static Func<Binding, Evaluator> Coalesce<T>(IReadOnlyList<Typed> choices) where T : allows ref struct => binding =>
    {
        var values = new Value<T>[choices.Count];
        for (var at = 0; at < values.Length; at++) values[at] = Get<T>(choices[at], binding);
        return new CoalesceValue<T>(values);
    };
}
