namespace Exchange.Storage;

/// <summary>
/// Knows whether the current flow of control is inside a write. A write within a write would wait for itself (SQLite) or commit on its own (PostgreSQL);
/// it is refused at once instead.
/// </summary>
internal sealed class WriteScope
{
    readonly AsyncLocal<Mark?> _current = new();

    public bool Inside => _current.Value is { Open: true };

    /// <summary>Disposed when the write ends.</summary>
    public IDisposable Enter()
    {
        if (Inside)
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
