namespace Exchange.Contracts.Operations;

/// <summary>
/// A running hub: takes up changes of `changelog` sources as they come and delivers whatever is in a log. Any number may run on one PostgreSQL store; killed, another one
/// (or the next start) goes on.
/// </summary>
public interface IHubLoop
{
    /// <summary>Runs until cancelled, then ends what is under way in good order and returns.</summary>
    Task RunAsync(CancellationToken cancel);
}
