using Exchange.Storage;
using Rebus.Pipeline;

namespace Exchange.Bus.Messaging;

internal sealed class Inbox(IStore store, MessageEndings endings, TimeProvider time) : IInbox
{
    public Task<bool> OnceAsync(string handler, Func<StoreSession, Task> work, CancellationToken cancel)
    {
        var (delivery, claim) = Current();
        var sent = delivery.Outgoing.Count;
        return store.WriteAsync(async session =>
        {
            delivery.Forget(after: sent);
            await MessageQueue.AssertHeldAsync(session, claim, cancel);
            var first = await MessageQueue.NoteAsync(session, handler, claim.MessageId, time.GetUtcNow().ToUnixMicroseconds(), cancel);
            if (first) await work(session);
            return first;
        }, cancel);
    }

    public Task<bool> FinishAsync(string handler, Func<StoreSession, Task> work, CancellationToken cancel)
    {
        var (delivery, claim) = Current();
        return delivery.Handlers > 1 ? OnceAsync(handler, work, cancel) : endings.EndAsync(new Ending(delivery, claim, delivery.Outgoing.Count, handler, work), cancel);
    }

    public Task<bool> FinishTogetherAsync<TItem>(string handler, TItem item, Func<StoreSession, IReadOnlyList<TItem>, Task> work, CancellationToken cancel)
    {
        var (delivery, claim) = Current();
        return delivery.Handlers > 1
            ? OnceAsync(handler, session => work(session, [item]), cancel)
            : endings.EndAsync(new Ending(delivery, claim, delivery.Outgoing.Count, handler, Shared: new SharedWork<TItem>(item, work)), cancel);
    }

    /// <summary>Forgets what was done before a time, and messages that were retried before it and did not fail again.</summary>
    public Task<int> ForgetAsync(DateTimeOffset before, CancellationToken cancel) => store.WriteAsync(async session =>
        await session.ExecuteAsync("DELETE FROM bus_inbox WHERE done_at < @before", cancel, ("@before", before.ToUnixMicroseconds()))
        + await session.ExecuteAsync("DELETE FROM bus_failed_message WHERE state = 'retried' AND failed_at < @before", cancel, ("@before", before.ToUnixMicroseconds())), cancel);

    static (Delivery Delivery, ClaimedMessage Claim) Current()
    {
        var context = MessageContext.Current ?? throw new InvalidOperationException("The inbox is used within a handler.");
        if (Delivery.Of(context.TransactionContext) is not { Claim: { } claim } delivery) throw new InvalidOperationException("The message came from elsewhere than the queue.");
        return delivery.Ended ? throw new InvalidOperationException("The message has ended: IInbox.FinishAsync is a handler's last act.") : (delivery, claim);
    }
}
