namespace Exchange.Bus.Limits;

/// <summary>
/// How many readings and deliveries one process has under way at once, so that its memory follows configuration and not the number of resources. Who works on its own takes a place first, and
/// only then the right to a source or a subscription: a node whose places are all taken keeps nothing from the others. A place is lent out while its holder waits for a turn at a connection, so
/// departments that wait for their own database hold up nobody else's. Without limit until <see cref="Open"/> is called. Safe for concurrent callers.
/// </summary>
internal sealed class NodePlaces : IDisposable
{
    SemaphoreSlim? _places;

    /// <summary>Whether there is one that nobody waits for.</summary>
    public bool AnyFree => _places is not { CurrentCount: 0 };

    /// <summary>To be called before any exchange begins.</summary>
    /// <param name="count">Places, at least 1.</param>
    public void Open(int count) => _places = new SemaphoreSlim(count);

    /// <summary>A place, in the order of asking; it is given back when disposed.</summary>
    public async Task<NodePlace> TakeAsync(CancellationToken cancel)
    {
        var waited = !AnyFree;
        if (_places is { } places) await places.WaitAsync(cancel);
        return new NodePlace(_places, waited);
    }

    public void Dispose() => _places?.Dispose();
}

/// <summary>A place that is held until disposed, unless it is lent out. Used by one flow of control.</summary>
internal sealed class NodePlace(SemaphoreSlim? places, bool waited) : IDisposable
{
    bool _held = true;

    /// <summary>It was not to be had at once: what was seen before may have been done by another meanwhile.</summary>
    public bool Waited => waited;

    /// <summary>Leaves it to others for a while.</summary>
    public void Lend()
    {
        if (_held) places?.Release();
        _held = false;
    }

    /// <summary>Has it again, waiting while others have all.</summary>
    public async Task RetakeAsync(CancellationToken cancel)
    {
        if (!_held && places is not null) await places.WaitAsync(cancel);
        _held = true;
    }

    public void Dispose() => Lend();
}
