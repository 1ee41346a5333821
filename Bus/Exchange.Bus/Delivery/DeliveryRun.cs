using Exchange.Bus.Catalogue;
using Exchange.Bus.Limits;
using Exchange.Bus.Runs;
using Exchange.Bus.Transformation;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Operations;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Delivery;

/// <summary>One delivery of one subscription. Used by one flow of control.</summary>
internal sealed class DeliveryRun
{
    public required Subscription Subscription { get; init; }

    public required Resource Resource { get; init; }

    public required IRoute Route { get; init; }

    /// <summary>The target's.</summary>
    public required Connection Connection { get; init; }

    public required IFrontEndDatabase Database { get; init; }

    public required Lease Lease { get; init; }

    /// <summary>What was done; its id is 0 until there is something to deliver. Rejected: rows that the map or the target refuses, for this subscription alone.</summary>
    public required RunRecord Record { get; set; }

    public required DeliveryState State { get; set; }

    /// <summary>The batch that comes after the one that is being written, fetched and routed meanwhile; null: none is.</summary>
    public RoutedAhead? Ahead { get; set; }

    /// <summary>Bytes of rows that were written since the run began.</summary>
    public long WrittenBytes { get; set; }

    /// <summary>The caller's place on this node; null: it has none.</summary>
    public NodePlace? Place { get; init; }

    /// <summary>Whether the target was made fit and its ledger asked.</summary>
    public bool Prepared { get; set; }

    /// <summary>A full that begins after this batch was asked for, so that a ledger of another log may be given up for it; null: none was.</summary>
    public long? FullAfter { get; init; }

    public IProgress<SyncProgress>? Progress { get; init; }

    public string Name => Subscription.Name;

    public long Id => Record.Id;

    public void Report(string phase, bool ended = false) => Progress?.Report(new SyncProgress
    {
        Resource = Resource.Name,
        Subscription = Name,
        Phase = phase,
        Delivered = Record.DeliveredUpserts + Record.DeliveredDeletes,
        Rejected = Record.Rejected,
        Batches = Record.Batches,
        Ended = ended,
    });
}

/// <summary>A batch that is fetched and routed before its turn comes.</summary>
/// <param name="Number">Of the batch.</param>
/// <param name="Work">The log's rows, and what the route makes of them.</param>
internal sealed record RoutedAhead(long Number, Task<(RowBatch Rows, RoutedBatch Routed)> Work);

/// <summary>What a delivery gave.</summary>
/// <param name="Record">Its id is 0 when there was nothing to deliver.</param>
/// <param name="Fault">Why it failed; null: it ended well.</param>
internal sealed record DeliveryOutcome(RunRecord Record, Contracts.Errors.ExchangeException? Fault);
