namespace Exchange.Bus.Messaging;

/// <summary>How this node takes part in messaging.</summary>
public sealed record MessagingOptions
{
    /// <summary>The queue that all nodes of a hub share.</summary>
    public string Queue { get; init; } = "exchange";

    /// <summary>Handlers that run at the same time on this node.</summary>
    public int Parallelism { get; init; } = 8;

    /// <summary>Messages that are claimed ahead of quick handlers at most: so many as handlers took in the last tenth of a second, none where they are slow.</summary>
    public int ClaimedAhead { get; init; } = 200;

    /// <summary>How long what was claimed ahead waits for a handler before it goes back to where other nodes find it: handlers that were quick may have become slow.</summary>
    public TimeSpan AheadPatience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Messages that end in one write at most, if so many end at the same time; 1: a transaction for each. Unless it is 1, also the most that wait for such a write beside those
    /// being handled: a node holds at most <see cref="Parallelism"/>, <see cref="ClaimedAhead"/> and so many messages.
    /// </summary>
    public int MessagesPerWrite { get; init; } = 100;

    /// <summary>How long after this node's death its messages are free for another one, which finds them at its next look: with <see cref="LookInterval"/> within 15 s. Renewed while a handler runs.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>Deliveries, over all nodes, before the first delayed one.</summary>
    public int ImmediateAttempts { get; init; } = 3;

    /// <summary>Pauses before the delayed deliveries; after the last one the message goes to the error queue.</summary>
    public IReadOnlyList<TimeSpan> DelayedRetries { get; init; } = [TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10)];

    /// <summary>How often a node looks without being woken: finds what a lost signal or a dead node left.</summary>
    public TimeSpan LookInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a handled message is remembered, and so how late a duplicate is still recognised.</summary>
    public TimeSpan InboxRetention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How long a stop waits for running handlers.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
