using Exchange.Storage;

namespace Exchange.Bus.Messaging;

internal sealed partial class MessageQueue
{
    // The row of each message is found by its id, then fenced by its own owner and attempt. Ids are met in ascending order, as renewals take them. A message that its handler has
    // done before, in this group or earlier, fails the group, and is told when each ends alone: that is rare, and every other message would pay for the question.
    const string EndOnPostgreSql = """
        WITH gone AS (
            DELETE FROM bus_message WHERE id = ANY(@ids) AND lease_owner = (@owners)[array_position(@ids, id)] AND attempts = (@attempts)[array_position(@ids, id)]
            RETURNING id, (@handlers)[array_position(@ids, id)] AS handler, (@messages)[array_position(@ids, id)] AS message_id),
        noted AS (
            INSERT INTO bus_inbox (handler, message_id, done_at) SELECT handler, message_id, @now FROM gone WHERE handler IS NOT NULL ORDER BY handler, message_id)
        SELECT id FROM gone
        """;

    // Arrays are planned anew each time, since a plan for any array looks dearer than one for an array of one. One message's values are not, and planning is most of what its end costs.
    const string EndOneOnPostgreSql = """
        WITH gone AS (DELETE FROM bus_message WHERE id = @id AND lease_owner = @owner AND attempts = @attempts RETURNING id),
        noted AS (
            INSERT INTO bus_inbox (handler, message_id, done_at) SELECT CAST(@handler AS text), @message, @now FROM gone WHERE CAST(@handler AS text) IS NOT NULL
            ON CONFLICT DO NOTHING RETURNING 1)
        SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM noted)
        """;

    // Divides by zero, and so undoes the write, unless the message was held; meets the note's key where its handler had done it. Either decides before the commit that follows.
    const string EndFirstOnPostgreSql = """
        WITH gone AS (DELETE FROM bus_message WHERE id = @id AND lease_owner = @owner AND attempts = @attempts RETURNING id),
        noted AS (INSERT INTO bus_inbox (handler, message_id, done_at) SELECT @handler, @message, @now FROM gone)
        SELECT 1 / (SELECT count(*) FROM gone)
        """;

    /// <summary>
    /// What a claim or an end without rows says may be lost with the server, never with this process: the message comes once more, which is always allowed. Commits that
    /// wait for the disk follow in the log, so whatever was built on this one is not durable before it.
    /// </summary>
    static string Lazily(StoreSession session) => session.Engine == StoreEngine.PostgreSql ? "SET LOCAL synchronous_commit = off; " : "";

    /// <summary>Within a write: removes messages that are still held and notes which handlers do them, in one statement where statements travel.</summary>
    /// <returns>An outcome for each.</returns>
    public static Task<EndOutcome[]> EndAsync(StoreSession session, IReadOnlyList<Ending> group, long now, CancellationToken cancel) => session.Engine == StoreEngine.PostgreSql
        ? group.Count == 1 ? EndOneAsync(session, group[0], now, cancel) : EndTogetherAsync(session, group, now, cancel)
        : EndInTurnAsync(session, group, now, cancel);

    /// <summary>Within a write on PostgreSQL, whose rows have been written already: ends a message together with the commit. The commit fails unless the message is held and new to its handler.</summary>
    public static void EndWithCommit(StoreSession session, Ending ending, long now) => session.CommitWith(EndFirstOnPostgreSql,
        [.. Fence(ending.Claim), ("@handler", ending.Handler), ("@message", ending.Claim.MessageId), ("@now", now)]);

    static async Task<EndOutcome[]> EndOneAsync(StoreSession session, Ending ending, long now, CancellationToken cancel)
    {
        var lazily = ending.HasRows ? "" : Lazily(session);
        var (gone, noted) = (await session.QueryAsync(lazily + EndOneOnPostgreSql, row => (row.GetInt64(0) == 1, row.GetInt64(1) == 1), cancel,
            [.. Fence(ending.Claim), ("@handler", ending.Handler), ("@message", ending.Claim.MessageId), ("@now", now)])).Single();
        return [!gone ? EndOutcome.Lost : ending.Handler is null || noted ? EndOutcome.First : EndOutcome.Again];
    }

    static async Task<EndOutcome[]> EndTogetherAsync(StoreSession session, IReadOnlyList<Ending> group, long now, CancellationToken cancel)
    {
        var lazily = !group.Any(ending => ending.HasRows) ? Lazily(session) : "";
        var gone = (await session.QueryAsync(lazily + EndOnPostgreSql, row => row.GetInt64(0), cancel,
            ("@ids", group.Select(ending => ending.Claim.Id).ToArray()), ("@owners", group.Select(ending => ending.Claim.Owner).ToArray()),
            ("@attempts", group.Select(ending => ending.Claim.Attempts).ToArray()), ("@handlers", group.Select(ending => ending.Handler).ToArray()),
            ("@messages", group.Select(ending => ending.Claim.MessageId).ToArray()), ("@now", now))).ToHashSet();
        return [.. group.Select(ending => gone.Contains(ending.Claim.Id) ? EndOutcome.First : EndOutcome.Lost)];
    }

    static async Task<EndOutcome[]> EndInTurnAsync(StoreSession session, IReadOnlyList<Ending> group, long now, CancellationToken cancel)
    {
        var outcomes = new EndOutcome[group.Count];
        for (var at = 0; at < group.Count; at++)
        {
            var (claim, handler) = (group[at].Claim, group[at].Handler);
            outcomes[at] = !await RemoveAsync(session, claim, cancel) ? EndOutcome.Lost
                : handler is null || await NoteAsync(session, handler, claim.MessageId, now, cancel) ? EndOutcome.First : EndOutcome.Again;
        }

        return outcomes;
    }

    /// <summary>Within a write: changes messages that are still held, in one statement where statements travel. Rows are locked in one order on every node: taken crosswise, locks would deadlock.</summary>
    static async Task UpdateHeldAsync(StoreSession session, IReadOnlyCollection<ClaimedMessage> claims, string set, CancellationToken cancel, params (string, object?)[] parameters)
    {
        if (session.Engine == StoreEngine.PostgreSql)
        {
            await session.ExecuteAsync($"""
                WITH held AS MATERIALIZED (
                    SELECT id FROM bus_message WHERE id = ANY(@ids) AND lease_owner = (@owners)[array_position(@ids, id)] AND attempts = (@attempts)[array_position(@ids, id)] ORDER BY id FOR UPDATE)
                UPDATE bus_message SET {set} FROM held WHERE bus_message.id = held.id
                """, cancel, [("@ids", claims.Select(claim => claim.Id).ToArray()), ("@owners", claims.Select(claim => claim.Owner).ToArray()), ("@attempts", claims.Select(claim => claim.Attempts).ToArray()), .. parameters]);
            return;
        }

        foreach (var claim in claims) await session.ExecuteAsync($"UPDATE bus_message SET {set} WHERE {Held}", cancel, [.. Fence(claim), .. parameters]);
    }

    /// <summary>Within a write: notes that a handler does a message. False: it had been noted.</summary>
    public static async Task<bool> NoteAsync(StoreSession session, string handler, string message, long now, CancellationToken cancel) => await session.ExecuteAsync(
        "INSERT INTO bus_inbox (handler, message_id, done_at) VALUES (@handler, @message, @now) ON CONFLICT DO NOTHING", cancel,
        ("@handler", handler), ("@message", message), ("@now", now)) == 1;
}
