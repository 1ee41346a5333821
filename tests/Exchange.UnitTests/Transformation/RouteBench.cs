using Exchange.Bus.Catalogue;
using Exchange.Bus.Transformation;
using Exchange.Bus.Transformation.Routes;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Microsoft.Extensions.Time.Testing;

namespace Exchange.UnitTests.Transformation;

/// <summary>A resource of checks with key (check_no, region), a code map, and subscriptions on it.</summary>
internal static class RouteBench
{
    public static readonly TimeZoneInfo Zone = TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai");

    public static readonly ExpressionCompiler Compiler = new(new FakeTimeProvider(ExpressionBench.Now), Zone);

    public static readonly RouteFactory Factory = new(Compiler, Zone);

    public static readonly Resource Checks = new()
    {
        Name = "check-action",
        Title = "行政检查行为",
        Provider = "market",
        Key = ["check_no", "region"],
        Items =
        [
            new Item { Name = "check_no", Type = ItemType.String(20), Title = "编号" },
            new Item { Name = "region", Type = new(ItemKind.Int32) },
            new Item { Name = "result", Type = ItemType.String(2) },
            new Item { Name = "check_date", Type = new(ItemKind.Date) },
            new Item { Name = "fine", Type = ItemType.Decimal(12, 2) },
        ],
    };

    public static readonly CodeMap Results = new() { Name = "result-to-national", Map = new Dictionary<string, string> { ["1"] = "01", ["2"] = "02", ["3"] = "99" } };

    public static Subscription Subscription(params MappedColumn[] map) => new()
    {
        Name = "to-centre",
        Resource = "check-action",
        Subscriber = "centre",
        Target = new TableTarget { Connection = "centre-front", Table = new TableName(null, "jg_check") },
        Map = map.Length == 0 ? null : map,
    };

    public static MappedColumn From(string column, string item) => new() { Column = column, From = item };

    public static MappedColumn[] WithKey(params MappedColumn[] others) => [From("check_no", "check_no"), From("region", "region"), .. others];

    public static CatalogueSnapshot Entries(params Subscription[] subscriptions) => new()
    {
        Departments = new Dictionary<string, Department>(),
        Connections = new Dictionary<string, Connection>(),
        CodeSets = new Dictionary<string, CodeSet>(),
        CodeMaps = new Dictionary<string, CodeMap> { [Results.Name] = Results },
        Resources = new Dictionary<string, Resource> { [Checks.Name] = Checks },
        Subscriptions = subscriptions.ToDictionary(subscription => subscription.Name),
    };

    public static IRoute Route(Subscription subscription) => Factory.Create(subscription, Entries(subscription));

    public static IReadOnlyList<string> Check(Subscription subscription, params Subscription[] others) =>
        RouteCheck.Check(subscription, Checks, Entries([subscription, .. others]), Compiler);

    /// <summary>A log batch of the resource's items; d: a delete with its key alone.</summary>
    public static RowBatch Batch(params string?[][] rows) => Batch(Checks.Items.Select(item => (item.Name, item.Type)), rows);

    public static RowBatch Batch(IEnumerable<(string, ItemType)> columns, params string?[][] rows)
    {
        var batch = RowBatch.Empty(columns);
        foreach (var row in rows)
        {
            for (var at = 0; at < batch.Columns.Count; at++) ExpressionBench.Append(batch.Columns[at], at < row.Length ? row[at] : null);
            batch.EndRow(row.Length == 2 ? RowOperation.Delete : RowOperation.Upsert);
        }

        return batch;
    }

    /// <summary>One row a line: + or - and the values.</summary>
    public static string Text(RowBatch batch) => string.Join('\n', Enumerable.Range(0, batch.Count).Select(row =>
        (batch.Operations[row] == RowOperation.Upsert ? "+ " : "- ") + string.Join('|', batch.Columns.Select(column => column.TextAt(row) ?? "~"))));
}
