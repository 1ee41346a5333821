namespace Exchange.Storage;

/// <summary>
/// The time by which nodes agree on who holds what: the server's with PostgreSQL, as machines' clocks differ; this process's with SQLite, where all share one machine.
/// </summary>
public sealed class StoreClock(TimeProvider time)
{
    /// <summary>An SQL expression: now, in microseconds since 1970 UTC. Needs <see cref="Parameter"/> among the command's parameters.</summary>
    /// <remarks>When the statement came to the server: unlike clock_timestamp() one value within it, so that an index finds what is due.</remarks>
    public static string Now(StoreSession session) => session.Engine == StoreEngine.PostgreSql ? "(extract(epoch FROM statement_timestamp()) * 1000000)::bigint" : "@now";

    public (string Name, object? Value) Parameter(StoreSession session) => ("@now", session.Engine == StoreEngine.Sqlite ? time.GetUtcNow().ToUnixMicroseconds() : null);

    /// <summary>What that clock says now, in UTC.</summary>
    public async Task<DateTimeOffset> ReadAsync(IStore store, CancellationToken cancel) => StoreTime.FromUnixMicroseconds(
        await store.ReadAsync(session => session.ScalarAsync<long>($"SELECT {Now(session)}", cancel, Parameter(session)), cancel));
}
