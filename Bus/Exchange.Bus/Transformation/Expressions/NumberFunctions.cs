using System.Globalization;
using System.Text;
using Utf8 = System.ReadOnlySpan<byte>;

namespace Exchange.Bus.Transformation.Expressions;

/// <summary>Functions over numbers, and to_number.</summary>
internal static class NumberFunctions
{
    public static IReadOnlyList<Function> All { get; } =
    [
        new("abs", "abs(number)", 1, 1, Absolute),
        new("round", "round(number, digits after the point), away from zero at the half; digits default to 0", 1, 2, Round),
        new("floor", "floor(number)", 1, 1, call => Whole(call, decimal.Floor, Math.Floor)),
        new("ceiling", "ceiling(number)", 1, 1, call => Whole(call, decimal.Ceiling, Math.Ceiling)),
        new("to_number", "to_number(text)", 1, 1, ToNumber),
    ];

    static Typed? Absolute(FunctionCall call)
    {
        var number = call.Arguments[0];
        return number.Kind switch
        {
            Kind.Integer => call.Result(Kind.Integer, CodeGenerator.Map<long, long>(number, static (value, scratch, out result) =>
            {
                result = value < 0 ? unchecked(-value) : value;
                return result >= 0 || scratch.Fail(Operators.Overflow);
            })),
            Kind.Decimal => call.Result(Kind.Decimal, number.Type, CodeGenerator.Map<decimal, decimal>(number, static (value, _, out result) => { result = Math.Abs(value); return true; })),
            Kind.Double => call.Result(Kind.Double, CodeGenerator.Map<double, double>(number, static (value, _, out result) => { result = Math.Abs(value); return true; })),
            _ => call.Argument(0, Kind.Decimal) is null ? null : call.Result(Kind.Decimal, CodeGenerator.Null(Kind.Decimal)),
        };
    }

    static Typed? Round(FunctionCall call)
    {
        var digits = 0;
        if (call.Count == 2)
        {
            if (call.Arguments[1].Constant is not long literal || literal is < 0 or > 15) return call.Report(1, "The digits are a number from 0 to 15, not a computed one: round(fine, 2).");
            digits = (int)literal;
        }

        var number = call.Arguments[0];
        if (number.Kind == Kind.Integer) return call.Result(Kind.Integer, number.Build);
        if (number.Kind == Kind.Double)
        {
            return call.Result(Kind.Double, CodeGenerator.Map<double, double>(number, (value, _, out result) =>
            {
                result = Math.Round(value, digits, MidpointRounding.AwayFromZero);
                return true;
            }));
        }

        return call.Argument(0, Kind.Decimal) is not { } exact ? null : call.Result(Kind.Decimal, Kinds.Type(Kind.Decimal, digits), CodeGenerator.Map<decimal, decimal>(exact, (value, _, out result) =>
        {
            result = Math.Round(value, digits, MidpointRounding.AwayFromZero);
            return true;
        }));
    }

    static Typed? Whole(FunctionCall call, Func<decimal, decimal> exact, Func<double, double> near)
    {
        var number = call.Arguments[0];
        if (number.Kind == Kind.Integer) return call.Result(Kind.Integer, number.Build);
        if (number.Kind == Kind.Double) return call.Result(Kind.Double, CodeGenerator.Map<double, double>(number, (value, _, out result) => { result = near(value); return true; }));
        return call.Argument(0, Kind.Decimal) is { } value
            ? call.Result(Kind.Decimal, CodeGenerator.Map<decimal, decimal>(value, (from, _, out result) => { result = exact(from); return true; }))
            : null;
    }

    static Typed? ToNumber(FunctionCall call)
    {
        if (call.Argument(0, Kind.Text) is not { } text) return null;
        return call.Result(Kind.Decimal, Kinds.Type(Kind.Decimal, 10), CodeGenerator.Map<Utf8, decimal>(text, static (value, scratch, out result) =>
            decimal.TryParse(scratch.Characters(value), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out result)
            || scratch.Fail($"'{Shown(value)}' is no number.")));
    }

    /// <summary>A value for a message: its first characters.</summary>
    public static string Shown(Utf8 text) => text.Length <= 60 ? Encoding.UTF8.GetString(text) : Encoding.UTF8.GetString(CodePoints.Slice(text, 0, 20)) + "…";
}
