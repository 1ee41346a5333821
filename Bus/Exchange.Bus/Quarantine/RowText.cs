using System.Data.Common;
using System.Text.Encodings.Web;
using System.Text.Json;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quarantine;

/// <summary>
/// Refused values and messages as the store keeps them: JSON, so that whatever a provider sent (NUL characters, which PostgreSQL's text cannot hold, among it) comes
/// back as it was.
/// </summary>
internal static class RowText
{
    public const string RowColumns = "id, resource, subscription, key_text, row_values, batch, run, refused_at, closed_batch";
    public const string ErrorColumns = "row_id, rule, item, detail, depends_on";

    static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Values(QuarantinedRow row) => JsonSerializer.Serialize(row.Values.Select(value => new[] { value.Key, value.Value }), Readable);

    /// <summary>What of a broken rule may hold anything at all: value and message.</summary>
    public static string Detail(BrokenRule broken) => JsonSerializer.Serialize(new[] { broken.Value, broken.Message }, Readable);

    /// <summary>Reads <see cref="RowColumns"/>; broken rules follow.</summary>
    public static QuarantinedRow Row(DbDataReader row) => new()
    {
        Id = row.GetInt64(0),
        Resource = row.GetString(1),
        Subscription = row.GetString(2) is { Length: > 0 } subscription ? subscription : null,
        Key = row.IsDBNull(3) ? null : row.GetString(3),
        Values = [.. JsonSerializer.Deserialize<string?[][]>(row.GetString(4))!.Select(pair => KeyValuePair.Create(pair[0]!, pair[1]))],
        Broken = [],
        Batch = row.GetInt64(5),
        Run = row.GetInt64(6),
        RefusedAt = Temporal.Instant(row.GetInt64(7)),
        ClosedBatch = row.IsDBNull(8) ? null : row.GetInt64(8),
    };

    /// <summary>Reads <see cref="ErrorColumns"/> from a place on.</summary>
    public static (long RowId, BrokenRule Broken) Error(DbDataReader row, int at = 0)
    {
        var detail = JsonSerializer.Deserialize<string?[]>(row.GetString(at + 3))!;
        return (row.GetInt64(at), new BrokenRule(row.GetString(at + 1), row.IsDBNull(at + 2) ? null : row.GetString(at + 2), detail[0], detail[1]!, row.IsDBNull(at + 4) ? null : row.GetString(at + 4)));
    }
}
