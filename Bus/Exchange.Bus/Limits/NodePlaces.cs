namespace Exchange.Bus.Limits;

/// <summary>
/// How many readings and deliveries one process has under way at once, so that its memory follows configuration and not the number of resources. A place is taken last, after the turn at the
/// connection, and whoever has one waits for no other: a place always comes free, and departments that wait for their own database hold up nobody else's. Without limit until
/// <see cref="Open"/> is called. Safe for concurrent callers.
/// </summary>
internal sealed class NodePlaces : IDisposable
{
    SemaphoreSlim? _places;

    /// <summary>To be called before any exchange begins.</summary>
    /// <param name="count">Places, at least 1.</param>
    public void Open(int count) => _places = new SemaphoreSlim(count);

    /// <summary>A place, in the order of asking; it is given back when disposed.</summary>
    /// <param name="waiting">Told why it waits, once.</param>
    /// <param name="cancel">Stops waiting.</param>
    public async Task<IDisposable?> TakeAsync(Action<string>? waiting, CancellationToken cancel)
    {
        if (_places is not { } places) return null;
        if (!places.Wait(0, cancel))
        {
            waiting?.Invoke("waiting: this node has as many exchanges under way as it may");
            await places.WaitAsync(cancel);
        }

        return new Place(places);
    }

    public void Dispose() => _places?.Dispose();

    sealed class Place(SemaphoreSlim places) : IDisposable
    {
        public void Dispose() => places.Release();
    }
}
