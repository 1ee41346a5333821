using Exchange.Bus.Transformation;
using Exchange.Contracts.Rows;
using Microsoft.Extensions.Time.Testing;

namespace Exchange.UnitTests.Transformation;

/// <summary>Compiles an expression over a few items and evaluates it on one row.</summary>
internal sealed class ExpressionBench
{
    public static readonly DateTimeOffset Now = new(2026, 7, 1, 20, 30, 0, TimeSpan.Zero);

    public static readonly IReadOnlyList<(string Name, ItemType Type, string? Value)> Row =
    [
        ("a", new(ItemKind.Int64), "7"),
        ("b", new(ItemKind.Int32), "-2"),
        ("zero", new(ItemKind.Int64), "0"),
        ("largest", new(ItemKind.Int64), "9223372036854775807"),
        ("fine", ItemType.Decimal(12, 2), "12.50"),
        ("ratio", new(ItemKind.Double), "0.25"),
        ("name", ItemType.String(20), "示例餐饮 Ab"),
        ("result", ItemType.String(2), "2"),
        ("blank", new(ItemKind.Text), ""),
        ("check_date", new(ItemKind.Date), "2026-07-01"),
        ("submitted", new(ItemKind.Date), "2026-07-04"),
        ("seen", new(ItemKind.Timestamp), "2026-07-01T16:30:00Z"),
        ("open", new(ItemKind.Boolean), "true"),
        ("data", new(ItemKind.Binary), "00ff"),
        ("检查结果", ItemType.String(10), "合格"),
        ("odd name", ItemType.String(10), "odd"),
        ("date", new(ItemKind.Date), "2026-01-31"),
        ("na", new(ItemKind.Int64), null),
        ("nt", new(ItemKind.Text), null),
        ("nf", new(ItemKind.Boolean), null),
        ("nd", new(ItemKind.Date), null),
        ("nm", ItemType.Decimal(10, 3), null),
    ];

    public static ExpressionCompiler Compiler { get; } =
        new(new FakeTimeProvider(Now), TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai"));

    public static IReadOnlyDictionary<string, ItemType> Items { get; } = Row.ToDictionary(item => item.Name, item => item.Type);

    public static RowBatch Batch { get; } = MakeBatch();

    public static IExpression Compile(string text)
    {
        var expression = Compiler.Compile(text, Items, out var problems);
        Assert.IsNotNull(expression, $"{text}: {string.Join('\n', problems.Select(problem => problem.Mark(text)))}");
        Assert.IsEmpty(problems);
        return expression;
    }

    public static IReadOnlyList<ExpressionProblem> Problems(string text)
    {
        var expression = Compiler.Compile(text, Items, out var problems);
        Assert.IsNull(expression, text);
        Assert.IsNotEmpty(problems, text);
        foreach (var problem in problems)
        {
            Assert.IsGreaterThanOrEqualTo(0, problem.Position, text);
            Assert.IsGreaterThanOrEqualTo(1, problem.Length, text);
            Assert.IsLessThanOrEqualTo(Math.Max(1, text.Length), problem.Position, text);
        }

        return problems;
    }

    public static bool? Test(string text) => Compile(text).Bind(Batch).Test(0);

    /// <summary>The value's canonical text, "null", or "! " and what could not be computed.</summary>
    public static string Evaluate(string text)
    {
        var expression = Compile(text);
        var column = Column.Create("value", expression.ResultType);
        var wrong = expression.Bind(Batch).AppendTo(column, 0);
        Assert.AreEqual(1, column.Count, text);
        if (wrong is not null) Assert.IsTrue(column.IsNull(0), text);
        return wrong is null ? column.TextAt(0) ?? "null" : "! " + wrong;
    }

    static RowBatch MakeBatch()
    {
        var batch = RowBatch.Empty(Row.Select(item => (item.Name, item.Type)));
        for (var at = 0; at < Row.Count; at++) Append(batch.Columns[at], Row[at].Value);
        batch.EndRow();
        return batch;
    }

    public static void Append(Column column, string? text)
    {
        if (text is null)
        {
            column.AppendNull();
            return;
        }

        var culture = System.Globalization.CultureInfo.InvariantCulture;
        switch (column)
        {
            case DecimalColumn numbers: numbers.Append(decimal.Parse(text, culture)); break;
            case DoubleColumn numbers: numbers.Append(double.Parse(text, culture)); break;
            case BytesColumn { Type.Kind: ItemKind.Binary } data: data.Append(Convert.FromHexString(text)); break;
            case BytesColumn texts: texts.Append(text); break;
            case LongColumn { Type.Kind: ItemKind.Boolean } flags: flags.Append(text == "true" ? 1 : 0); break;
            case LongColumn { Type.Kind: ItemKind.Date } dates: dates.Append(DateOnly.Parse(text, culture)); break;
            case LongColumn { Type.Kind: ItemKind.Timestamp } moments: moments.Append(DateTimeOffset.Parse(text, culture)); break;
            case LongColumn numbers: numbers.Append(long.Parse(text, culture)); break;
            default: throw new InvalidOperationException(column.GetType().Name);
        }
    }
}
