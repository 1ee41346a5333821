using Exchange.Storage;

namespace Exchange.Bus.Messaging;

/// <summary>Sends within the caller's write: the message exists exactly when the rows do that it speaks of. Works whether or not the bus runs here.</summary>
internal interface IMessageSender
{
    /// <param name="session">A write.</param>
    /// <param name="message">Of a type that was registered with AddMessage.</param>
    /// <param name="cancel">Stops.</param>
    /// <param name="delay">Handled no earlier than this from now.</param>
    Task SendAsync(StoreSession session, object message, CancellationToken cancel, TimeSpan delay = default);
}
