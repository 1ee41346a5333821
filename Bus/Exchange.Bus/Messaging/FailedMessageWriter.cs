using System.Text.Json;
using Exchange.Storage;
using Rebus.Messages;

namespace Exchange.Bus.Messaging;

/// <summary>Moves a message from its queue to the error queue: in one write, so that it is always in one of them and never in both.</summary>
internal sealed class FailedMessageWriter(IStore store, TimeProvider time)
{
    const int LongestText = 32 * 1024;

    public Task MoveAsync(ClaimedMessage claim, Exception failed, CancellationToken cancel)
    {
        var cause = FailureCause.Of(failed);
        var now = time.GetUtcNow().ToUnixMicroseconds();
        return store.WriteAsync(async session =>
        {
            if (!await MessageQueue.RemoveAsync(session, claim, cancel)) return 0;
            return await session.ExecuteAsync("""
                INSERT INTO bus_failed_message (recipient, message_id, type, state, group_key, exception_type, place, message, stack, attempts, rounds,
                    first_failed_at, failed_at, headers, body)
                VALUES (@recipient, @id, @type, 'failed', @group, @exception, @place, @message, @stack, @attempts, @rounds, @first, @now, @headers, @body)
                ON CONFLICT (recipient, message_id) DO UPDATE SET state = 'failed', group_key = excluded.group_key, exception_type = excluded.exception_type,
                    place = excluded.place, message = excluded.message, stack = excluded.stack, attempts = excluded.attempts, rounds = excluded.rounds,
                    failed_at = excluded.failed_at, headers = excluded.headers, body = excluded.body
                """, cancel, ("@recipient", claim.Recipient), ("@id", claim.MessageId), ("@type", claim.Headers.GetValueOrDefault(Headers.Type) ?? ""), ("@group", cause.Key),
                ("@exception", cause.ExceptionType), ("@place", cause.Place), ("@message", Storable(cause.Message)), ("@stack", Storable(failed.ToString())),
                ("@attempts", claim.Attempts), ("@rounds", claim.Rounds + 1), ("@first", claim.FirstFailedAt ?? now), ("@now", now),
                ("@headers", JsonSerializer.Serialize(claim.Headers)), ("@body", claim.Body));
        }, cancel);
    }

    // PostgreSQL's text holds no NUL, and a message that can't be stored would never leave its queue.
    static string Storable(string text)
    {
        text = text.Replace('\0', '\uFFFD');
        return text.Length <= LongestText ? text : text[..LongestText] + " …";
    }
}
