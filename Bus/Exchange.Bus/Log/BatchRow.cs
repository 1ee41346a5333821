using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Log;

/// <summary>How a batch stands in its table, and the chain of digests.</summary>
internal static class BatchRow
{
    public const string Columns = "resource, number, kind, state, run, full_start, upserts, deletes, payload_bytes, payload_digest, digest, previous_digest, appended_at, staged, dropped";

    /// <summary>What stands before the first batch.</summary>
    public static readonly string NoDigest = new('0', SHA256.HashSizeInBytes * 2);

    public static string Text(BatchKind kind) => kind switch
    {
        BatchKind.Snapshot => "snapshot",
        BatchKind.Change => "change",
        BatchKind.Mark => "mark",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    public static string Text(BatchState state) => state switch
    {
        BatchState.Visible => "visible",
        BatchState.Pending => "pending",
        BatchState.Discarded => "discarded",
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };

    /// <summary>SHA-256, hexadecimal, over the digest before it, number, kind and payload digest, a line each.</summary>
    public static string Chain(string previous, long number, BatchKind kind, string payloadDigest) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{previous}\n{number}\n{Text(kind)}\n{payloadDigest}"))));

    /// <summary>Reads <see cref="Columns"/>.</summary>
    public static LogBatch Read(DbDataReader row) => new()
    {
        Resource = row.GetString(0),
        Number = row.GetInt64(1),
        Kind = Enum.Parse<BatchKind>(row.GetString(2), ignoreCase: true),
        State = Enum.Parse<BatchState>(row.GetString(3), ignoreCase: true),
        Run = row.GetInt64(4),
        FullStart = row.GetInt64(5),
        Upserts = row.GetInt64(6),
        Deletes = row.GetInt64(7),
        PayloadBytes = row.GetInt64(8),
        PayloadDigest = row.GetString(9),
        Digest = row.GetString(10),
        PreviousDigest = row.GetString(11),
        AppendedAt = Temporal.Instant(row.GetInt64(12)),
        Staged = row.GetInt64(13) != 0,
        Dropped = row.GetInt64(14) != 0,
    };
}
