using System.Runtime.CompilerServices;
using Exchange.Bus.Transformation.Expressions;

namespace Exchange.UnitTests.Transformation;

/// <summary>docs/reference/expressions.md is run: a reference that is wrong is worse than none.</summary>
[TestClass]
public sealed class ExpressionReferenceTests
{
    static readonly string Reference = File.ReadAllText(Path.Combine(Path.GetDirectoryName(Here())!, "../../../docs/reference/expressions.md"));

    public static IEnumerable<object[]> Examples()
    {
        var inTable = false;
        foreach (var line in Reference.Split('\n'))
        {
            if (line.StartsWith("| expression | gives |", StringComparison.Ordinal)) inTable = true;
            else if (!line.StartsWith('|')) inTable = false;
            else if (inTable && !line.StartsWith("|--", StringComparison.Ordinal)) yield return [line.Split('`')[1], line.Split('`')[3]];
        }
    }

    [TestMethod]
    [DynamicData(nameof(Examples))]
    public void Every_example_of_the_reference_gives_what_it_says(string expression, string gives) =>
        Assert.AreEqual(gives, ExpressionBench.Evaluate(expression), expression);

    [TestMethod]
    public void The_reference_has_an_example_of_every_function()
    {
        var examples = string.Join('\n', Examples().Select(example => (string)example[0]));
        Assert.IsGreaterThan(60, Examples().Count());
        foreach (var name in FunctionCatalogue.Names) StringAssert.Contains(examples, name + "(", StringComparison.Ordinal);
    }

    [TestMethod]
    public void The_problem_shown_is_the_one_that_is_told()
    {
        const string text = "fine > 0 and reslt == '2'";
        var shown = Reference[Reference.IndexOf("## Problems", StringComparison.Ordinal)..].Split('\n').Skip(2).Take(3).Select(line => line[4..]);
        Assert.AreEqual(ExpressionBench.Problems(text)[0].Mark(text), string.Join('\n', shown));
    }

    static string Here([CallerFilePath] string path = "") => path;
}
