namespace Exchange.Bus.Transformation.Expressions;

/// <summary>Functions that choose among values of one kind.</summary>
internal static class ChoiceFunctions
{
    public static IReadOnlyList<Function> All { get; } =
    [
        new("coalesce", "coalesce(value, value, …), the first that is not null", 2, 100, Coalesce),
        new("nullif", "nullif(value, other), null when both are equal", 2, 2, NullIf),
        new("if", "if(condition, value, value otherwise)", 3, 3, If),
    ];

    static Typed? Coalesce(FunctionCall call) =>
        Unify(call, call.Arguments) is { } values ? Result(call, values, CodeGenerator.Coalesce(values)) : null;

    static Typed? NullIf(FunctionCall call) =>
        Unify(call, call.Arguments) is { } values ? Result(call, [values[0]], CodeGenerator.NullIf(values[0], values[1])) : null;

    static Typed? If(FunctionCall call)
    {
        var condition = call.Argument(0, Kind.Boolean);
        return Unify(call, call.Arguments.Skip(1)) is { } values && condition is not null ? Result(call, values, CodeGenerator.If(condition, values[0], values[1])) : null;
    }

    static Typed Result(FunctionCall call, Typed[] values, Func<Binding, Evaluator> build)
    {
        var typed = values.Where(value => value.Syntax is not NullSyntax).ToArray();
        var type = typed.Length == 0 ? values[0].Type : typed.Select(value => value.Type).Aggregate(Kinds.Union);
        return call.Result(values[0].Kind, type, build);
    }

    /// <summary>All values as the one kind that fits them all.</summary>
    static Typed[]? Unify(FunctionCall call, IEnumerable<Typed> values)
    {
        var kind = Kind.Null;
        foreach (var value in values)
        {
            if (TypeChecker.Common(kind, value.Kind) is not { } common)
            {
                call.ReportCall($"The values must be of one kind; here stand {Kinds.Name(kind)} and {Kinds.Name(value.Kind)}.");
                return null;
            }

            kind = common;
        }

        return [.. values.Select(value => TypeChecker.As(value, kind)!)];
    }
}
