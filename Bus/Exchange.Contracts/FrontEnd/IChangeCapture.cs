using Exchange.Contracts.Rows;

namespace Exchange.Contracts.FrontEnd;

/// <summary>What a change log belongs to. Two resources on one table have a change log each: <see cref="Owner"/> makes the names differ.</summary>
/// <param name="Table">The source table.</param>
/// <param name="KeyColumns">The key's column names, in key order.</param>
/// <param name="Owner">Null for the table's first resource (names as in interfaces.md: exchange_changelog_TABLE), else the resource's name.</param>
public sealed record CaptureTarget(TableName Table, IReadOnlyList<string> KeyColumns, string? Owner);

/// <summary>Whether the hub's triggers stand as they should.</summary>
/// <param name="State">none, installed, or damaged (some objects missing or not as the hub makes them: changes may have been missed).</param>
/// <param name="Detail">Which objects stand, which are missing.</param>
/// <param name="Waiting">Changes not yet taken up; null when there is no change log.</param>
public sealed record CaptureStatus(CaptureState State, string Detail, long? Waiting)
{
    /// <summary>What stands for a `wal` source; null for triggers.</summary>
    public WalLook? Wal { get; init; }
}

public enum CaptureState { None, Installed, Damaged }

/// <summary>Changes read from a change log, oldest first.</summary>
/// <param name="Ids">The entries' ids, to be acknowledged after the append is durable.</param>
/// <param name="Keys">The key of each entry (key columns in natural types, in key order; same length as Ids). Old and new key of an update are two entries. Entries with a NULL in the key
/// are not among the keys, but their ids are.</param>
/// <param name="Truncated">Whether the table was emptied by TRUNCATE since: only a full can say what is left.</param>
public sealed record ChangePage(IReadOnlyList<long> Ids, RowBatch Keys, bool Truncated);

/// <summary>
/// Triggers and change log that the hub puts into a provider's database for a `changelog` source. The log is a queue: entries are removed by
/// their ids, never passed by a high-water mark, so a transaction that commits late is not missed. Names past the engine's limit are cut and hashed.
/// </summary>
public interface IChangeCapture
{
    Task<CaptureStatus> StatusAsync(CaptureTarget target, CancellationToken cancel);

    /// <summary>Installs what is missing and replaces what differs; changes nothing when all stands. On engines with transactional DDL in one transaction.
    /// Entries already waiting are kept.</summary>
    Task InstallAsync(CaptureTarget target, CancellationToken cancel);

    /// <summary>Removes triggers, functions and change log; nothing of the hub's is left. Does nothing when there is none.</summary>
    Task RemoveAsync(CaptureTarget target, CancellationToken cancel);

    /// <summary>At most <paramref name="rows"/> entries, oldest id first; leaves them there.</summary>
    Task<ChangePage> ReadAsync(CaptureTarget target, int rows, CancellationToken cancel);

    /// <summary>Removes entries by id. Ids already gone are passed over.</summary>
    Task AcknowledgeAsync(CaptureTarget target, IReadOnlyList<long> ids, CancellationToken cancel);
}
