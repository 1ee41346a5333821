using Exchange.Samples.Identifiers;
using Npgsql;

namespace Exchange.Benchmarks.Data;

/// <summary>A column of the benchmarks' table.</summary>
/// <param name="Name">In database and manifest.</param>
/// <param name="Item">Item type.</param>
/// <param name="PostgreSql">Column type; MariaDB takes the same but for the two that <see cref="CheckActions.MySql"/> names.</param>
/// <param name="Further">Further keys of the item.</param>
/// <param name="Value">SQL of PostgreSQL that makes it from g.n (1, 2, 3 …), u.code and v.code.</param>
internal sealed record BenchmarkColumn(string Name, string Item, string PostgreSql, string Further, string Value);

/// <summary>Inspections of a province (行政检查行为): 20 columns, about 290 bytes a row, all of them right by the rules.</summary>
internal static class CheckActions
{
    public const string Table = "check_action";

    public static IReadOnlyList<BenchmarkColumn> Columns { get; } =
    [
        new("check_action_code", "string(50)", "varchar(50)", "required: true", "'JC' || lpad(g.n::text, 10, '0')"),
        new("item_code", "string(14)", "varchar(14)", "required: true", "lpad((g.n % 9973)::text, 14, '2')"),
        new("check_list_code", "string(40)", "varchar(40)", "required: true", "u.code || (1 + g.n % 5)::text"),
        new("check_action_name", "string(200)", "varchar(200)", "", "'对第' || (g.n % 1000) || '号企业的现场检查'"),
        new("institution", "string(200)", "varchar(200)", "", "'示例省第' || (g.n % 97) || '市场监督管理所'"),
        new("institution_code", "string(18)", "varchar(18)", "rules: [uscc]", "v.code"),
        new("supervise_object", "string(200)", "varchar(200)", "required: true", "'示例第' || (g.n % 1000) || '食品有限责任公司'"),
        new("object_uscc", "string(18)", "varchar(18)", "required: true, rules: [uscc]", "u.code"),
        new("address", "string(400)", "varchar(400)", "", "'示例市示例区人民路' || (g.n % 3000) || '号'"),
        new("area_number", "string(6)", "varchar(6)", "", "'99' || lpad((g.n % 9999)::text, 4, '0')"),
        new("check_form", "string(2)", "varchar(2)", "codeSet: check-form", "(1 + g.n % 3)::text"),
        new("check_type", "string(2)", "varchar(2)", "codeSet: check-form", "(1 + g.n % 2)::text"),
        new("check_mode", "string(2)", "varchar(2)", "codeSet: check-form", "(1 + g.n % 3)::text"),
        new("check_result", "string(2)", "varchar(2)", "codeSet: check-form", "(1 + g.n % 3)::text"),
        new("check_date", "date", "date", "required: true", "date '2020-01-01' + (g.n % 2000)::int"),
        new("submitted_date", "date", "date", "", "date '2020-01-01' + (g.n % 2000 + 3)::int"),
        new("personnel", "string(50)", "varchar(50)", "", "'张' || (g.n % 500)"),
        new("fine", "decimal(12,2)", "numeric(12,2)", "rules: [ \"min 0\" ]", "((g.n * 37) % 1000000) / 100.0"),
        new("remark", "text", "text", "", "CASE WHEN g.n % 4 = 0 THEN '已当场告知整改要求，限期' || (g.n % 30) || '日内完成' END"),
        new("updated_at", "timestamp", "timestamptz", "required: true", "timestamptz '2026-01-01 00:00:00+00' + g.n * interval '1 second'"),
    ];

    public static string PostgreSql(string name) => $"CREATE TABLE {name} ({string.Join(", ", Columns.Select(column => $"{column.Name} {column.PostgreSql}{NotNull(column)}"))}, PRIMARY KEY (check_action_code))";

    public static string MySql(string name) =>
        $"CREATE TABLE {name} ({string.Join(", ", Columns.Select(column => $"{column.Name} {column.PostgreSql switch { "timestamptz" => "datetime(6)", "numeric(12,2)" => "decimal(12,2)", var type => type }}{NotNull(column)}"))}, PRIMARY KEY (check_action_code)) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

    public static string Sqlite(string name) => $"CREATE TABLE {name} ({string.Join(", ", Columns.Select(column => $"{column.Name} {(column.PostgreSql == "timestamptz" ? "timestamp" : column.PostgreSql)}{NotNull(column)}"))}, PRIMARY KEY (check_action_code)) WITHOUT ROWID";

    /// <summary>COPY of all rows as text that PostgreSQL, LOAD DATA and this program read alike: instants in UTC without a zone.</summary>
    public static string Copy(string name) => $"COPY (SELECT {string.Join(", ", Columns.Select(column => column.PostgreSql == "timestamptz" ? $"to_char({column.Name} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')" : column.Name))} FROM {name}) TO STDOUT";

    /// <summary>Rows 1 to <paramref name="rows"/>, by a fixed rule.</summary>
    public static async Task FillAsync(NpgsqlDataSource database, string name, int rows, CancellationToken cancel)
    {
        var codes = Enumerable.Range(0, 1_000).Select(at => CreditCodes.Make("91", "990000", $"MA9{at:00000}")).ToArray();
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var create = new NpgsqlCommand(PostgreSql(name), connection);
        await create.ExecuteNonQueryAsync(cancel);
        await using var fill = new NpgsqlCommand($"""
            WITH c AS MATERIALIZED (SELECT ordinality - 1 AS n, code FROM unnest($1::text[]) WITH ORDINALITY AS c (code, ordinality))
            INSERT INTO {name} SELECT {string.Join(", ", Columns.Select(column => column.Value))}
            FROM generate_series(1::bigint, $2) AS g (n) JOIN c AS u ON u.n = g.n % 1000 JOIN c AS v ON v.n = g.n % 97
            """, connection) { CommandTimeout = 0, Parameters = { new() { Value = codes }, new() { Value = (long)rows } } };
        await fill.ExecuteNonQueryAsync(cancel);
        foreach (var settle in new[] { $"VACUUM (ANALYZE) {name}", "CHECKPOINT" })
        {
            await using var settling = new NpgsqlCommand(settle, connection) { CommandTimeout = 0 };
            await settling.ExecuteNonQueryAsync(cancel);
        }
    }

    /// <summary>The resource with its code set, read through connection source.</summary>
    /// <param name="capture">capture, as in a manifest.</param>
    /// <param name="table">Its table.</param>
    /// <param name="name">Of the resource.</param>
    public static string Resource(string capture = "mode: snapshot", string table = Table, string name = "check-action") => $$"""
        ---
        kind: CodeSet
        metadata: { name: check-form }
        spec: { codes: { "1": 现场, "2": 书面, "3": 网络 } }
        ---
        kind: Resource
        metadata: { name: {{name}} }
        spec:
          provider: market
          key: [check_action_code]
          items:
        {{string.Join('\n', Columns.Select(column => $"    - {{ name: {column.Name}, type: \"{column.Item}\"{(column.Further.Length > 0 ? ", " + column.Further : "")} }}"))}}
          rules:
            - { name: date-order, expression: "submitted_date >= check_date" }
          source: { connection: source, table: {{table}}, capture: { {{capture}} } }

        """;

    static string NotNull(BenchmarkColumn column) => column.Further.StartsWith("required", StringComparison.Ordinal) ? " NOT NULL" : "";
}
