namespace Exchange.Storage;

/// <summary>
/// Knows whether the current flow of control is inside a write. A write within a write would wait for itself (SQLite) or commit on its own (PostgreSQL);
/// it is refused at once instead.
/// </summary>
internal sealed class WriteScope
{
    readonly AsyncLocal<Mark?> _current = new();

    /// <summary>Disposed when the write ends.</summary>
    public IDisposable Enter()
    {
        if (_current.Value is { Open: true })
        {
            throw new InvalidOperationException("A store write was begun inside another one. Pass the outer write's session on instead.");
        }

        var mark = new Mark();
        _current.Value = mark;
        return mark;
    }

    sealed class Mark : IDisposable
    {
        public bool Open { get; private set; } = true;

        public void Dispose() => Open = false;
    }
}
