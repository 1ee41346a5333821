using Exchange.Contracts.Rows;

namespace Exchange.Bus.Log;

/// <summary>
/// Rows of batches that this process has just appended, so that a delivery beside it need not fetch and decode the payload that was encoded a moment ago. Bounded by
/// <see cref="MostBytes"/>: the oldest go first, and what is gone is read from its payload. A batch is known by its payload's digest, so rows of an append that was undone, or
/// of another store, are never taken for it. Safe for concurrent callers; rows that are kept are never changed.
/// </summary>
internal sealed class RecentBatches
{
    /// <summary>Memory for rows that wait for deliveries. What a subscriber falls behind by more than this costs it decoding, nothing else.</summary>
    public const long MostBytes = 32L * 1024 * 1024;

    readonly Lock _gate = new();
    readonly LinkedList<(string Resource, long Number, string Digest, RowBatch Rows)> _kept = [];
    long _bytes;

    /// <summary>Keeps the rows of a batch whose append has committed. A batch of more than <see cref="MostBytes"/> is not kept.</summary>
    public void Keep(LogBatch batch, RowBatch rows)
    {
        var bytes = rows.MemoryBytes;
        if (bytes > MostBytes || rows.Count == 0) return;
        lock (_gate)
        {
            _kept.AddLast((batch.Resource, batch.Number, batch.PayloadDigest, rows));
            _bytes += bytes;
            while (_bytes > MostBytes)
            {
                _bytes -= _kept.First!.Value.Rows.MemoryBytes;
                _kept.RemoveFirst();
            }
        }
    }

    public RowBatch? Find(LogBatch batch)
    {
        lock (_gate)
        {
            foreach (var (resource, number, digest, rows) in _kept)
                if (number == batch.Number && digest == batch.PayloadDigest && resource == batch.Resource) return rows;
        }

        return null;
    }
}
