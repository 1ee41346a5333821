namespace Exchange.Storage;

/// <summary>
/// Wakes those who wait for something to appear in the store, on every node. A signal says only "look": it may come without cause and, when a connection breaks,
/// may be lost; so listeners look by themselves now and then. Safe for concurrent callers.
/// </summary>
public interface IStoreSignals
{
    /// <summary>Within a write: when it commits, the channel's listeners wake; when it is undone, nobody does. Any number of raises in one write wakes once.</summary>
    /// <param name="session">The write.</param>
    /// <param name="channel">Letters, digits and hyphens, at most 40 characters.</param>
    /// <param name="cancel">Stops.</param>
    Task RaiseAsync(StoreSession session, string channel, CancellationToken cancel);

    /// <summary>Takes effect at the first wait.</summary>
    IStoreListener Listen(string channel);
}

/// <summary>One waiter. Not safe for concurrent use.</summary>
public interface IStoreListener : IAsyncDisposable
{
    /// <summary>
    /// Returns when the channel was raised since the last call returned, at latest after the given time, and at once at the first call: what was raised before it
    /// is not seen, so look, then wait, then look again.
    /// </summary>
    /// <returns>False: the time passed and nothing was raised.</returns>
    Task<bool> WaitAsync(TimeSpan most, CancellationToken cancel);
}
