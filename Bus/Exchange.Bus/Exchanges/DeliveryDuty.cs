using System.Collections.Concurrent;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Delivery;
using Exchange.Bus.Log;
using Exchange.Contracts.Errors;

namespace Exchange.Bus.Exchanges;

/// <summary>
/// Delivers whatever is in a log. A batch that this node has appended, or a wake-up message, starts a delivery at once; the sweep finds what a lost message would have left, by comparing
/// cursors with logs. A subscription that another node delivers at the moment is compared soon again: the other may have died, or may have looked just before the log grew.
/// </summary>
internal sealed class DeliveryDuty(ICatalogue catalogue, SubscriptionDelivery delivery, DeliveryStates deliveries, IResourceLog log, WorkBoard board, TimeProvider time) : IHubDuty
{
    /// <summary>Between two looks at subscriptions that another node was delivering.</summary>
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Pauses between two sweeps over all subscriptions.</summary>
    const int Sweep = 10;

    readonly ConcurrentDictionary<string, bool> _unsure = new(StringComparer.Ordinal);
    CancellationToken _stopping;
    volatile CatalogueSnapshot? _catalogue;

    public async Task RunAsync(CancellationToken stopping)
    {
        _stopping = stopping;
        for (var round = 0; ; round = (round + 1) % Sweep)
        {
            if (round == 0 || !_unsure.IsEmpty)
            {
                var snapshot = _catalogue = await catalogue.ReadAsync(stopping);
                await SweepAsync([.. snapshot.Subscriptions.Values.Where(subscription => _unsure.ContainsKey(subscription.Name) || round == 0)], stopping);
            }

            await Task.Delay(Pause, time, stopping);
        }
    }

    /// <summary>Delivers a resource's subscriptions; returns once they are started. Called for each wake-up message.</summary>
    public async Task WakeAsync(string resource)
    {
        _catalogue = await catalogue.ReadAsync(_stopping);
        Wake(resource);
    }

    /// <summary>The same at once, by the catalogue as this node last knew it.</summary>
    public void Wake(string resource)
    {
        foreach (var subscription in _catalogue?.Subscriptions.Values.Where(subscription => subscription.Resource == resource) ?? []) Start(subscription);
    }

    async Task SweepAsync(IReadOnlyList<Subscription> subscriptions, CancellationToken cancel)
    {
        foreach (var subscription in subscriptions)
        {
            var head = await log.HeadAsync(subscription.Resource, cancel);
            var state = await deliveries.ReadAsync(subscription.Name, cancel);
            if (head is not null && (state is null || state.Applied < head.Number || state.Hold is not null)) Start(subscription);
            else _unsure.TryRemove(subscription.Name, out _);
        }
    }

    void Start(Subscription subscription) => board.Start($"subscription {subscription.Name}", token => DeliverAsync(subscription.Name, token), _stopping);

    async Task<ExchangeException?> DeliverAsync(string subscription, CancellationToken cancel)
    {
        try
        {
            _unsure.TryRemove(subscription, out _);
            var fault = (await delivery.RunAsync(subscription, null, null, null, cancel)).Fault;
            if (fault is not null) _unsure[subscription] = true;
            return fault;
        }
        catch (ExchangeException busy) when (busy.Code == ErrorCodes.LeaseBusy)
        {
            _unsure[subscription] = true;
            return null;
        }
    }
}
