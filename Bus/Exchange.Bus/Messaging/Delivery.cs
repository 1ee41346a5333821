using Rebus.Transport;

namespace Exchange.Bus.Messaging;

/// <summary>What ends together: the message being handled, if any, and those sent meanwhile. Safe for concurrent senders.</summary>
internal sealed class Delivery(ITransactionContext context, ClaimedMessage? claim)
{
    const string Key = "exchange-delivery";

    readonly Lock _lock = new();
    readonly List<QueuedMessage> _outgoing = [];
    Action? _left;

    public ITransactionContext Context => context;

    public ClaimedMessage? Claim => claim;

    /// <summary>Handlers that this message has on this node.</summary>
    public int Handlers { get; set; }

    /// <summary>The message has been removed and what was sent has been sent: nothing can follow.</summary>
    public bool Ended { get; set; }

    /// <summary>Called once, when the handler has nothing left to do.</summary>
    public void WhenLeft(Action left) => _left = left;

    /// <summary>The handler waits for the end of its message at most: another message can be handled.</summary>
    public void Leave() => Interlocked.Exchange(ref _left, null)?.Invoke();

    /// <summary>What was sent so far, in order.</summary>
    public IReadOnlyList<QueuedMessage> Outgoing
    {
        get
        {
            lock (_lock) return [.. _outgoing];
        }
    }

    /// <summary>The delivery of a transaction context; null: it received nothing and has sent nothing.</summary>
    public static Delivery? Of(ITransactionContext context) => context.Items.TryGetValue(Key, out var delivery) ? (Delivery)delivery : null;

    /// <summary>The delivery of a transaction context, made by the first who asks.</summary>
    public static Delivery Of(ITransactionContext context, ClaimedMessage? claim, Action<Delivery> made) => (Delivery)context.Items.GetOrAdd(Key, _ =>
    {
        var delivery = new Delivery(context, claim);
        made(delivery);
        return delivery;
    });

    /// <exception cref="InvalidOperationException">The message has ended.</exception>
    public void Send(QueuedMessage message)
    {
        if (Ended) throw new InvalidOperationException("A message was sent after the handled one had ended. Send before or within IInbox.FinishAsync.");
        lock (_lock) _outgoing.Add(message);
    }

    /// <summary>Forgets what was sent after the first so many: work that is run again sends again.</summary>
    public void Forget(int after)
    {
        lock (_lock) _outgoing.RemoveRange(after, _outgoing.Count - after);
    }
}
