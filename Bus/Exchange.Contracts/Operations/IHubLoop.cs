namespace Exchange.Contracts.Operations;

/// <summary>
/// A running hub: takes up changes of `changelog` sources as they come and delivers whatever is in a log. Any number may run on one PostgreSQL store; killed, another one
/// (or the next start) goes on.
/// </summary>
public interface IHubLoop
{
    /// <summary>How many readings and deliveries a node has under way at once where nothing else is said.</summary>
    const int UsualExchanges = 16;

    /// <summary>Runs until cancelled, then ends what is under way in good order and returns.</summary>
    /// <param name="exchanges">How many readings and deliveries this node has under way at once, at least 1; others wait for a place in the order they came, or are taken by another node. Memory follows it.</param>
    /// <param name="cancel">Ends it.</param>
    Task RunAsync(int exchanges, CancellationToken cancel);
}
