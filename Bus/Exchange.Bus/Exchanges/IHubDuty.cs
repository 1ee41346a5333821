namespace Exchange.Bus.Exchanges;

/// <summary>
/// One thing that a running hub does in its own rhythm, beside all others: taking up changes, delivering, keeping schedules, tidying. Every node runs every duty; what must
/// be done by one at a time is behind a lease, so a duty that dies with its node is gone on with by another.
/// </summary>
internal interface IHubDuty
{
    /// <summary>
    /// Goes on until the hub stops. A fault that gets out is logged and the duty is begun anew after a pause; so nothing may be left half done that a new beginning would not
    /// find. Work on one source or one subscription is given to the <see cref="WorkBoard"/>, where a fault holds nothing else up.
    /// </summary>
    Task RunAsync(CancellationToken stopping);
}
