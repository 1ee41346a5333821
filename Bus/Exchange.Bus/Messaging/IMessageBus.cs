namespace Exchange.Bus.Messaging;

/// <summary>
/// Receives and handles messages on this node. Nothing is received before <see cref="StartAsync"/>; commands that only send need not start it. Start and stop are
/// not safe for concurrent callers. After kill -9, what was being handled comes to another node, or to this one again, when its leases run out.
/// </summary>
public interface IMessageBus
{
    /// <exception cref="InvalidOperationException">It runs already.</exception>
    Task StartAsync(CancellationToken cancel);

    /// <summary>Asks running handlers to stop (their messages are given back), waits for them and gives back what has not been begun. Does nothing when it does not run.</summary>
    Task StopAsync(CancellationToken cancel);
}
