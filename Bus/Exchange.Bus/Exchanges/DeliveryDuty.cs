using Exchange.Bus.Catalogue;
using Exchange.Bus.Delivery;
using Exchange.Bus.Log;
using Exchange.Contracts.Errors;

namespace Exchange.Bus.Exchanges;

/// <summary>
/// Delivers whatever is in a log. A wake-up message starts a delivery at once; the sweep finds what a lost message would have left, by comparing cursors with logs.
/// </summary>
internal sealed class DeliveryDuty(ICatalogue catalogue, SubscriptionDelivery delivery, DeliveryStates deliveries, IResourceLog log, WorkBoard board, TimeProvider time) : IHubDuty
{
    /// <summary>Between two sweeps.</summary>
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    CancellationToken _stopping;

    public async Task RunAsync(CancellationToken stopping)
    {
        _stopping = stopping;
        while (true)
        {
            await SweepAsync(stopping);
            await Task.Delay(Pause, time, stopping);
        }
    }

    /// <summary>Delivers a resource's subscriptions; returns once they are started. Called for each wake-up message.</summary>
    public async Task WakeAsync(string resource)
    {
        var cancel = _stopping;
        var snapshot = await catalogue.ReadAsync(cancel);
        foreach (var subscription in snapshot.Subscriptions.Values.Where(subscription => subscription.Resource == resource)) Start(subscription, cancel);
    }

    async Task SweepAsync(CancellationToken cancel)
    {
        var snapshot = await catalogue.ReadAsync(cancel);
        foreach (var subscription in snapshot.Subscriptions.Values)
        {
            var head = await log.HeadAsync(subscription.Resource, cancel);
            var state = await deliveries.ReadAsync(subscription.Name, cancel);
            if (head is not null && (state is null || state.Applied < head.Number || state.Hold is not null)) Start(subscription, cancel);
        }
    }

    void Start(Subscription subscription, CancellationToken stopping) => board.Start($"subscription {subscription.Name}", token => DeliverAsync(subscription.Name, token), stopping);

    async Task<ExchangeException?> DeliverAsync(string subscription, CancellationToken cancel) => (await delivery.RunAsync(subscription, null, null, null, cancel)).Fault;
}
