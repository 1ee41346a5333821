namespace Exchange.Bus.Exchanges;

/// <summary>Tells deliveries of one process that a log has grown, and in the end that it will not grow any more. Safe for concurrent callers.</summary>
internal sealed class GrowthSignal
{
    readonly Lock _gate = new();
    TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long _version;
    bool _ended;

    public void Grown() => Change(ends: false);

    public void End() => Change(ends: true);

    /// <summary>A listener of its own: answers true each time there may be more, once more after the end, then false.</summary>
    public Func<CancellationToken, ValueTask<bool>> Listen()
    {
        var seen = 0L;
        var last = false;
        return async cancel =>
        {
            while (true)
            {
                Task next;
                lock (_gate)
                {
                    if (_version > seen)
                    {
                        seen = _version;
                        last = _ended;
                        return true;
                    }

                    if (_ended || last) return false;
                    next = _next.Task;
                }

                await next.WaitAsync(cancel);
            }
        };
    }

    void Change(bool ends)
    {
        TaskCompletionSource wake;
        lock (_gate)
        {
            _version++;
            _ended |= ends;
            wake = _next;
            _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        wake.SetResult();
    }
}
