using Exchange.Storage;
using Rebus.Messages;
using Rebus.Pipeline;

namespace Exchange.Bus.Messaging;

internal sealed class Inbox(IStore store, TimeProvider time) : IInbox
{
    public Task<bool> OnceAsync(string handler, Func<StoreSession, Task> work, CancellationToken cancel)
    {
        var context = MessageContext.Current ?? throw new InvalidOperationException("The inbox is used within a handler.");
        var claim = QueueTransport.ClaimOf(context.TransactionContext) ?? throw new InvalidOperationException("The message came from elsewhere than the queue.");
        return store.WriteAsync(async session =>
        {
            await MessageQueue.AssertHeldAsync(session, claim, cancel);
            var first = await session.ExecuteAsync("INSERT INTO bus_inbox (handler, message_id, done_at) VALUES (@handler, @message, @now) ON CONFLICT DO NOTHING", cancel,
                ("@handler", handler), ("@message", context.Headers[Headers.MessageId]), ("@now", time.GetUtcNow().ToUnixMicroseconds())) == 1;
            if (first) await work(session);
            return first;
        }, cancel);
    }

    /// <summary>Forgets what was done before a time, and messages that were retried before it and did not fail again.</summary>
    public Task<int> ForgetAsync(DateTimeOffset before, CancellationToken cancel) => store.WriteAsync(async session =>
        await session.ExecuteAsync("DELETE FROM bus_inbox WHERE done_at < @before", cancel, ("@before", before.ToUnixMicroseconds()))
        + await session.ExecuteAsync("DELETE FROM bus_failed_message WHERE state = 'retried' AND failed_at < @before", cancel, ("@before", before.ToUnixMicroseconds())), cancel);
}
