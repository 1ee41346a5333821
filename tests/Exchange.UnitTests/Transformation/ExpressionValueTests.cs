namespace Exchange.UnitTests.Transformation;

[TestClass]
public sealed class ExpressionValueTests
{
    [TestMethod]
    [DataRow("a + b", "5")]
    [DataRow("a - b * 2", "11")]
    [DataRow("(a - b) * 2", "18")]
    [DataRow("-a + -b", "-5")]
    [DataRow("--a", "7")]
    [DataRow("a / b", "-3.5")]
    [DataRow("a / 3", "2.333333")]
    [DataRow("a - b - 1", "8")]
    [DataRow("fine * 2", "25")]
    [DataRow("fine + a", "19.5")]
    [DataRow("fine * 0.333", "4.1625")]
    [DataRow("fine * ratio", "3.125")]
    [DataRow("ratio / 2", "0.125")]
    [DataRow("na + 1", "null")]
    [DataRow("1 + na * 0", "null")]
    [DataRow("0.5", "0.5")]
    [DataRow("9223372036854775808", "9223372036854775808")]
    public void Arithmetic_promotes_whole_numbers_to_decimals_to_doubles(string expression, string expected) =>
        Assert.AreEqual(expected, ExpressionBench.Evaluate(expression));

    [TestMethod]
    [DataRow("largest + 1", "! The result is too large to be held.")]
    [DataRow("-largest - 2", "! The result is too large to be held.")]
    [DataRow("largest * 2", "! The result is too large to be held.")]
    [DataRow("abs(-largest - 1)", "! The result is too large to be held.")]
    [DataRow("-(-largest - 1)", "! The result is too large to be held.")]
    [DataRow("(largest + 0.0) * largest * largest", "! The result is too large to be held.")]
    [DataRow("(largest + 0.0) * largest", "! The result is too large to be held.")]
    [DataRow("a / zero", "! Division by zero.")]
    [DataRow("fine / 0", "! Division by zero.")]
    [DataRow("ratio / 0", "! Division by zero.")]
    [DataRow("coalesce(a / zero, 5)", "! Division by zero.")]
    [DataRow("a / nullif(zero, 0)", "null")]
    [DataRow("if(zero == 0, 0, a / zero)", "0")]
    [DataRow("to_number('1.5x')", "! '1.5x' is no number.")]
    [DataRow("to_number('')", "! '' is no number.")]
    [DataRow("to_date('2026-02-30', 'yyyy-MM-dd')", "! '2026-02-30' is no date of the form yyyy-MM-dd.")]
    [DataRow("check_date + 9999999", "! The date lies outside the years 0001 to 9999.")]
    [DataRow("check_date - (-largest - 1)", "! The date lies outside the years 0001 to 9999.")]
    public void What_cannot_be_computed_is_null_with_a_text(string expression, string expected) =>
        Assert.AreEqual(expected, ExpressionBench.Evaluate(expression));

    [TestMethod]
    [DataRow("submitted - check_date", "3")]
    [DataRow("check_date + 30", "2026-07-31")]
    [DataRow("30 + check_date", "2026-07-31")]
    [DataRow("check_date - 1", "2026-06-30")]
    [DataRow("days(check_date, submitted)", "3")]
    [DataRow("days(date '2024-02-28', date '2024-03-01')", "2")]
    [DataRow("year(check_date) * 100 + month(check_date)", "202607")]
    [DataRow("day(seen)", "2")]
    [DataRow("to_date(seen)", "2026-07-02")]
    [DataRow("today()", "2026-07-02")]
    [DataRow("now()", "2026-07-01T20:30:00Z")]
    [DataRow("to_date('20260701', 'yyyyMMdd')", "2026-07-01")]
    [DataRow("to_date('2026年7月1日', 'yyyy年M月d日')", "2026-07-01")]
    [DataRow("to_timestamp('20260701120000', 'yyyyMMddHHmmss')", "2026-07-01T04:00:00Z")]
    [DataRow("to_timestamp('2026-07-01T12:00:00Z', 'yyyy-MM-ddTHH:mm:ssZ')", "2026-07-01T12:00:00Z")]
    [DataRow("format(check_date, 'yyyy/MM/dd')", "2026/07/01")]
    [DataRow("format(seen, 'yyyyMMddHHmmss')", "20260702003000")]
    [DataRow("timestamp '2026-07-01T10:00:00.25+08:00'", "2026-07-01T02:00:00.250000Z")]
    [DataRow("date", "2026-01-31")]
    [DataRow("date + 1", "2026-02-01")]
    [DataRow("if(nf, check_date, nd)", "null")]
    public void Dates_are_counted_in_days_and_read_in_the_zone(string expression, string expected) =>
        Assert.AreEqual(expected, ExpressionBench.Evaluate(expression));

    [TestMethod]
    [DataRow("length(name)", "7")]
    [DataRow("length('😀é')", "2")]
    [DataRow("length(data)", "2")]
    [DataRow("lower(name)", "示例餐饮 ab")]
    [DataRow("upper(name)", "示例餐饮 AB")]
    [DataRow("upper('éß')", "Éß")]
    [DataRow("trim('\u3000 x y \t')", "x y")]
    [DataRow("trim(blank)", "")]
    [DataRow("substring(name, 3, 2)", "餐饮")]
    [DataRow("substring('abc', 0, 2)", "a")]
    [DataRow("substring('abc', 2, 100)", "bc")]
    [DataRow("substring('abc', 4, 1)", "")]
    [DataRow("substring('abc', 1, -1)", "")]
    [DataRow("substring('abc', -largest - 1, largest)", "")]
    [DataRow("left(name, 2)", "示例")]
    [DataRow("left(name, 0)", "")]
    [DataRow("right(name, 2)", "Ab")]
    [DataRow("right('😀é', 1)", "é")]
    [DataRow("right('ab', 99)", "ab")]
    [DataRow("concat(name, '/', result)", "示例餐饮 Ab/2")]
    [DataRow("concat(name, nt)", "null")]
    [DataRow("concat('', '')", "")]
    [DataRow("replace('a-b-c', '-', '')", "abc")]
    [DataRow("replace('aaa', 'aa', 'b')", "ba")]
    [DataRow("replace('abc', '', 'x')", "abc")]
    [DataRow("replace(concat('a', 'b'), 'b', concat('c', 'd'))", "acd")]
    [DataRow("'it''s'", "it's")]
    [DataRow("\"odd name\"", "odd")]
    [DataRow("检查结果", "合格")]
    [DataRow("to_text(fine)", "12.5")]
    [DataRow("to_text(a == 7)", "true")]
    [DataRow("to_text(check_date)", "2026-07-01")]
    [DataRow("to_text(seen)", "2026-07-01T16:30:00Z")]
    [DataRow("to_text(ratio)", "0.25")]
    [DataRow("to_text(data)", "00ff")]
    [DataRow("to_number('-12.50')", "-12.5")]
    public void Texts_are_counted_and_cut_by_code_points(string expression, string expected) =>
        Assert.AreEqual(expected, ExpressionBench.Evaluate(expression));

    [TestMethod]
    [DataRow("coalesce(na, b, 5)", "-2")]
    [DataRow("coalesce(na, 1.5)", "1.5")]
    [DataRow("coalesce(nt, 'none')", "none")]
    [DataRow("coalesce(nt, null)", "null")]
    [DataRow("nullif(a, 7)", "null")]
    [DataRow("nullif(a, 8)", "7")]
    [DataRow("nullif(a, na)", "7")]
    [DataRow("nullif(name, '')", "示例餐饮 Ab")]
    [DataRow("if(a > 5, 'big', 'small')", "big")]
    [DataRow("if(na > 5, 'big', 'small')", "small")]
    [DataRow("if(open, null, 1)", "null")]
    [DataRow("abs(b)", "2")]
    [DataRow("abs(-1.5)", "1.5")]
    [DataRow("round(2.5)", "3")]
    [DataRow("round(-2.5)", "-3")]
    [DataRow("round(fine / 3, 2)", "4.17")]
    [DataRow("floor(-1.5)", "-2")]
    [DataRow("ceiling(1.2)", "2")]
    [DataRow("floor(a)", "7")]
    [DataRow("ceiling(ratio)", "1")]
    public void Choices_and_rounding_give_the_documented_value(string expression, string expected) =>
        Assert.AreEqual(expected, ExpressionBench.Evaluate(expression));

    [TestMethod]
    [DataRow("a", "int64")]
    [DataRow("b", "int32")]
    [DataRow("b + 1", "int64")]
    [DataRow("name", "string(20)")]
    [DataRow("left(name, 4)", "string(4)")]
    [DataRow("concat(name, result)", "string(22)")]
    [DataRow("concat(name, blank)", "text")]
    [DataRow("if(open, name, result)", "string(20)")]
    [DataRow("fine", "decimal(12,2)")]
    [DataRow("fine + 1", "decimal(28,2)")]
    [DataRow("fine * nm", "decimal(28,5)")]
    [DataRow("fine / 3", "decimal(28,6)")]
    [DataRow("round(fine / 3, 1)", "decimal(28,1)")]
    [DataRow("fine * ratio", "double")]
    [DataRow("a > 1", "boolean")]
    [DataRow("check_date + 1", "date")]
    [DataRow("data", "binary")]
    public void The_result_has_a_type_that_a_target_column_can_take(string expression, string type) =>
        Assert.AreEqual(type, ExpressionBench.Compile(expression).ResultType.ToString());

    [TestMethod]
    public void A_missing_column_reads_as_null()
    {
        var batch = Exchange.Contracts.Rows.RowBatch.Empty([]);
        batch.EndRow();
        Assert.IsNull(ExpressionBench.Compile("a > 1").Bind(batch).Test(0));
        Assert.IsTrue(ExpressionBench.Compile("a is null").Bind(batch).Test(0));
    }

    [TestMethod]
    public void The_items_that_are_read_are_told_once_each() =>
        Assert.AreEqual("b a", string.Join(' ', ExpressionBench.Compile("b > a or b in (a, 2)").Items));

    [TestMethod]
    public void A_computed_text_beyond_the_limit_is_a_fault_and_not_an_empty_memory()
    {
        var text = "'0123456789'";
        for (var at = 0; at < 8; at++) text = $"replace({text}, '0', '0000000000000000000000000000000000000000')";
        Assert.AreEqual("! A computed text is longer than 16777216 bytes.", ExpressionBench.Evaluate(text));
    }
}
