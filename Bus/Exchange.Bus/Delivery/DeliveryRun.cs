using Exchange.Bus.Catalogue;
using Exchange.Bus.Transformation;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Operations;
using Exchange.Storage;

namespace Exchange.Bus.Delivery;

/// <summary>One delivery of one subscription. Used by one flow of control.</summary>
internal sealed class DeliveryRun
{
    public required Subscription Subscription { get; init; }

    public required Resource Resource { get; init; }

    public required IRoute Route { get; init; }

    public required IFrontEndDatabase Database { get; init; }

    public required Lease Lease { get; init; }

    public required DeliveryCounts Counts { get; init; }

    /// <summary>Number of the run's record; 0 until there is something to deliver.</summary>
    public long Id { get; set; }

    public required DeliveryState State { get; set; }

    /// <summary>Whether the target was made fit and its ledger asked.</summary>
    public bool Prepared { get; set; }

    public IProgress<SyncProgress>? Progress { get; init; }

    public string Name => Subscription.Name;

    public void Report(string phase, bool ended = false) => Progress?.Report(new SyncProgress
    {
        Resource = Resource.Name,
        Subscription = Name,
        Phase = phase,
        Delivered = Counts.Upserted + Counts.Deleted,
        Rejected = Counts.Refused,
        Batches = Counts.Batches,
        Ended = ended,
    });
}

/// <summary>What a delivery has counted.</summary>
internal sealed class DeliveryCounts
{
    public long Upserted { get; set; }
    public long Deleted { get; set; }
    /// <summary>Rows that the map or the target refuses, for this subscription alone.</summary>
    public long Refused { get; set; }
    public long Batches { get; set; }
    public TimeSpan WaitedForTarget { get; set; }
}

/// <summary>What a delivery gave.</summary>
internal sealed record DeliveryOutcome(long Run, DeliveryCounts Counts, Contracts.Errors.ExchangeException? Fault);
