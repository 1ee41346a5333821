using Exchange.Bus.Catalogue;
using Exchange.Storage;

namespace Exchange.Bus.Limits;

/// <summary>
/// Who may use a front-end database now. A Connection with limits has so many turns, each a lease of the store, so they count over all nodes; a node that dies gives its turns back when
/// their leases run out. A turn is fair use, no fence: what must not happen twice is fenced by the source's and the subscription's own leases. Safe for concurrent callers.
/// </summary>
internal sealed class ConnectionTurns(ILeases leases, TimeProvider time)
{
    /// <summary>How long a dead node keeps a turn.</summary>
    static readonly TimeSpan Duration = TimeSpan.FromSeconds(8);

    /// <summary>Between two looks for a free turn.</summary>
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>A turn at the connection, waiting while others have them all.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="place">The caller's place on this node, which is lent out while it waits; null: it has none.</param>
    /// <param name="waiting">Told why it waits, once.</param>
    /// <param name="cancel">Stops waiting.</param>
    public async Task<ConnectionTurn> TakeAsync(Connection connection, NodePlace? place, Action<string>? waiting, CancellationToken cancel)
    {
        if (connection.Limits is not { } limits) return ConnectionTurn.Free;
        for (var told = false; ; told = true)
        {
            // First, so that no turn lies idle with one who waits for a place.
            if (place is not null) await place.RetakeAsync(cancel);
            for (var turn = 1; turn <= limits.Turns; turn++)
                if (await HeldLease.TryAcquireAsync(leases, $"connection:{connection.Name}:{turn}", Duration, time, cancel) is { } lease) return new ConnectionTurn(lease, Pace.Of(limits, time));
            if (!told) waiting?.Invoke($"waiting: connection {connection.Name} allows {limits.Turns} at once, and all are taken");
            place?.Lend();
            await Task.Delay(Pause, time, cancel);
        }
    }
}

/// <summary>A turn that is held until disposed.</summary>
internal sealed class ConnectionTurn(HeldLease? lease, Pace? pace) : IAsyncDisposable
{
    /// <summary>A turn that nobody counts, or that is another's already.</summary>
    public static ConnectionTurn Free { get; } = new(null, null);

    /// <summary>Counts what was just read or written; to be paid for before more is, and before the turn is given back.</summary>
    /// <param name="rows">Rows since the last call.</param>
    /// <param name="bytes">Their bytes.</param>
    public void Spend(long rows, long bytes) => pace?.Spend(rows, bytes);

    /// <summary>Waits as long as what was counted asks for.</summary>
    public Task PaidAsync(CancellationToken cancel) => pace?.PaidAsync(cancel) ?? Task.CompletedTask;

    /// <summary>Counts and waits at once.</summary>
    public Task PaceAsync(long rows, long bytes, CancellationToken cancel)
    {
        Spend(rows, bytes);
        return PaidAsync(cancel);
    }

    public ValueTask DisposeAsync() => lease?.DisposeAsync() ?? ValueTask.CompletedTask;
}
