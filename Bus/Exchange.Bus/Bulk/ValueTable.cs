using System.Text.Encodings.Web;
using System.Text.Json;
using Exchange.Storage;

namespace Exchange.Bus.Bulk;

/// <summary>
/// Rows of values that one statement takes as a table: a parameter a column on PostgreSQL (unnest), one JSON parameter on SQLite (json_each). The statement's text and
/// the number of its parameters do not depend on the number of rows. Columns are text or bigint. Not safe for concurrent callers.
/// </summary>
/// <param name="name">The table's name in the statement; its parameters' prefix.</param>
/// <param name="columns">The columns' names; a name that ends in <c>#</c> is a bigint (the mark is not part of the name).</param>
internal sealed class ValueTable(string name, params string[] columns)
{
    /// <summary>Rows in one statement: more makes statements no cheaper, only memory and locks larger.</summary>
    public const int Chunk = 5000;

    static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly List<object?[]> _rows = [];

    public int Count => _rows.Count;

    /// <param name="values">A string, long or null for each column; texts without NUL (PostgreSQL has none).</param>
    public void Add(params object?[] values) => _rows.Add(values);

    public void Clear() => _rows.Clear();

    /// <summary>What stands after FROM.</summary>
    public string Sql(StoreEngine engine) => engine == StoreEngine.PostgreSql
        ? $"unnest({string.Join(", ", columns.Select((column, at) => $"@{name}{at}::{(IsNumber(column) ? "bigint" : "text")}[]"))}) AS {name} ({string.Join(", ", columns.Select(Plain))})"
        : $"(SELECT {string.Join(", ", columns.Select((column, at) => $"json_extract(value, '$[{at}]') AS {Plain(column)}"))} FROM json_each(@{name})) AS {name}";

    public (string Name, object? Value)[] Parameters(StoreEngine engine, params (string Name, object? Value)[] more) => engine == StoreEngine.PostgreSql
        ? [.. columns.Select((column, at) => ($"{name}{at}", (object?)Values(column, at))), .. more]
        : [(name, JsonSerializer.Serialize(_rows, Readable)), .. more];

    /// <summary>A table of one text column.</summary>
    public static ValueTable Of(string name, string column, IEnumerable<string> values)
    {
        var table = new ValueTable(name, column);
        foreach (var value in values) table.Add(value);
        return table;
    }

    Array Values(string column, int at) => IsNumber(column) ? _rows.Select(row => (long?)row[at]).ToArray() : _rows.Select(row => (string?)row[at]).ToArray();

    static bool IsNumber(string column) => column.EndsWith('#');

    static string Plain(string column) => column.TrimEnd('#');
}
