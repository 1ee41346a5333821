using Exchange.Storage;

namespace Exchange.Bus.Messaging;

/// <summary>Sends within the caller's write: the message exists exactly when the rows do that it speaks of. Works whether or not the bus runs here.</summary>
internal interface IMessageSender
{
    /// <param name="session">A write.</param>
    /// <param name="message">Of a type that was registered with AddMessage.</param>
    /// <param name="cancel">Stops.</param>
    /// <param name="delay">Handled no earlier than this from now.</param>
    /// <param name="mergeKey">
    /// For messages that only wake: while one with this key waits and nobody has begun with it, another is needless and none is added. The waiting one is not
    /// handled before this write has ended, so its handler sees this write's rows.
    /// </param>
    Task SendAsync(StoreSession session, object message, CancellationToken cancel, TimeSpan delay = default, string? mergeKey = null);
}
