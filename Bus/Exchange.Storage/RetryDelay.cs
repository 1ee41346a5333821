namespace Exchange.Storage;

/// <summary>Waits between attempts: doubling, with a random part so that competitors do not meet again.</summary>
internal static class RetryDelay
{
    static readonly TimeSpan First = TimeSpan.FromMilliseconds(10);
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    public static TimeSpan Of(int attempt)
    {
        var full = TimeSpan.FromTicks(Math.Min(Longest.Ticks, First.Ticks << Math.Min(attempt, 20)));
        return full * (0.5 + Random.Shared.NextDouble() / 2);
    }

    /// <summary>In real time whatever clock the hub was given: what is waited for is another process or a server, not the calendar.</summary>
    public static Task WaitAsync(int attempt, CancellationToken cancel) => Task.Delay(Of(attempt), TimeProvider.System, cancel);
}
