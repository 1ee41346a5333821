using Exchange.Storage;

namespace Exchange.Bus.Messaging;

/// <summary>Makes a handler's rows exactly once out of messages that come at least once. Within a handler only.</summary>
internal interface IInbox
{
    /// <summary>
    /// Runs work in one write with the note that this handler has done this message, unless it had. The write also fails, undone as a whole, when this node has lost
    /// the message to another one meanwhile. The message itself ends later, with its last handler: for work that something follows.
    /// </summary>
    /// <param name="handler">The handler's name; never changed once released.</param>
    /// <param name="work">No effects outside the session and what it sends: it may run several times.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>False: it had been done before.</returns>
    Task<bool> OnceAsync(string handler, Func<StoreSession, Task> work, CancellationToken cancel);

    /// <summary>
    /// As <see cref="OnceAsync"/>, and the message ends in the same write, with what was sent before and within: one transaction a message, shared with other messages
    /// that end at the same time. The handler's last act: what is sent after it is refused, and a failure after it repeats nothing. Where a message has several
    /// handlers it is <see cref="OnceAsync"/>.
    /// </summary>
    /// <param name="handler">The handler's name; never changed once released.</param>
    /// <param name="work">Statements on the session, and what it sends: it may run several times, and other messages wait for it.</param>
    /// <param name="cancel">Stops before the write begins.</param>
    /// <returns>False: it had been done before.</returns>
    Task<bool> FinishAsync(string handler, Func<StoreSession, Task> work, CancellationToken cancel);
}
