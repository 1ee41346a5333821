using System.Text;
using Exchange.Bus.Transformation;

namespace Exchange.UnitTests.Transformation;

[TestClass]
public sealed class ExpressionProblemTests
{
    [TestMethod]
    [DataRow("fine > 0 and reslt == '2'", "reslt", "There is no item 'reslt'; did you mean 'result'?")]
    [DataRow("chek_date > date '2026-01-01'", "chek_date", "did you mean 'check_date'?")]
    [DataRow("whatever == 1", "whatever", "There is no item 'whatever'.")]
    [DataRow("lenth(name) > 1", "lenth", "did you mean 'length'?")]
    [DataRow("today == check_date", "today", "the function is called today()")]
    [DataRow("substring(name, 1)", "substring(name, 1)", "The call does not fit: substring(text, from, count)")]
    [DataRow("length(a)", "a", "A text is needed here, this is a whole number")]
    [DataRow("fine == '1'", "fine == '1'", "a number stands without quotes")]
    [DataRow("check_date > '2026-07-01'", "check_date > '2026-07-01'", "a date is written date '2026-07-01'")]
    [DataRow("result == 2", "result == 2", "a text is written in single quotes")]
    [DataRow("name + result", "name + result", "concat(a, b)")]
    [DataRow("name and open", "name", "A condition is needed here")]
    [DataRow("open < true", "open < true", "has no order")]
    [DataRow("a == null", "null", "is always unknown; write is null")]
    [DataRow("date '2026-02-30' > check_date", "date '2026-02-30'", "is no date")]
    [DataRow("timestamp '2026-07-01' > seen", "timestamp '2026-07-01'", "is no timestamp")]
    [DataRow("matches(name, '(')", "'('", "The regular expression can't be read")]
    [DataRow("matches(name, '(?=x)')", "'(?=x)'", "unbounded time")]
    [DataRow("matches(name, name)", "name", "A text in quotes is needed here")]
    [DataRow("to_date(name, 'yyyy-XX')", "'yyyy-XX'", "'X' is no part")]
    [DataRow("format(check_date, 'HH:mm')", "'HH:mm'", "no part of a date's format")]
    [DataRow("round(fine, a)", "a", "not a computed one")]
    [DataRow("if(open, 1, 'x')", "if(open, 1, 'x')", "must be of one kind")]
    [DataRow("seen - seen", "seen - seen", "to_date(timestamp)")]
    [DataRow("null", "null", "always null")]
    [DataRow("12345678901234567890123456789", "12345678901234567890123456789", "at most 28 digits")]
    public void A_problem_of_meaning_marks_its_place(string text, string place, string message)
    {
        var problem = ExpressionBench.Problems(text)[0];
        StringAssert.Contains(problem.Message, message, StringComparison.Ordinal);
        Assert.AreEqual(place, text.Substring(problem.Position, problem.Length));
    }

    [TestMethod]
    [DataRow("a = 1", 2, "Equality is written ==")]
    [DataRow("a <> 1", 2, "Inequality is written !=")]
    [DataRow("a == 1 && open", 7, "This is written and")]
    [DataRow("a == 1 || open", 7, "joined by or")]
    [DataRow("!open", 0, "This is written not")]
    [DataRow("a >", 3, "A value is expected here")]
    [DataRow("a > )", 4, "A value is expected here")]
    [DataRow("(a > 1", 6, "')' or ',' is expected here")]
    [DataRow("a > 1)", 5, "end of the expression is expected")]
    [DataRow("a in 1", 5, "'(' is expected")]
    [DataRow("a in ()", 6, "A value is expected here")]
    [DataRow("a not 1", 6, "'in' or 'between' is expected")]
    [DataRow("a is 1", 5, "'null' or 'not null' is expected")]
    [DataRow("a between 1 or 2", 12, "'and' is expected")]
    [DataRow("1 < a < 9", 6, "Comparisons do not chain")]
    [DataRow("name == 'x", 8, "The text is not closed")]
    [DataRow("\"odd name == 'x'", 0, "The name is not closed")]
    [DataRow("name == “x”", 8, "straight single quotes")]
    [DataRow("length（name）", 6, "half-width")]
    [DataRow("a b", 2, "An operator or the end")]
    [DataRow("or open", 0, "is a word of the language")]
    [DataRow("open; delete", 4, "without a semicolon")]
    [DataRow("", 0, "empty")]
    [DataRow("  \n ", 0, "empty")]
    [DataRow("length(name,)", 12, "A value is expected here")]
    public void A_problem_of_spelling_marks_its_place_and_names_the_cure(string text, int position, string message)
    {
        var problem = ExpressionBench.Problems(text)[0];
        StringAssert.Contains(problem.Message, message, StringComparison.Ordinal);
        Assert.AreEqual(position, problem.Position, problem.Mark(text));
    }

    [TestMethod]
    public void All_problems_of_meaning_are_told_at_once()
    {
        var problems = ExpressionBench.Problems("reslt == '2' or length(a) > 'x' or fine == date '2026-13-01'");
        Assert.AreEqual("0 23 43", string.Join(' ', problems.Select(problem => problem.Position)));
    }

    [TestMethod]
    public void The_mark_stands_under_the_place()
    {
        var problem = ExpressionBench.Problems("fine > reslt")[0];
        Assert.AreEqual("There is no item 'reslt'; did you mean 'result'?\n    fine > reslt\n           ^^^^^", problem.Mark("fine > reslt"));
    }

    public static IEnumerable<object[]> Hostile()
    {
        yield return ["parentheses", new string('(', 4_900) + "1" + new string(')', 4_900)];
        yield return ["open parentheses", new string('(', 9_999)];
        yield return ["signs", new string('-', 9_900) + "1"];
        yield return ["nots", string.Concat(Enumerable.Repeat("not ", 2_400)) + "open"];
        yield return ["sums", "1" + string.Concat(Enumerable.Repeat("+1", 4_900))];
        yield return ["calls", string.Concat(Enumerable.Repeat("abs(", 2_000)) + "1"];
        yield return ["closed calls", string.Concat(Enumerable.Repeat("abs(", 1_900)) + "1" + new string(')', 1_900)];
        yield return ["length", new string('1', 10_001)];
        yield return ["control characters", "\0\u0001\u0002"];
        yield return ["lone surrogate", "\ud800 == 1"];
        yield return ["huge repetition", "matches(name, '(((a{1000}){1000}){1000})')"];
    }

    [TestMethod]
    [DynamicData(nameof(Hostile))]
    public void Hostile_text_is_refused_in_bounded_time_and_stack(string what, string text)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try { ExpressionBench.Problems(text); }
            catch (Exception found) when (found is not OutOfMemoryException) { failure = found; }
        }, 512 * 1024);
        thread.Start();
        thread.Join();
        Assert.IsNull(failure, $"{what}: {failure}");
    }

    [TestMethod]
    public void Nesting_that_people_write_is_read_and_what_is_deeper_is_named_as_such()
    {
        Assert.AreEqual("1", ExpressionBench.Evaluate(new string('(', 80) + "1" + new string(')', 80)));
        StringAssert.Contains(ExpressionBench.Problems(new string('(', 4_000) + "1" + new string(')', 4_000))[0].Message, "nested too deeply", StringComparison.Ordinal);
        StringAssert.Contains(ExpressionBench.Problems("1" + string.Concat(Enumerable.Repeat("+1", 4_900)))[0].Message, "nested too deeply", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Any_text_gives_an_expression_or_problems_and_never_an_exception()
    {
        string[] pieces = ["a", "fine", "name", "检查结果", "open", "==", "<", "+", "-", "*", "/", "(", ")", ",", "'x'", "'", "1", "0.5", "and", "or", "not", "in", "is", "null", "between", "date '2026-01-01'", "length(", "if(", "\"", " ", "😀"];
        var random = new Random(20260701);
        for (var round = 0; round < 20_000; round++)
        {
            var text = new StringBuilder();
            for (var at = random.Next(1, 12); at > 0; at--) text.Append(pieces[random.Next(pieces.Length)]).Append(random.Next(3) == 0 ? "" : " ");
            var expression = ExpressionBench.Compiler.Compile(text.ToString(), ExpressionBench.Items, out IReadOnlyList<ExpressionProblem> problems);
            Assert.AreEqual(expression is null, problems.Count > 0, text.ToString());
            foreach (var problem in problems) problem.Mark(text.ToString());
        }
    }
}
