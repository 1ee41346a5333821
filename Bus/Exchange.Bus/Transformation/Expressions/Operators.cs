using Exchange.Contracts.Rows;

namespace Exchange.Bus.Transformation.Expressions;

/// <summary>What the operators do with values that are there. Overflow and division by zero are faults: null, and a text that says so.</summary>
internal static class Operators
{
    public const string DivisionByZero = "Division by zero.";
    public const string Overflow = "The result is too large to be held.";

    public static Operation<T, T, bool> Compare<T>(string sign) where T : IComparable<T> => sign switch
    {
        "==" => static (a, b, _, out result) => { result = a.CompareTo(b) == 0; return true; },
        "!=" => static (a, b, _, out result) => { result = a.CompareTo(b) != 0; return true; },
        "<" => static (a, b, _, out result) => { result = a.CompareTo(b) < 0; return true; },
        "<=" => static (a, b, _, out result) => { result = a.CompareTo(b) <= 0; return true; },
        ">" => static (a, b, _, out result) => { result = a.CompareTo(b) > 0; return true; },
        _ => static (a, b, _, out result) => { result = a.CompareTo(b) >= 0; return true; },
    };

    /// <summary>UTF-8 orders by bytes as Unicode orders by code points.</summary>
    public static Operation<ReadOnlySpan<byte>, ReadOnlySpan<byte>, bool> CompareText(string sign) => sign switch
    {
        "==" => static (a, b, _, out result) => { result = a.SequenceEqual(b); return true; },
        "!=" => static (a, b, _, out result) => { result = !a.SequenceEqual(b); return true; },
        "<" => static (a, b, _, out result) => { result = a.SequenceCompareTo(b) < 0; return true; },
        "<=" => static (a, b, _, out result) => { result = a.SequenceCompareTo(b) <= 0; return true; },
        ">" => static (a, b, _, out result) => { result = a.SequenceCompareTo(b) > 0; return true; },
        _ => static (a, b, _, out result) => { result = a.SequenceCompareTo(b) >= 0; return true; },
    };

    /// <summary>+ - *.</summary>
    public static Operation<long, long, long> Whole(char sign) => sign switch
    {
        '+' => static (a, b, scratch, out result) =>
        {
            result = unchecked(a + b);
            return ((a ^ result) & (b ^ result)) >= 0 || scratch.Fail(Overflow);
        },
        '-' => static (a, b, scratch, out result) =>
        {
            result = unchecked(a - b);
            return ((a ^ b) & (a ^ result)) >= 0 || scratch.Fail(Overflow);
        },
        _ => static (a, b, scratch, out result) =>
        {
            var product = Math.BigMul(a, b);
            result = unchecked((long)product);
            return product == result || scratch.Fail(Overflow);
        },
    };

    public static Operation<decimal, decimal, decimal> Decimals(char sign) => sign switch
    {
        '+' => static (a, b, scratch, out result) => Exact(scratch, a, b, static (x, y) => x + y, out result),
        '-' => static (a, b, scratch, out result) => Exact(scratch, a, b, static (x, y) => x - y, out result),
        '*' => static (a, b, scratch, out result) => Exact(scratch, a, b, static (x, y) => x * y, out result),
        _ => static (a, b, scratch, out result) =>
        {
            result = 0;
            return b == 0 ? scratch.Fail(DivisionByZero) : Exact(scratch, a, b, static (x, y) => x / y, out result);
        },
    };

    public static Operation<double, double, double> Doubles(char sign) => sign switch
    {
        '+' => static (a, b, scratch, out result) => { result = a + b; return double.IsFinite(result) || scratch.Fail(Overflow); },
        '-' => static (a, b, scratch, out result) => { result = a - b; return double.IsFinite(result) || scratch.Fail(Overflow); },
        '*' => static (a, b, scratch, out result) => { result = a * b; return double.IsFinite(result) || scratch.Fail(Overflow); },
        _ => static (a, b, scratch, out result) =>
        {
            result = a / b;
            return b == 0 ? scratch.Fail(DivisionByZero) : double.IsFinite(result) || scratch.Fail(Overflow);
        },
    };

    /// <summary>A date and a number of days.</summary>
    public static bool AddDays(long date, long days, Scratch scratch, out long result)
    {
        result = unchecked(date + days);
        return (((date ^ result) & (days ^ result)) >= 0 && result >= Temporal.SmallestDay && result <= Temporal.LargestDay)
            || scratch.Fail("The date lies outside the years 0001 to 9999.");
    }

    public static bool SubtractDays(long date, long days, Scratch scratch, out long result)
    {
        if (days != long.MinValue) return AddDays(date, -days, scratch, out result);
        result = 0;
        return scratch.Fail("The date lies outside the years 0001 to 9999.");
    }

    static bool Exact(Scratch scratch, decimal a, decimal b, Func<decimal, decimal, decimal> compute, out decimal result)
    {
        try
        {
            result = compute(a, b);
            return true;
        }
        catch (OverflowException)
        {
            result = 0;
            return scratch.Fail(Overflow);
        }
    }
}
