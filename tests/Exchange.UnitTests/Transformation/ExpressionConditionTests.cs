namespace Exchange.UnitTests.Transformation;

[TestClass]
public sealed class ExpressionConditionTests
{
    static readonly (string Text, bool? Value)[] Truths = [("open", true), ("not open", false), ("nf", null)];

    [TestMethod]
    public void And_or_and_not_follow_the_tables_of_three_valued_logic()
    {
        foreach (var (left, a) in Truths)
        {
            Assert.AreEqual(!a, ExpressionBench.Test($"not ({left})"), left);
            foreach (var (right, b) in Truths)
            {
                Assert.AreEqual(a & b, ExpressionBench.Test($"{left} and {right}"), $"{left} and {right}");
                Assert.AreEqual(a | b, ExpressionBench.Test($"{left} or {right}"), $"{left} or {right}");
            }
        }
    }

    [TestMethod]
    [DataRow("submitted >= check_date", true)]
    [DataRow("result == '2'", true)]
    [DataRow("result != '2'", false)]
    [DataRow("name > '示例'", true)]
    [DataRow("'Z' < 'a'", true)]
    [DataRow("'￿' < '😀'", true)]
    [DataRow("'a' == 'A'", false)]
    [DataRow("blank == ''", true)]
    [DataRow("blank is null", false)]
    [DataRow("nt is null", true)]
    [DataRow("nt is not null", false)]
    [DataRow("na == na", null)]
    [DataRow("na != 1", null)]
    [DataRow("not na > 1", null)]
    [DataRow("a == 7.0", true)]
    [DataRow("fine >= 12.5 and fine < 13", true)]
    [DataRow("ratio == 0.25", true)]
    [DataRow("a in (1, 7)", true)]
    [DataRow("a not in (1, 7)", false)]
    [DataRow("a in (1, na)", null)]
    [DataRow("a in (7, na)", true)]
    [DataRow("a not in (1, na)", null)]
    [DataRow("na in (1, 2)", null)]
    [DataRow("result in ('1', '2', '3')", true)]
    [DataRow("result in ('')", false)]
    [DataRow("fine in (12.50, 1)", true)]
    [DataRow("a in (-1, -7)", false)]
    [DataRow("b in (-1, -2)", true)]
    [DataRow("check_date in (date '2026-07-01')", true)]
    [DataRow("a between 1 and 7", true)]
    [DataRow("a not between 1 and 7", false)]
    [DataRow("a between na and 5", false)]
    [DataRow("a between na and 9", null)]
    [DataRow("a + 1 between 8 and 8 and open", true)]
    [DataRow("open", true)]
    [DataRow("open == true", true)]
    [DataRow("open != (a == 7)", false)]
    [DataRow("not open or a == 7", true)]
    [DataRow("a == 7 or a / zero > 1", true)]
    [DataRow("a / zero > 1", null)]
    [DataRow("a / zero > 1 or open", true)]
    [DataRow("matches(name, '^示.*b$')", true)]
    [DataRow("matches(name, '[0-9]')", false)]
    [DataRow("matches(nt, '[0-9]')", null)]
    [DataRow("contains(name, '餐')", true)]
    [DataRow("starts_with(name, '示例')", true)]
    [DataRow("ends_with(name, 'b')", true)]
    [DataRow("ends_with(name, 'B')", false)]
    [DataRow("check_date < seen", true)]
    [DataRow("date '2026-07-02' > seen", false)]
    [DataRow("seen == timestamp '2026-07-02T00:30:00+08:00'", true)]
    [DataRow("data == data", true)]
    [DataRow("length(name) == 7 AND NOT contains(name, 'x')", true)]
    [DataRow("today() == date '2026-07-02'", true)]
    public void Conditions_are_true_false_or_unknown(string expression, bool? expected) =>
        Assert.AreEqual(expected, ExpressionBench.Test(expression), expression);

    [TestMethod]
    public void A_long_chain_of_conditions_is_not_a_deep_one()
    {
        var text = string.Join(" or ", Enumerable.Range(0, 600).Select(at => $"a == {1000 + at}"));
        Assert.IsFalse(ExpressionBench.Test(text));
        Assert.IsTrue(ExpressionBench.Test(text + " or a == 7"));
    }

    [TestMethod]
    public void Betweens_within_betweens_are_computed_once_a_row()
    {
        var text = "a";
        for (var at = 0; at < 30; at++) text = $"if({text} between 0 and 9, 7, 8)";
        Assert.AreEqual("7", ExpressionBench.Evaluate(text));
    }

    [TestMethod]
    public void Testing_a_value_that_is_no_condition_is_a_fault_of_the_caller() =>
        Assert.ThrowsExactly<InvalidOperationException>(() => ExpressionBench.Test("a"));
}
