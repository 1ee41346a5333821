using Exchange.Storage;

namespace Exchange.Bus.Messaging;

/// <summary>Makes a handler's rows exactly once out of messages that come at least once.</summary>
internal interface IInbox
{
    /// <summary>
    /// Within a handler: runs work in one write with the note that this handler has done this message, unless it had. The write also fails, undone as a whole,
    /// when this node has lost the message to another one meanwhile.
    /// </summary>
    /// <param name="handler">The handler's name; never changed once released.</param>
    /// <param name="work">No effects outside the session: it may run several times.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>False: it had been done before.</returns>
    Task<bool> OnceAsync(string handler, Func<StoreSession, Task> work, CancellationToken cancel);
}
