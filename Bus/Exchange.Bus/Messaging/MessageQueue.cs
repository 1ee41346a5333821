using System.Data.Common;
using System.Text.Json;
using Exchange.Contracts.Errors;
using Exchange.Storage;
using Rebus.Messages;

namespace Exchange.Bus.Messaging;

/// <summary>
/// The queue as rows of bus_message. A claim is a lease on a row, never an open transaction: what a dead node held comes back when its lease runs out. What ends a
/// claim (done, given back, failed) is fenced, so that a node which lost one changes nothing.
/// </summary>
internal sealed partial class MessageQueue(IStore store, IStoreSignals signals, TimeProvider time)
{
    const string Held = "id = @id AND lease_owner = @owner AND attempts = @attempts";
    readonly StoreClock _clock = new(time);

    /// <summary>The signal channel of a queue.</summary>
    public static string ChannelOf(string recipient) => "queue-" + recipient;

    /// <summary>Puts a message into its queue within the caller's write and wakes a listener when that commits.</summary>
    public async Task InsertAsync(StoreSession session, QueuedMessage message, CancellationToken cancel)
    {
        if (!session.Writes) throw new InvalidOperationException("A message is sent within a write.");
        // Also for a merged one: whoever looked meanwhile passed over the row that is locked here.
        await signals.RaiseAsync(session, ChannelOf(message.Recipient), cancel);
        if (message.MergeKey is not null && await WaitsAsync(session, message, cancel)) return;

        var headers = new Dictionary<string, string>(message.Headers);
        // Attempts are this queue's own business; Rebus would drop the message after an error copy if it met this header.
        headers.Remove(Headers.DeliveryCount);
        await session.ExecuteAsync($"""
            INSERT INTO bus_message (recipient, priority, visible_at, lease_until, attempts, rounds, first_failed_at, merge_key, headers, body)
            VALUES (@recipient, 0, {StoreClock.Now(session)} + @delay, 0, 0, @rounds, CAST(@first AS bigint), CAST(@merge AS text), @headers, @body)
            """, cancel, ("@recipient", message.Recipient), ("@delay", Microseconds(message.Delay)), ("@rounds", message.Rounds), ("@first", message.FirstFailedAt),
            ("@merge", message.MergeKey),
            ("@headers", JsonSerializer.Serialize(headers)), ("@body", message.Body), _clock.Parameter(session));
    }

    /// <summary>
    /// Claims visible messages for a node in one statement; nobody else gets them until the lease ends. Ahead come only messages that were never delivered: what a message that kills its
    /// process has for neighbours would else count attempts without being handled.
    /// </summary>
    /// <param name="recipient">The queue.</param>
    /// <param name="owner">The node.</param>
    /// <param name="waiting">Handlers that wait.</param>
    /// <param name="lease">How long.</param>
    /// <param name="cancel">Stops.</param>
    /// <param name="ahead">Further ones.</param>
    public async Task<IReadOnlyList<ClaimedMessage>> ClaimAsync(string recipient, string owner, int waiting, TimeSpan lease, CancellationToken cancel, int ahead = 0)
    {
        // SQLite: reading waits for nobody and writes nothing; the one writer's lock is taken only when there is something to claim.
        if (store.Engine == StoreEngine.Sqlite && !await store.ReadAsync(session => AnyAsync(session, recipient, cancel), cancel)) return [];

        var rows = await store.WriteAsync(session => session.QueryAsync($"""
            {Lazily(session)}{InOrder(session)}WITH chosen AS MATERIALIZED (
                SELECT id, visible_at, attempts FROM bus_message WHERE recipient = @recipient AND visible_at <= {StoreClock.Now(session)} AND lease_until <= {StoreClock.Now(session)}
                ORDER BY visible_at, id LIMIT @most {(session.Engine == StoreEngine.PostgreSql ? "FOR UPDATE SKIP LOCKED" : "")})
            UPDATE bus_message SET lease_until = {StoreClock.Now(session)} + @lease, lease_owner = @owner, attempts = attempts + 1
            WHERE id IN (SELECT id FROM (SELECT id, attempts, row_number() OVER (ORDER BY visible_at, id) AS place FROM chosen) AS placed WHERE place <= @waiting OR attempts = 0)
            RETURNING id, attempts, rounds, first_failed_at, headers, body, visible_at
            """, row => (Message: Map(row, recipient, owner), VisibleAt: row.GetInt64(6)), cancel,
            ("@recipient", recipient), ("@waiting", waiting), ("@most", waiting + ahead), ("@lease", Microseconds(lease)), ("@owner", owner), _clock.Parameter(session)), cancel);
        // RETURNING promises no order.
        return [.. rows.OrderBy(row => row.VisibleAt).ThenBy(row => row.Message.Id).Select(row => row.Message)];
    }

    /// <summary>
    /// Reads the queue along its index. A server that has no statistics of it yet, or those of a moment when it was short, would find a few rows' sort the cheaper plan, and then sort all
    /// messages that wait for each claim. What is off counts as dear beyond all measure, which must not make the server compile the plan.
    /// </summary>
    static string InOrder(StoreSession session) => session.Engine == StoreEngine.PostgreSql ? "SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL jit = off; " : "";

    /// <summary>
    /// How long until the next message can be claimed, those that are held aside; null: there is none. One that became due since the last claim is among them: asking for what is due later
    /// alone would leave it to the next look.
    /// </summary>
    public async Task<TimeSpan?> NextDueAsync(string recipient, CancellationToken cancel)
    {
        var left = await store.ReadAsync(session => session.ScalarAsync<long?>(
            $"SELECT min(visible_at) - {StoreClock.Now(session)} FROM bus_message WHERE recipient = @recipient AND (visible_at > {StoreClock.Now(session)} OR lease_until <= {StoreClock.Now(session)})",
            cancel, ("@recipient", recipient), _clock.Parameter(session)), cancel);
        return left is { } microseconds ? TimeSpan.FromMicroseconds(Math.Max(microseconds, 0)) : null;
    }

    /// <summary>Prolongs leases that are still held.</summary>
    public Task RenewAsync(IReadOnlyCollection<ClaimedMessage> claims, TimeSpan lease, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        await UpdateHeldAsync(session, claims, $"lease_until = {StoreClock.Now(session)} + @lease", cancel, ("@lease", Microseconds(lease)), _clock.Parameter(session));
        return 0;
    }, cancel);

    /// <summary>Gives messages of one queue back that no handler has begun: they keep their places in it, and no attempt is counted.</summary>
    public Task GiveBackAsync(string recipient, IReadOnlyCollection<ClaimedMessage> claims, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        await UpdateHeldAsync(session, claims, "lease_until = 0, lease_owner = NULL, attempts = attempts - 1", cancel);
        await signals.RaiseAsync(session, ChannelOf(recipient), cancel);
        return 0;
    }, cancel);

    /// <summary>Puts messages into their queues in a write of their own.</summary>
    public Task SendAsync(IReadOnlyList<QueuedMessage> messages, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        foreach (var message in messages) await InsertAsync(session, message, cancel);
        return 0;
    }, cancel);

    /// <summary>Makes the message visible again after a delay; counted: the attempt stays counted.</summary>
    public Task ReturnAsync(ClaimedMessage claim, TimeSpan delay, bool counted, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        await session.ExecuteAsync($"""
            UPDATE bus_message SET lease_until = 0, lease_owner = NULL, visible_at = {StoreClock.Now(session)} + @delay, attempts = attempts - @back,
                first_failed_at = CASE WHEN @counted = 1 THEN coalesce(first_failed_at, {StoreClock.Now(session)}) ELSE first_failed_at END
            WHERE {Held}
            """, cancel, [.. Fence(claim), ("@delay", Microseconds(delay)), ("@back", counted ? 0 : 1), ("@counted", counted), _clock.Parameter(session)]);
        await signals.RaiseAsync(session, ChannelOf(claim.Recipient), cancel);
        return 0;
    }, cancel);

    /// <summary>Takes the message out of its queue within the caller's write. False: the claim was lost.</summary>
    public static async Task<bool> RemoveAsync(StoreSession session, ClaimedMessage claim, CancellationToken cancel) =>
        await session.ExecuteAsync($"DELETE FROM bus_message WHERE {Held}", cancel, Fence(claim)) == 1;

    /// <summary>Within a write: throws hub.lease.lost unless the claim is still held, and keeps others off until the write ends.</summary>
    public static async Task AssertHeldAsync(StoreSession session, ClaimedMessage claim, CancellationToken cancel)
    {
        var locking = session.Engine == StoreEngine.PostgreSql ? " FOR UPDATE" : "";
        if (await session.ScalarAsync<long?>($"SELECT id FROM bus_message WHERE {Held}{locking}", cancel, Fence(claim)) is null) throw Lost(claim);
    }

    /// <summary>Whether a message with the same key waits untouched. Locks it until the write ends: it can't be claimed before its handler would see this write.</summary>
    async Task<bool> WaitsAsync(StoreSession session, QueuedMessage message, CancellationToken cancel) => await session.ScalarAsync<long?>($"""
        SELECT id FROM bus_message
        WHERE recipient = @recipient AND merge_key = @merge AND lease_owner IS NULL AND attempts = 0 AND visible_at <= {StoreClock.Now(session)} + @delay
        ORDER BY id LIMIT 1 {(session.Engine == StoreEngine.PostgreSql ? "FOR UPDATE" : "")}
        """, cancel, ("@recipient", message.Recipient), ("@merge", message.MergeKey), ("@delay", Microseconds(message.Delay)), _clock.Parameter(session)) is not null;

    async Task<bool> AnyAsync(StoreSession session, string recipient, CancellationToken cancel) => await session.ScalarAsync<long?>(
        "SELECT id FROM bus_message WHERE recipient = @recipient AND visible_at <= @now AND lease_until <= @now LIMIT 1", cancel,
        ("@recipient", recipient), _clock.Parameter(session)) is not null;

    static ClaimedMessage Map(DbDataReader row, string recipient, string owner) => new(row.GetInt64(0), recipient, owner, row.GetInt32(1), row.GetInt32(2),
        row.IsDBNull(3) ? null : row.GetInt64(3), JsonSerializer.Deserialize<Dictionary<string, string>>(row.GetString(4))!, (byte[])row.GetValue(5));

    static (string, object?)[] Fence(ClaimedMessage claim) => [("@id", claim.Id), ("@owner", claim.Owner), ("@attempts", claim.Attempts)];

    public static ExchangeException Lost(ClaimedMessage claim) => new(ErrorCodes.LeaseLost, Party.Hub,
        $"Message {claim.Id} took longer than its lease and went to another node.", "Nothing was written here; the other node handles it.");

    static long Microseconds(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;
}
