using System.Collections.Concurrent;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Delivery;
using Exchange.Bus.Limits;
using Exchange.Bus.Log;
using Exchange.Contracts.Errors;

namespace Exchange.Bus.Exchanges;

/// <summary>
/// Delivers whatever is in a log. A batch that this node has appended, or a wake-up message, starts a delivery at once; the sweep, which compares cursors with logs, finds what a lost message, a
/// dead node or one whose places are all taken would leave. A node sweeps each second while it has places, and every ten seconds without.
/// </summary>
internal sealed class DeliveryDuty(ICatalogue catalogue, SubscriptionDelivery delivery, DeliveryStates deliveries, IResourceLog log, NodePlaces places, ConnectionWaits waits, WorkBoard board, TimeProvider time) : IHubDuty
{
    /// <summary>Between two sweeps.</summary>
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Sweeps between two that try whatever is not at the head of its log.</summary>
    const int Thorough = 10;

    /// <summary>Subscriptions that failed here, or that another node had, which may have died or have looked just before the log grew: tried at the next sweep.</summary>
    readonly ConcurrentDictionary<string, bool> _unsure = new(StringComparer.Ordinal);

    /// <summary>Heads at which subscriptions were tried: what waits for the end of its full, or for a person, is not tried each second.</summary>
    readonly Dictionary<string, long> _tried = new(StringComparer.Ordinal);
    CancellationToken _stopping;
    volatile CatalogueSnapshot? _catalogue;

    public async Task RunAsync(CancellationToken stopping)
    {
        _stopping = stopping;
        for (var round = 0; ; round = (round + 1) % Thorough)
        {
            _catalogue = await catalogue.ReadAsync(stopping);
            // Also without a place now and then: what is found waits for one in its turn.
            if (places.AnyFree || round == 0) await SweepAsync(_catalogue, thorough: round == 0, stopping);
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

    async Task SweepAsync(CatalogueSnapshot snapshot, bool thorough, CancellationToken cancel)
    {
        var heads = await log.HeadsAsync([.. snapshot.Subscriptions.Values.Select(subscription => subscription.Resource).Distinct()], cancel);
        var states = await deliveries.AllAsync(cancel);
        foreach (var subscription in snapshot.Subscriptions.Values)
        {
            if (!heads.TryGetValue(subscription.Resource, out var head)) continue;
            if (states.TryGetValue(subscription.Name, out var state) && !state.Held && state.Applied >= head)
            {
                _unsure.TryRemove(subscription.Name, out _);
                waits.End(SubscriptionDelivery.WorkName(subscription.Name)); // if it waited here, another node has delivered it
                continue;
            }

            if (!thorough && !_unsure.ContainsKey(subscription.Name) && _tried.GetValueOrDefault(subscription.Name) == head) continue;
            _tried[subscription.Name] = head;
            Start(subscription);
        }
    }

    void Start(Subscription subscription) => board.Start(SubscriptionDelivery.WorkName(subscription.Name), token => DeliverAsync(subscription.Name, token), _stopping);

    async Task<ExchangeException?> DeliverAsync(string subscription, CancellationToken cancel)
    {
        try
        {
            _unsure.TryRemove(subscription, out _);
            using var place = await places.TakeAsync(cancel);
            var fault = (await delivery.RunAsync(subscription, null, null, place, null, cancel)).Fault;
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
