using System.Globalization;
using System.Numerics;
using FsCheck;
using FsCheck.Fluent;

namespace Exchange.UnitTests.Transformation;

/// <summary>Random expressions against a plain evaluator over trees.</summary>
[TestClass]
public sealed class ExpressionPropertyTests
{
    static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(1_000);

    /// <summary>A whole-number expression: how it is written, and its value (null: null or overflow).</summary>
    public sealed record Number(string Text, BigInteger? Value)
    {
        public override string ToString() => Text;
    }

    /// <summary>A condition, and its truth.</summary>
    public sealed record Condition(string Text, bool? Value)
    {
        public override string ToString() => Text;
    }

    static readonly Gen<Number> Leaves = Gen.OneOf(
        Gen.Choose(-5, 5).Select(value => new Number(value.ToString(CultureInfo.InvariantCulture), value)),
        Gen.Elements(new Number("na", null), new Number("a", 7), new Number("b", -2), new Number("largest", long.MaxValue), new Number("9223372036854775806", long.MaxValue - 1)));

    static Gen<Number> Numbers(int size) => size <= 0 ? Leaves : Gen.OneOf(
        Leaves,
        from left in Numbers(size - 1)
        from right in Numbers(size - 1)
        from sign in Gen.Elements('+', '-', '*')
        select new Number($"({left.Text} {sign} {right.Text})", Within(sign switch
        {
            '+' => left.Value + right.Value,
            '-' => left.Value - right.Value,
            _ => left.Value * right.Value,
        })));

    static BigInteger? Within(BigInteger? value) => value >= long.MinValue && value <= long.MaxValue ? value : null;

    static Gen<Condition> Conditions(int size)
    {
        var compared =
            from left in Numbers(2)
            from right in Numbers(2)
            from sign in Gen.Elements("==", "!=", "<", "<=", ">", ">=")
            select new Condition($"{left.Text} {sign} {right.Text}", Compare(left.Value, sign, right.Value));
        var within =
            from value in Numbers(1)
            from choices in Gen.NonEmptyListOf(Leaves)
            select new Condition($"{value.Text} in ({string.Join(", ", choices.Select(choice => choice.Text))})",
                choices.Select(choice => Compare(value.Value, "==", choice.Value)).Aggregate((bool?)false, static (a, b) => a | b));
        var tested = Numbers(2).Select(value => new Condition($"{value.Text} is null", value.Value is null));
        if (size <= 0) return Gen.OneOf(compared, within, tested);
        var joined =
            from left in Conditions(size - 1)
            from right in Conditions(size - 1)
            from and in Gen.Elements(true, false)
            select new Condition($"({left.Text} {(and ? "and" : "or")} {right.Text})", and ? left.Value & right.Value : left.Value | right.Value);
        return Gen.OneOf(compared, within, tested, joined, Conditions(size - 1).Select(operand => new Condition($"not ({operand.Text})", !operand.Value)));
    }

    static bool? Compare(BigInteger? left, string sign, BigInteger? right)
    {
        if (left is null || right is null) return null;
        var order = left.Value.CompareTo(right.Value);
        return sign switch { "==" => order == 0, "!=" => order != 0, "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 };
    }

    [TestMethod]
    public void Whole_number_arithmetic_is_exact_or_null() =>
        Prop.ForAll(Arb.From(Numbers(4)), static number =>
        {
            var found = ExpressionBench.Evaluate("0 + " + number.Text);
            return number.Value is { } value ? found == value.ToString(CultureInfo.InvariantCulture) : found == "null" || found.StartsWith('!');
        }).Check(Many);

    [TestMethod]
    public void Conditions_have_the_truth_of_three_valued_logic() =>
        Prop.ForAll(Arb.From(Conditions(3)), static condition => ExpressionBench.Test(condition.Text) == condition.Value).Check(Many);

    [TestMethod]
    public void Any_text_written_as_a_literal_comes_back() =>
        Prop.ForAll(Arb.From(Gen.ListOf(Gen.Elements("'", "\"", "a", "检", "😀", " ", "\\", "\n", "--", "é"))), static pieces =>
        {
            var text = string.Concat(pieces);
            return ExpressionBench.Evaluate($"'{text.Replace("'", "''", StringComparison.Ordinal)}'") == text
                && ExpressionBench.Evaluate($"length('{text.Replace("'", "''", StringComparison.Ordinal)}')") == text.EnumerateRunes().Count().ToString(CultureInfo.InvariantCulture);
        }).Check(Many);

    [TestMethod]
    public void Texts_are_cut_as_their_code_points_are() =>
        Prop.ForAll(Arb.From(Gen.Choose(-2, 10)), Arb.From(Gen.Choose(-2, 10)), static (from, count) =>
        {
            var runes = "a检😀éb".EnumerateRunes().ToArray();
            var expected = string.Concat(runes.Where((_, at) => at + 1 >= from && at + 1 < from + Math.Max(0, count)).Select(rune => rune.ToString()));
            return ExpressionBench.Evaluate($"substring('a检😀éb', {from}, {count})") == expected;
        }).Check(Many);

    /// <summary>A row of a million must not cost allocation: the garbage collector would be the limit.</summary>
    [TestMethod]
    public void A_simple_rule_allocates_nothing_a_row()
    {
        var bound = ExpressionBench.Compile("submitted >= check_date and result in ('1', '2') and starts_with(name, '示例') and fine * 2 <= 100").Bind(ExpressionBench.Batch);
        for (var warm = 0; warm < 100; warm++) Assert.IsTrue(bound.Test(0));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var row = 0; row < 10_000; row++) bound.Test(0);
        Assert.IsLessThan(1_000, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
