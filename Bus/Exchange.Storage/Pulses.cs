namespace Exchange.Storage;

/// <summary>Who waits in this process, by channel.</summary>
internal sealed class Pulses
{
    readonly Lock _lock = new();
    readonly List<(string Channel, SemaphoreSlim Pulse)> _waiters = [];

    public void Add(string channel, SemaphoreSlim pulse)
    {
        lock (_lock) _waiters.Add((channel, pulse));
    }

    public void Remove(string channel, SemaphoreSlim pulse)
    {
        lock (_lock) _waiters.Remove((channel, pulse));
    }

    /// <summary>A waiter that has not yet woken from the last pulse keeps that one.</summary>
    public void Raise(string channel)
    {
        lock (_lock)
        {
            foreach (var waiter in _waiters)
            {
                // Under the lock nobody else releases, so one is never exceeded.
                if (waiter.Channel == channel && waiter.Pulse.CurrentCount == 0) waiter.Pulse.Release();
            }
        }
    }
}
