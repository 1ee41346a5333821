using Exchange.Bus.Catalogue;
using Exchange.Bus.Delivery;
using Exchange.Bus.Intake;
using Exchange.Bus.Log;
using Exchange.Contracts.Operations;

namespace Exchange.Bus.Exchanges;

/// <summary>Reads into one resource and delivers its subscriptions meanwhile. Safe for concurrent callers.</summary>
internal sealed class ResourceExchange(IResourceLog log, SubscriptionDelivery delivery)
{
    /// <param name="resource">The resource.</param>
    /// <param name="subscriptions">Of that resource, those that are delivered.</param>
    /// <param name="full">Whether it is read anew.</param>
    /// <param name="read">Reads; calls what it is given after each append.</param>
    /// <param name="progress">Listener, or null.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<(IntakeOutcome Taken, IReadOnlyList<SyncResult> Results)> RunAsync(
        string resource, IReadOnlyList<Subscription> subscriptions, bool full, Func<Action, Task<IntakeOutcome>> read, IProgress<SyncProgress>? progress, CancellationToken cancel)
    {
        var signal = new GrowthSignal();
        long? fullAfter = full ? (await log.HeadAsync(resource, cancel))?.Number ?? 0 : null;
        var deliveries = subscriptions.Select(subscription => Task.Run(() => delivery.RunAsync(subscription.Name, signal.Listen(), fullAfter, null, progress, cancel), cancel)).ToList();
        IntakeOutcome taken;
        try
        {
            taken = await read(signal.Grown);
        }
        finally
        {
            signal.End();
            await Task.WhenAll(deliveries).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        var delivered = await Task.WhenAll(deliveries);
        return (taken, [.. subscriptions.Select((subscription, at) => Result(subscription, taken, delivered[at]))]);
    }

    static SyncResult Result(Subscription subscription, IntakeOutcome taken, DeliveryOutcome delivered)
    {
        var fault = taken.Fault ?? delivered.Fault;
        var (read, written) = (taken.Record, delivered.Record);
        return new SyncResult
        {
            Subscription = subscription.Name,
            Resource = subscription.Resource,
            Outcome = fault is not null ? SyncOutcome.Failed : (read?.Rejected ?? 0) + written.Rejected > 0 ? SyncOutcome.DoneWithRejects : SyncOutcome.Done,
            Kind = read?.Kind,
            Read = read?.Read ?? 0,
            Accepted = read?.Accepted ?? 0,
            Rejected = read?.Rejected ?? 0,
            Deleted = read?.Deleted ?? 0,
            Closed = read?.Closed ?? 0,
            Upserted = written.DeliveredUpserts,
            DeletedAtTarget = written.DeliveredDeletes,
            Refused = written.Rejected,
            IntakeRun = read?.Id ?? 0,
            DeliveryRun = written.Id,
            ErrorCode = fault?.Code,
            Party = fault?.Party,
            Error = fault?.Message,
            Next = fault?.Next,
        };
    }
}
