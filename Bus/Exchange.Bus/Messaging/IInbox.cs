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
    /// <param name="work">Statements on the session, and what it sends: it may run several times, also for a message that turns out to be lost or done before (then it is undone), and other messages wait for it.</param>
    /// <param name="cancel">Stops before the write begins.</param>
    /// <returns>False: it had been done before.</returns>
    /// <exception cref="InvalidOperationException">Called within a write.</exception>
    Task<bool> FinishAsync(string handler, Func<StoreSession, Task> work, CancellationToken cancel);

    /// <summary>
    /// As <see cref="FinishAsync"/>, where one statement can write what many messages ask for: what messages of this handler that end at the same time bring is given to one
    /// call. When it fails, it is called for each message alone, and that message fails by which it fails then.
    /// </summary>
    /// <typeparam name="TItem">One for a handler's name.</typeparam>
    /// <param name="handler">The handler's name; never changed once released.</param>
    /// <param name="item">What this message asks for.</param>
    /// <param name="work">Statements on the session for all items; depends on nothing but them, and sends through the session alone.</param>
    /// <param name="cancel">Stops before the write begins.</param>
    /// <returns>False: it had been done before.</returns>
    /// <exception cref="InvalidOperationException">Called within a write.</exception>
    Task<bool> FinishTogetherAsync<TItem>(string handler, TItem item, Func<StoreSession, IReadOnlyList<TItem>, Task> work, CancellationToken cancel);
}
