namespace Exchange.Contracts.FrontEnd;

/// <summary>
/// Tells when change logs of one database have something to take up. Holds a connection of its own between waits. What it tells is a hint to look: it may come when another has taken the
/// entries up meanwhile, and after a lost connection the first wait tells every log, so nothing that was written in between is waited for. Not safe for concurrent use.
/// </summary>
public interface IChangeWatch : IAsyncDisposable
{
    /// <summary>Returns when logs hold entries, at the latest after the given time. The first call, and the first after a fault, connects and answers all logs.</summary>
    /// <returns>Which logs; none: the time passed. A log that cannot be read is among them: whoever reads its source finds out why.</returns>
    /// <exception cref="FrontEndException">The database does not answer. The next call connects anew; waiting before it is the caller's.</exception>
    Task<IReadOnlyList<CaptureTarget>> WaitAsync(TimeSpan most, CancellationToken cancel);
}
