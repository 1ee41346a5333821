using System.Data.Common;
using System.Globalization;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Writing;

/// <summary>The table exchange_applied, beside the target's table: which batches of which subscription stand in this database.</summary>
internal sealed class AppliedLedger(TargetEngine engine, TableName beside)
{
    static readonly ItemType Number = new(ItemKind.Int64);

    readonly string _table = engine.Dialect.Quote(Name(beside));

    static TableName Name(TableName beside) => beside with { Name = "exchange_applied" };

    /// <summary>The ledger described as a target, so that it is made and compared as every other table.</summary>
    public static TargetTable Shape(TableName beside) => new()
    {
        Subscription = "",
        Table = Name(beside),
        Key = ["subscription", "batch"],
        Title = "Batches that the exchange hub has applied",
        Columns =
        [
            new("subscription", ItemType.String(200), true, "Subscription"),
            new("batch", Number, true, "Number in the resource's log"),
            new("kind", ItemType.String(16), true, "snapshot, change, mark or reset"),
            new("rows_upserted", Number, true, "Rows written"),
            new("rows_deleted", Number, true, "Rows deleted or marked as deleted"),
            new("digest", ItemType.String(200), true, "The batch's digest in the log"),
            new("applied_at", new ItemType(ItemKind.Timestamp), true, "When it was applied (UTC)"),
        ],
    };

    public async Task<LedgerEntry?> LastAsync(DbConnection connection, string subscription, CancellationToken cancel)
    {
        await using var command = connection.Command(
            $"SELECT {Names("batch", "kind", "rows_upserted", "rows_deleted", "digest", "applied_at")} FROM {_table} WHERE {Names("subscription")} = @subscription ORDER BY {Names("batch")} DESC {engine.Dialect.Limit(1)}",
            ("@subscription", subscription));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel)) return null;
        return new LedgerEntry(reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetString(4),
            Instant(reader));
    }

    public async Task WriteAsync(DbConnection connection, string subscription, LedgerEntry entry, CancellationToken cancel)
    {
        await using var command = connection.Command(
            $"INSERT INTO {_table} ({Names("subscription", "batch", "kind", "rows_upserted", "rows_deleted", "digest", "applied_at")}) VALUES (@subscription, @batch, @kind, @upserted, @deleted, @digest, @at)",
            ("@subscription", subscription), ("@batch", entry.Batch), ("@kind", entry.Kind), ("@upserted", entry.Upserted), ("@deleted", entry.Deleted),
            ("@digest", entry.Digest), ("@at", engine.Instant(Temporal.Microseconds(entry.AppliedAt), zone: null)));
        await command.ExecuteNonQueryAsync(cancel);
    }

    public async Task ResetAsync(DbConnection connection, string subscription, CancellationToken cancel)
    {
        await using var command = connection.Command($"DELETE FROM {_table} WHERE {Names("subscription")} = @subscription", ("@subscription", subscription));
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Always UTC; SQLite keeps text.</summary>
    static DateTimeOffset Instant(DbDataReader reader) => reader.GetFieldType(5) == typeof(string)
        ? DateTimeOffset.Parse(reader.GetString(5), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal)
        : new DateTimeOffset(DateTime.SpecifyKind(reader.GetDateTime(5), DateTimeKind.Utc));

    string Names(params ReadOnlySpan<string> columns)
    {
        var quoted = new List<string>(columns.Length);
        foreach (var column in columns) quoted.Add(engine.Dialect.Quote(column));
        return string.Join(", ", quoted);
    }
}
