using System.Diagnostics.CodeAnalysis;
using Exchange.Contracts.Errors;
using Exchange.Storage;
using Microsoft.Extensions.Logging;
using Rebus.Transport;

namespace Exchange.Bus.Messaging;

/// <summary>
/// Ends messages, many in one write: whatever handlers finish while the last group is being written is the next group, so under load a commit is shared and an idle
/// bus waits for nobody. In a group each message is fenced by itself. When any work of a group fails, all of it is undone and each message ends in a write of its own.
/// Safe for concurrent callers; after a crash a message has ended with its rows or not at all.
/// </summary>
internal sealed partial class MessageEndings(IStore store, MessageQueue queue, MessagingOptions options, TimeProvider time, ILoggerFactory loggers)
{
    // On PostgreSQL one group's statements run while another one's commit waits for the disk; SQLite has one writer.
    readonly int _mostWriters = store.Engine == StoreEngine.PostgreSql ? 2 : 1;
    readonly ILogger _logger = loggers.CreateLogger<MessageEndings>();
    readonly Lock _lock = new();
    readonly Queue<Waiting> _waiting = new();
    int _writers;

    /// <summary>
    /// Removes a message, runs work if this handler has not done it before, and sends what the delivery sent: one write. Not cancelled once begun.
    /// </summary>
    /// <returns>False: the work had been done before.</returns>
    /// <exception cref="ExchangeException">hub.lease.lost: another node has the message; nothing was written.</exception>
    public async Task<bool> EndAsync(Ending ending, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (store.Writing) throw new InvalidOperationException("A message was ended inside a write, which would wait for itself. IInbox.FinishAsync is a handler's last act, outside of any write.");
        var outcome = options.MessagesPerWrite == 1 ? await WriteOneAsync(ending) : await JoinAsync(ending);
        if (outcome == EndOutcome.Lost) throw MessageQueue.Lost(ending.Claim);
        ending.Delivery.Ended = true;
        return outcome == EndOutcome.First;
    }

    Task<EndOutcome> JoinAsync(Ending ending)
    {
        var waiting = new Waiting(ending);
        ending.Delivery.Leave();
        lock (_lock)
        {
            _waiting.Enqueue(waiting);
            if (_writers == _mostWriters) return waiting.Done.Task;
            _writers++;
        }

        // Nothing of this delivery's flow may reach the others' work.
        using (ExecutionContext.SuppressFlow()) _ = Task.Run(WriteGroupsAsync, CancellationToken.None);
        return waiting.Done.Task;
    }

    async Task WriteGroupsAsync()
    {
        while (true)
        {
            var group = new List<Waiting>();
            lock (_lock)
            {
                while (group.Count < options.MessagesPerWrite && _waiting.TryDequeue(out var next)) group.Add(next);
                if (group.Count == 0)
                {
                    _writers--;
                    return;
                }
            }

            if (await ToldAsync(group, last: group.Count == 1)) continue;
            foreach (var alone in group) await ToldAsync([alone], last: true);
        }
    }

    /// <summary>Writes a group. False: it failed, and nobody has been told yet.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Every failure is told to the handlers that wait.")]
    async Task<bool> ToldAsync(List<Waiting> group, bool last)
    {
        try
        {
            EndOutcome[] outcomes = group.Count == 1 ? [await WriteOneAsync(group[0].Ending)] : await WriteAsync([.. group.Select(waiting => waiting.Ending)]);
            for (var at = 0; at < group.Count; at++) group[at].Done.SetResult(outcomes[at]);
            return true;
        }
        catch (Exception failed)
        {
            if (last) group.ForEach(waiting => waiting.Done.SetException(failed));
            return last;
        }
    }

    /// <summary>
    /// A message that comes for the first time is nearly always held and new to its handler, so its rows are written first and its end goes along with the commit. Whatever fails then, the
    /// message lost or done before among it, is undone, and the message ends in the order that tells which it was.
    /// </summary>
    [SuppressMessage("Design", "CA1031", Justification = "What fails is done again in the other order, and fails there.")]
    async Task<EndOutcome> WriteOneAsync(Ending ending)
    {
        if (store.Engine == StoreEngine.PostgreSql && ending.HasRows && ending.Claim.Attempts == 1)
        {
            try
            {
                return await store.WriteAsync(async session =>
                {
                    await FollowAsync(session, ending, EndOutcome.First);
                    if (ending.Shared is { } shared) await shared.RunAsync(session, [shared]);
                    MessageQueue.EndWithCommit(session, ending, time.GetUtcNow().ToUnixMicroseconds());
                    return EndOutcome.First;
                }, CancellationToken.None);
            }
            // Not where the store is away, or the commit may have been done.
            catch (Exception failed) when (failed is not ExchangeException { Code: ErrorCodes.StoreUnreachable })
            {
                LogOtherOrder(failed, ending.Claim.Id);
            }
        }

        return (await WriteAsync([ending]))[0];
    }

    Task<EndOutcome[]> WriteAsync(IReadOnlyList<Ending> group) => store.WriteAsync(async session =>
    {
        var outcomes = await MessageQueue.EndAsync(session, group, time.GetUtcNow().ToUnixMicroseconds(), CancellationToken.None);
        for (var at = 0; at < group.Count; at++)
        {
            if (outcomes[at] != EndOutcome.Lost) await FollowAsync(session, group[at], outcomes[at]);
        }

        var shared = group.Where((ending, at) => ending.Shared is not null && outcomes[at] == EndOutcome.First).GroupBy(ending => ending.Handler, ending => ending.Shared!);
        foreach (var handler in shared) await handler.First().RunAsync(session, [.. handler]);
        return outcomes;
    }, CancellationToken.None);

    async Task FollowAsync(StoreSession session, Ending ending, EndOutcome outcome)
    {
        var delivery = ending.Delivery;
        delivery.Forget(after: ending.SentBefore);
        if (ending.Work is not null && outcome == EndOutcome.First)
        {
            AmbientTransactionContext.SetCurrent(delivery.Context);
            await ending.Work(session);
        }

        foreach (var message in delivery.Outgoing) await queue.InsertAsync(session, message, CancellationToken.None);
    }

    [LoggerMessage(2706, LogLevel.Debug, "Message {Id} could not be ended with its rows first; it is ended in the order that tells why")]
    partial void LogOtherOrder(Exception exception, long id);

    sealed record Waiting(Ending Ending)
    {
        public TaskCompletionSource<EndOutcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>The end of one message.</summary>
/// <param name="Delivery">Whose message, and what it sent.</param>
/// <param name="Claim">The message.</param>
/// <param name="SentBefore">How many messages the delivery had sent when it came here.</param>
/// <param name="Handler">Who does the work; null: there is none.</param>
/// <param name="Work">The handler's rows.</param>
/// <param name="Shared">Or rows that it writes together with those of other messages.</param>
internal sealed record Ending(Delivery Delivery, ClaimedMessage Claim, int SentBefore, string? Handler = null, Func<StoreSession, Task>? Work = null, SharedWork? Shared = null)
{
    public bool HasRows => Work is not null || Shared is not null;
}

/// <summary>One message's part in work that its handler does once for many.</summary>
internal abstract record SharedWork
{
    /// <param name="session">The write.</param>
    /// <param name="parts">Those of one handler, this one among them.</param>
    public abstract Task RunAsync(StoreSession session, IReadOnlyList<SharedWork> parts);
}

/// <param name="Item">What this message asks for.</param>
/// <param name="Work">Writes all.</param>
internal sealed record SharedWork<TItem>(TItem Item, Func<StoreSession, IReadOnlyList<TItem>, Task> Work) : SharedWork
{
    public override Task RunAsync(StoreSession session, IReadOnlyList<SharedWork> parts) => Work(session, [.. parts.Cast<SharedWork<TItem>>().Select(part => part.Item)]);
}

internal enum EndOutcome
{
    /// <summary>The claim was lost: nothing was written.</summary>
    Lost,

    /// <summary>The message was removed; its handler had done it before.</summary>
    Again,

    /// <summary>The message was removed.</summary>
    First,
}
