using System.Text.RegularExpressions;

namespace Exchange.IntegrationTests.Database.SqlServer;

/// <summary>A column of a scripted table, as the catalogue would tell it.</summary>
/// <param name="Name">The column.</param>
/// <param name="Id">sys.types.system_type_id.</param>
/// <param name="Type">Bare name.</param>
/// <param name="Length">Bytes, -1 for (max).</param>
internal sealed record ScriptedColumn(string Name, int Id, string Type, int Length, int Precision = 0, int Scale = 0, string? Collation = null, bool Nullable = true, int CodePage = 0);

/// <summary>Answers the catalogue, locks, bulk loads and transactions of one table, so that the adapter's whole course can be driven; a test lays its own answers over it.</summary>
internal sealed partial class ScriptedServer(IReadOnlyList<ScriptedColumn> columns, IReadOnlyList<string> key)
{
    static readonly TdsColumn[] Described =
    [
        new("is_hidden", "bit"), new("name", "nvarchar(128)"), new("system_type_id", "int"), new("system_type_name", "nvarchar(256)"), new("max_length", "smallint"), new("precision", "tinyint"), new("scale", "tinyint"),
        new("collation_name", "nvarchar(128)"), new("user_type_name", "nvarchar(128)"),
    ];

    static readonly TdsColumn[] Catalogue =
    [
        new("name", "nvarchar(128)"), new("id", "int"), new("type", "nvarchar(128)"), new("length", "int"), new("precision", "int"), new("scale", "int"), new("collation", "nvarchar(128)"), new("nullable", "bit"),
        new("generated", "bit"), new("has_default", "bit"), new("page", "int"),
    ];

    /// <summary>exchange_applied as the hub makes it.</summary>
    static readonly ScriptedColumn[] Ledger =
    [
        new("subscription", 231, "nvarchar", 800, Collation: "Latin1_General_100_BIN2", Nullable: false), new("batch", 127, "bigint", 8, Nullable: false), new("kind", 231, "nvarchar", 64, Collation: "Latin1_General_100_BIN2"),
        new("rows_upserted", 127, "bigint", 8), new("rows_deleted", 127, "bigint", 8), new("digest", 231, "nvarchar", 800, Collation: "Latin1_General_100_BIN2"), new("applied_at", 42, "datetime2", 8, 26, 6),
    ];

    readonly Dictionary<string, IReadOnlyList<TdsColumn>> _staged = [];

    /// <summary>Whether the database allows snapshots.</summary>
    public bool Snapshot { get; init; }

    public bool Empty { get; init; }

    public bool Triggers { get; init; }

    /// <summary>Asked before the script and the table's rows.</summary>
    public Func<TdsRequest, TdsAnswer?> First { get; set; } = _ => null;

    public TdsAnswer Answer(TdsRequest request) => request.Kind == "bulk" ? new TdsAnswer().Done(1) : OfStatement(request);

    TdsAnswer OfStatement(TdsRequest request)
    {
        var sql = request.Sql;
        if (Is("sp_describe_first_result_set")) return new TdsAnswer().Rows(Described, Named(request.Argument).Select(Describe)).Done();
        if (Is("SELECT o.type FROM sys.objects")) return new TdsAnswer().Value("nvarchar(2)", "U").Done();
        if (Is("FROM sys.indexes AS i\n")) return new TdsAnswer().Rows([new("id", "int"), new("primary", "bit"), new("name", "nvarchar(128)")], (OfLedger() ? ["subscription", "batch"] : key).Select(name => new object?[] { 1, true, name })).Done();
        if (Is("COLLATIONPROPERTY")) return new TdsAnswer().Rows(Catalogue, (OfLedger() ? Ledger : columns).Select(Catalogued)).Done();
        if (Is("SELECT c.name FROM sys.columns") || Is("FROM sys.triggers AS g WHERE")) return new TdsAnswer().Rows([new("name", "nvarchar(128)")]).Done();
        if (Is("OBJECT_SCHEMA_NAME(OBJECT_ID(@table)), SCHEMA_NAME()")) return new TdsAnswer().Rows([new("a", "nvarchar(128)"), new("b", "nvarchar(128)")], ["dbo", "dbo"]).Done();
        if (Is("is_memory_optimized")) return new TdsAnswer().Rows([new("a", "int"), new("b", "nvarchar(128)")], [0, null]).Done();
        if (Is("snapshot_isolation_state")) return new TdsAnswer().Value("int", Snapshot ? 1 : 0).Done();
        if (Is("sp_getapplock")) return new TdsAnswer().Value("int", 0).Done();
        if (Is("XACT_STATE()")) return new TdsAnswer().Value("int", 1).Done();
        if (Is("TableHasInsertTrigger")) return new TdsAnswer().Value("int", Triggers ? 1 : 0).Done();
        if (Is("SELECT CASE WHEN EXISTS (SELECT 1 FROM [")) return new TdsAnswer().Value("int", Empty ? 0 : 1).Done();
        if (Is("MIN_ACTIVE_ROWVERSION")) return new TdsAnswer().Rows([new("now", "datetime2(7)"), new("active", "bigint")], [new DateTime(2026, 7, 1, 12, 0, 0), 4711L]).Done();
        if (Is("COUNT_BIG(*)")) return new TdsAnswer().Value("bigint", 0L).Done();
        if (Is("count(*) FROM")) return new TdsAnswer().Value("int", 0).Done();
        if (sql.StartsWith("CREATE TABLE #exchange", StringComparison.Ordinal)) _staged[StageName().Match(sql).Value] = [.. StagedColumn().Matches(sql).Select(match => new TdsColumn(match.Groups[1].Value, match.Groups[2].Value))];
        if (sql.StartsWith("SELECT @@TRANCOUNT;", StringComparison.Ordinal)) return Target(sql);
        if (sql.StartsWith("insert bulk", StringComparison.Ordinal)) return new TdsAnswer().Done();
        if (sql == "COMMIT") return new TdsAnswer().Committed().Done();
        if (sql == "ROLLBACK") return new TdsAnswer().RolledBack().Done();
        return Is("@exchange_rows = ROWCOUNT_BIG()") ? new TdsAnswer().Output("@exchange_rows", 1).Done() : new TdsAnswer().Done(0);

        bool OfLedger() => request.Argument.EndsWith("[exchange_applied]", StringComparison.Ordinal);
        bool Is(string part) => sql.Contains(part, StringComparison.Ordinal);
    }

    /// <summary>What the driver asks before a bulk copy: the transaction count, the table's columns, their collations, names of graph columns.</summary>
    TdsAnswer Target(string sql)
    {
        var table = StageName().Match(sql) is { Success: true } stage ? _staged[stage.Value] : [.. columns.Select(column => new TdsColumn(column.Name, Spelled(column)))];
        return new TdsAnswer().Value("int", 1).Rows(table)
            .Rows([new("colid", "int"), new("name", "nvarchar(128)"), new("tds_collation", "varbinary(5)"), new("collation", "nvarchar(128)")], table.Select((column, at) =>
                new object?[] { at + 1, column.Name, null, column.Type.Contains("char", StringComparison.Ordinal) ? "Latin1_General_100_BIN2" : null }))
            .Rows([new("canonical", "nvarchar(128)"), new("alias", "nvarchar(128)")]).Done();
    }

    IEnumerable<ScriptedColumn> Named(string statement)
    {
        var names = SelectedColumn().Matches(statement).Select(match => match.Groups[1].Value.Replace("]]", "]", StringComparison.Ordinal)).ToList();
        return names.Count == 0 ? columns : names.Select(name => columns.FirstOrDefault(column => column.Name == name) ?? Own(name));
    }

    /// <summary>The change log's own columns.</summary>
    static ScriptedColumn Own(string name) => name switch
    {
        "exchange_id" => new(name, 189, "timestamp", 8),
        _ => new(name, 239, "nchar", 2, Collation: "Latin1_General_100_BIN2"),
    };

    static object?[] Describe(ScriptedColumn column) =>
        [false, column.Name, column.Id, column.Id == 240 ? null : Spelled(column), column.Length, column.Precision, column.Scale, column.Collation, column.Id == 240 ? column.Type : null];

    static object?[] Catalogued(ScriptedColumn column) =>
        [column.Name, column.Id, column.Type, column.Length, column.Precision, column.Scale, column.Collation, column.Nullable, false, false, column.Collation is null ? null : column.CodePage];

    static string Spelled(ScriptedColumn column) => new Exchange.Adapters.Database.SqlServer.SqlServerType(column.Id, column.Type, column.Length, column.Precision, column.Scale, column.Collation).Spelling;

    [GeneratedRegex(@"#exchange_\w+")]
    private static partial Regex StageName();

    [GeneratedRegex(@"\b(c\d+) (\w+(?:\([\w,]+\))?)")]
    private static partial Regex StagedColumn();

    [GeneratedRegex(@"s\.\[((?:[^\]]|\]\])*)\]")]
    private static partial Regex SelectedColumn();
}
