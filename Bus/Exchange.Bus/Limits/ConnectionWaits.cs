using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Exchange.Bus.Limits;

/// <summary>
/// What waits for a front-end database on this node. The log says it twice: once what is waited for, once that it goes on; attempts in between are told by nobody, however many pieces of work they
/// are made of. Safe for concurrent callers.
/// </summary>
internal sealed partial class ConnectionWaits(TimeProvider time, ILogger<ConnectionWaits> logger)
{
    /// <summary>Between two attempts, at the longest.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    readonly ConcurrentDictionary<string, (string Connection, long Since)> _waiting = new(StringComparer.Ordinal);

    /// <summary>Attempts have begun to fail, or go on failing.</summary>
    /// <param name="work">What waits, by the name that the log says.</param>
    /// <param name="connection">For which database.</param>
    /// <param name="why">What it said.</param>
    public void Begin(string work, string connection, string why)
    {
        if (_waiting.TryAdd(work, (connection, time.GetTimestamp()))) Waits(connection, why, work);
    }

    /// <summary>The database has answered. May be said as often as it does.</summary>
    public void End(string work)
    {
        if (_waiting.TryRemove(work, out var waited)) Answers(waited.Connection, time.GetElapsedTime(waited.Since), work);
    }

    /// <summary>Whether the log says of that work that it waits for a database.</summary>
    public bool Holds(string work) => _waiting.ContainsKey(work);

    /// <summary>The same of work whose attempts are counted elsewhere, because several nodes make them.</summary>
    public void Waits(string connection, string why, string work) => WaitingFor(connection, why, work, LongestPause);

    [LoggerMessage(1303, LogLevel.Warning, "Waiting for connection {Connection}: {Message} It is tried again for {Work}, every {Longest} at the latest.")]
    partial void WaitingFor(string connection, string message, string work, TimeSpan longest);

    [LoggerMessage(1304, LogLevel.Warning, "Connection {Connection} answers again after {Waited}; {Work} goes on")]
    public partial void Answers(string connection, TimeSpan waited, string work);
}
