using Exchange.Bus.Catalogue;

namespace Exchange.Bus.Limits;

/// <summary>
/// Keeps one flow of rows to a rate: what was spent is paid for by waiting before more is. A batch is spent at once and paid for after it, so the rate holds over any two batches together, not
/// within one. Idle time is not saved up beyond one second. Used by one flow of control at a time.
/// </summary>
internal sealed class Pace(double rowsPerSecond, double bytesPerSecond, TimeProvider time)
{
    static readonly TimeSpan Saved = TimeSpan.FromSeconds(1);

    readonly long _began = time.GetTimestamp();

    /// <summary>Until when the flow has spent, since it began.</summary>
    TimeSpan _spent;

    /// <summary>Each turn of a connection gets an equal share, so that all together keep the rate whichever nodes they are on; null: no rate is set.</summary>
    public static Pace? Of(ConnectionLimits limits, TimeProvider time) =>
        limits is { RowsPerSecond: null, BytesPerSecond: null } ? null : new Pace(Share(limits.RowsPerSecond, limits), Share(limits.BytesPerSecond, limits), time);

    /// <param name="rows">Rows that were read or written.</param>
    /// <param name="bytes">Their bytes.</param>
    public void Spend(long rows, long bytes)
    {
        var now = time.GetElapsedTime(_began);
        if (_spent < now - Saved) _spent = now - Saved;
        _spent += TimeSpan.FromSeconds(Math.Max(rows / rowsPerSecond, bytes / bytesPerSecond));
    }

    /// <summary>Waits until all that was spent is paid for.</summary>
    public Task PaidAsync(CancellationToken cancel)
    {
        var now = time.GetElapsedTime(_began);
        return _spent > now ? Task.Delay(_spent - now, time, cancel) : Task.CompletedTask;
    }

    static double Share(long? rate, ConnectionLimits limits) => rate is { } most ? (double)most / limits.Turns : double.PositiveInfinity;
}
