using Exchange.Adapters.Database;
using Exchange.Adapters.Database.SqlServer;
using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.IntegrationTests.Database.SqlServer;

/// <summary>The adapter over the real driver and a scripted endpoint: a table with a column of every type under names that hurt.</summary>
internal sealed class SqlServerScene : IAsyncDisposable
{
    public const string Chinese = "Chinese_PRC_CI_AS", ByCodePoint = "Latin1_General_100_BIN2";

    /// <summary>A text that stands in values only: where it is met in a statement, a value has become part of the SQL.</summary>
    public const string Sentinel = "价值'; --";

    public static readonly TableName Table = new("s]x", "select 'a'; DROP TABLE [表]");

    public static readonly ScriptedColumn[] Columns =
    [
        new("编号", 56, "int", 4, Nullable: false), new("order]", 231, "nvarchar", 80, Collation: ByCodePoint, Nullable: false), new("a\"b'c`d", 167, "varchar", 40, Collation: Chinese, CodePage: 936),
        new("@p0 ? :x", 239, "nchar", 20, Collation: ByCodePoint), new("char", 175, "char", 10, Collation: Chinese, CodePage: 936), new("max", 231, "nvarchar", -1, Collation: Chinese),
        new("varchar max", 167, "varchar", -1, Collation: Chinese, CodePage: 936), new("text", 35, "text", 16, Collation: Chinese, CodePage: 936), new("ntext", 99, "ntext", 16, Collation: Chinese),
        new("tiny", 48, "tinyint", 1), new("small", 52, "smallint", 2), new("big", 127, "bigint", 8), new("bit", 104, "bit", 1), new("decimal", 106, "decimal", 9, 12, 2), new("wide", 108, "numeric", 17, 38, 4),
        new("money", 60, "money", 8, 19, 4), new("real", 59, "real", 4, 24), new("float", 62, "float", 8, 53), new("date", 40, "date", 3), new("datetime", 61, "datetime", 8), new("smalldatetime", 58, "smalldatetime", 4),
        new("datetime2", 42, "datetime2", 8, 27, 7), new("offset", 43, "datetimeoffset", 10, 34, 7), new("time", 41, "time", 5, 16, 7), new("guid", 36, "uniqueidentifier", 16), new("version", 189, "timestamp", 8),
        new("binary", 165, "varbinary", 50), new("blob", 165, "varbinary", -1), new("image", 34, "image", 16), new("xml", 241, "xml", -1), new("variant", 98, "sql_variant", 8016),
        new("path", 240, "hierarchyid", 892), new("place", 240, "geography", -1), new("json", 244, "json", -1),
    ];

    readonly TdsEndpoint _endpoint;
    readonly ScriptedSelect _select;

    public SqlServerScene(bool snapshot = false, bool empty = false, bool triggers = false, IReadOnlyList<ScriptedColumn>? columns = null, IReadOnlyList<string>? key = null)
    {
        Script = new ScriptedServer(columns ?? Columns, key ?? ["编号"]) { Snapshot = snapshot, Empty = empty, Triggers = triggers };
        _select = new ScriptedSelect(columns ?? Columns);
        _endpoint = new TdsEndpoint(Answer);
    }

    public ScriptedServer Script { get; }

    /// <summary>What a SELECT from the table answers.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, object?>> Rows { get; set; } = [];

    public IReadOnlyList<TdsRequest> Requests => [.. _endpoint.Requests];

    /// <summary>The adapter's own statements, without those that the driver's bulk copy makes.</summary>
    public IReadOnlyList<string> Statements =>
        [.. Requests.Where(request => request.Kind is "batch" or "rpc" && !request.Sql.StartsWith("SELECT @@TRANCOUNT;", StringComparison.Ordinal) && !request.Sql.StartsWith("insert bulk", StringComparison.Ordinal)).Select(request => request.Sql)];

    public FrontEndConnection Connection => new() { Name = "front", Provider = "sqlserver", ConnectionString = _endpoint.ConnectionString };

    public IFrontEndDatabase Open(string? connectionString = null) => new FrontEndDatabases(
        (connection, dialect) => new ErrorTableWriter(new SqlServerTarget(dialect, TimeProvider.System), connection),
        (connection, dialect) => new TargetWriter(new SqlServerTarget(dialect, TimeProvider.System), connection)).Open(connectionString is null ? Connection : Connection with { ConnectionString = connectionString });

    public static SourceQuery Query(bool unique, IReadOnlyList<string> key, IReadOnlyList<ScriptedColumn>? columns = null) => new()
    {
        Table = Table,
        Columns = [.. (columns ?? Columns).Select(column => new SourceColumn(column.Name, column.Name))],
        Key = key,
        KeyIsUnique = unique,
    };

    public ValueTask DisposeAsync() => _endpoint.DisposeAsync();

    TdsAnswer Answer(TdsRequest request)
    {
        if (Script.First(request) is { } first) return first;
        if (request.Kind != "bulk" && request.Sql.Contains(" s", StringComparison.Ordinal) && !request.Sql.Contains("sys.", StringComparison.Ordinal) && !request.Sql.Contains("#exchange", StringComparison.Ordinal)
            && _select.Answer(request.Sql, Rows) is { } rows) return rows;
        return Script.Answer(request);
    }
}
