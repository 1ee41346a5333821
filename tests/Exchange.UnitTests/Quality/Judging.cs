using Exchange.Bus.Catalogue;
using Exchange.Bus.Quality;
using Exchange.Bus.Quarantine;
using Exchange.Bus.Transformation;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Exchange.Storage;
using Microsoft.Extensions.Time.Testing;

namespace Exchange.UnitTests.Quality;

/// <summary>Builds resources and pages for tests of the judge, and judges them.</summary>
internal static class Judging
{
    public static FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 7, 1, 12, 0, 0, TimeSpan.Zero));

    public static Item Item(string name, string type, params string[] rules) => new()
    {
        Name = name,
        Type = Type(type),
        Rules = [.. rules.Select(rule => rule.Split(' ', 2) is [var known, var argument] ? new ItemRule(known, argument) : new ItemRule(rule, null))],
    };

    public static ItemType Type(string text) => ItemType.Parse(text, out var type) is { } problem ? throw new ArgumentException(problem) : type;

    public static Resource Resource(params Item[] items) => new() { Name = "thing", Provider = "market", Key = [items[0].Name], Items = items };

    public static CatalogueSnapshot Entries(params object[] entries) => new()
    {
        Departments = new Dictionary<string, Department>(),
        Connections = entries.OfType<Connection>().ToDictionary(entry => entry.Name),
        CodeSets = entries.OfType<CodeSet>().ToDictionary(entry => entry.Name),
        CodeMaps = new Dictionary<string, CodeMap>(),
        Resources = entries.OfType<Resource>().ToDictionary(entry => entry.Name),
        Subscriptions = new Dictionary<string, Subscription>(),
    };

    /// <summary>A column of texts (null: NULL), as a source with text columns gives it.</summary>
    public static Column Texts(string name, params string?[] values)
    {
        var column = new BytesColumn(name, new ItemType(ItemKind.Text));
        foreach (var value in values)
        {
            if (value is null) column.AppendNull();
            else column.Append(value);
        }

        return column;
    }

    public static Column Longs(string name, string type, params long?[] values)
    {
        var column = new LongColumn(name, Type(type));
        foreach (var value in values)
        {
            if (value is { } number) column.Append(number);
            else column.AppendNull();
        }

        return column;
    }

    public static Column Decimals(string name, string type, params decimal?[] values)
    {
        var column = new DecimalColumn(name, Type(type));
        foreach (var value in values)
        {
            if (value is { } number) column.Append(number);
            else column.AppendNull();
        }

        return column;
    }

    public static Column Doubles(string name, params double[] values)
    {
        var column = new DoubleColumn(name, Type("double"));
        foreach (var value in values) column.Append(value);
        return column;
    }

    public static SourcePage Page(params Column[] columns) => new() { Rows = RowBatch.OfColumns(columns, columns[0].Count) };

    public static IRowJudge Judge(Resource resource, CatalogueSnapshot? catalogue = null, FakeKnownValues? known = null) =>
        new RowJudgeFactory(new FakeCompiler(), known ?? new FakeKnownValues(), Clock).Create(resource, catalogue ?? Entries());

    /// <summary>One item beside a key, judged over the column's values: null for a good value, else "rule: message".</summary>
    public static async Task<(string? Value, IReadOnlyList<BrokenRule> Broken)[]> ItemAsync(Item item, Column source, CatalogueSnapshot? catalogue = null, Func<Resource, Resource>? change = null)
    {
        var resource = Resource(Item("id", "int64"), item);
        if (change is not null) resource = change(resource);
        var ids = Longs("id", "int64", [.. Enumerable.Range(0, source.Count).Select(id => (long?)id)]);
        var judged = await Judge(resource, catalogue).JudgeAsync(Page(ids, source), default);
        var results = new (string?, IReadOnlyList<BrokenRule>)[source.Count];
        for (var at = 0; at < judged.AcceptedRows.Count; at++) results[judged.AcceptedRows[at]] = (judged.Accepted[item.Name].TextAt(at), []);
        foreach (var rejected in judged.Rejected) results[rejected.Row] = (null, rejected.Broken);
        return results;
    }

    public static void Same<T>(IEnumerable<T> actual, params T[] expected) => Assert.AreEqual(string.Join('\n', expected), string.Join('\n', actual));

    /// <summary>The rules that one value breaks.</summary>
    public static async Task<string[]> RulesAsync(Item item, string? value, CatalogueSnapshot? catalogue = null) =>
        [.. (await ItemAsync(item, Texts(item.Name, value), catalogue))[0].Broken.Select(broken => broken.Rule)];

    /// <summary>What one value becomes, or the rule that it breaks in angle brackets.</summary>
    public static async Task<string> BecomesAsync(Item item, Column source, Func<Resource, Resource>? change = null, CatalogueSnapshot? catalogue = null)
    {
        var (value, broken) = (await ItemAsync(item, source, catalogue, change))[0];
        return broken.Count > 0 ? $"<{broken[0].Rule}>" : value ?? "NULL";
    }
}

/// <summary>Knows the tuples it was given.</summary>
internal sealed class FakeKnownValues : IKnownValues
{
    readonly Dictionary<string, Dictionary<string, IReadOnlyList<string>>> _sets = [];

    public List<string> Asked { get; } = [];

    public FakeKnownValues With(string resource, string items, string tuple, params string[] keyTexts)
    {
        var set = $"{resource}:{items}";
        if (!_sets.TryGetValue(set, out var tuples)) _sets[set] = tuples = [];
        tuples[tuple] = [.. keyTexts.Select(RowKey.Digest)];
        return this;
    }

    public Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> FindAsync(string resource, IReadOnlyList<string> items, IReadOnlyCollection<string> tuples, bool own, CancellationToken cancel)
    {
        var set = $"{resource}:{string.Join(',', items)}";
        Asked.Add(set);
        var known = _sets.GetValueOrDefault(set) ?? [];
        return Task.FromResult<IReadOnlyDictionary<string, IReadOnlyList<string>>>(tuples.Where(known.ContainsKey).ToDictionary(tuple => tuple, tuple => known[tuple]));
    }

    public Task ApplyAsync(StoreSession session, string resource, IReadOnlyList<IReadOnlyList<string>> itemSets, RowBatch rows, IReadOnlyList<int> keyOrdinals, CancellationToken cancel) => Task.CompletedTask;

    public Task RebuildAsync(string resource, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel) => Task.CompletedTask;

    public Task BeginFillingAsync(StoreSession session, string resource, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel) => Task.CompletedTask;

    public Task EndFillingAsync(StoreSession session, string resource, CancellationToken cancel) => Task.CompletedTask;

    public Task AbandonFillingAsync(StoreSession session, string resource, CancellationToken cancel) => Task.CompletedTask;

    public Task SweepAsync(CancellationToken cancel) => Task.CompletedTask;

    public Task<bool> IsBuiltAsync(string resource, IReadOnlyList<string> items, CancellationToken cancel) => Task.FromResult(true);
}

/// <summary>Understands <c>a &gt;= b</c> over two items of numbers or dates, and <c>a / b</c> that divides by zero; nothing else.</summary>
internal sealed class FakeCompiler : IExpressionCompiler
{
    public IExpression? Compile(string text, IReadOnlyDictionary<string, ItemType> items, out IReadOnlyList<ExpressionProblem> problems)
    {
        var words = text.Split(' ');
        if (words.Length != 3 || words[1] is not (">=" or "/")) problems = [new(0, 1, "not understood")];
        else problems = [.. new[] { words[0], words[2] }.Where(name => !items.ContainsKey(name)).Select(name => new ExpressionProblem(text.IndexOf(name, StringComparison.Ordinal), name.Length, $"unknown item '{name}'"))];
        return problems.Count > 0 ? null : new Expression(words[0], words[1], words[2]);
    }

    sealed record Expression(string Left, string Operator, string Right) : IExpression
    {
        public ItemType ResultType => new(ItemKind.Boolean);

        public IReadOnlyList<string> Items => [Left, Right];

        public IBoundExpression Bind(RowBatch batch) => new Bound((LongColumn)batch[Left], Operator, (LongColumn)batch[Right]);
    }

    sealed class Bound(LongColumn left, string operation, LongColumn right) : IBoundExpression
    {
        public bool? Test(int row) => operation == "/" || left.IsNull(row) || right.IsNull(row) ? null : left[row] >= right[row];

        public string? AppendTo(Column column, int row)
        {
            column.AppendNull();
            return operation == "/" && right[row] == 0 ? "division by zero" : null;
        }
    }
}
