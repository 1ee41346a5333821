using Exchange.Bus.Delivery;
using Exchange.Bus.Intake;
using Exchange.Bus.Log;
using Exchange.Bus.Runs;
using Exchange.Storage;

namespace Exchange.Bus.Reconciliation;

/// <summary>Where an exchange stood at a moment.</summary>
/// <param name="Run">The newest reading of the source: what was committed before that moment is in the log once a later one has ended.</param>
/// <param name="Head">Number of the batch that the target must have applied; null: what was committed may not be in the log yet.</param>
internal sealed record TrafficPoint(long Run, long? Head);

/// <summary>Tells when everything that was on its way from a source to a target has arrived, also while more and more follows.</summary>
internal sealed class Traffic(SourceIntake intake, IRuns runs, IResourceLog log, ILeases leases, DeliveryStates deliveries)
{
    /// <summary>Newest runs of a resource that are looked at, deliveries among them.</summary>
    const int RecentRuns = 200;

    public async Task<TrafficPoint> PointAsync(string resource, CancellationToken cancel) => new((await ReadingsAsync(resource, cancel)).Select(run => run.Id).FirstOrDefault(), null);

    /// <summary>
    /// Goes on from a point: null when all that was committed before it has reached the target. First it must be in the log: a reading that began later has ended well, or nothing waits and nobody
    /// reads (asked in this order: what is taken up meanwhile is seen at its reader). Then the log's head as of then must be applied.
    /// </summary>
    public async Task<TrafficPoint?> PassAsync(TrafficPoint point, string resource, string subscription, CancellationToken cancel)
    {
        if (point.Head is null)
        {
            var read = (await ReadingsAsync(resource, cancel)).Any(run => run.Id > point.Run && run.State == RunState.Done);
            if (!read && (await intake.HasChangesAsync(resource, askSource: true, cancel) || await leases.HolderAsync($"source:{resource}", cancel) is not null)) return point;
            point = point with { Head = (await log.HeadAsync(resource, cancel))?.Number ?? 0 };
        }

        return point.Head == 0 || (await deliveries.ReadAsync(subscription, cancel))?.Applied >= point.Head ? null : point;
    }

    async Task<IEnumerable<RunRecord>> ReadingsAsync(string resource, CancellationToken cancel) =>
        (await runs.ListAsync(resource, null, RecentRuns, cancel)).Where(run => run.Subscription is null);
}
