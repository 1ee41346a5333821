using Exchange.Bus.Catalogue;
using Exchange.Bus.Delivery;
using Exchange.Bus.Intake;
using Exchange.Bus.Log;
using Exchange.Bus.Runs;
using Exchange.Bus.Transformation;
using Exchange.Contracts.Rows;
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

    const int BatchesAtOnce = 1_000;

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

    /// <summary>Number of the log's newest batch and of the last one that the target has applied: while either grows, a hub is at work.</summary>
    public async Task<(long Head, long Applied)> ProgressAsync(string resource, string subscription, CancellationToken cancel) =>
        ((await log.HeadAsync(resource, cancel))?.Number ?? 0, (await deliveries.ReadAsync(subscription, cancel))?.Applied ?? 0);

    /// <summary>
    /// Prints of the target's keys that change batches after that one hold. A row that was changed and changed back looks as if it had not moved; the log knows. Fulls hold every key, moved or not, so
    /// they are passed over.
    /// </summary>
    public async Task<HashSet<UInt128>> ChangedAsync(Resource resource, IRoute route, long after, CancellationToken cancel)
    {
        var (changed, print) = (new HashSet<UInt128>(), new RowPrint());
        while (await log.ReadAsync(resource.Name, after, BatchesAtOnce, cancel) is { Count: > 0 } batches)
        {
            foreach (var batch in batches.Where(batch => batch.Kind == BatchKind.Change && batch.State != BatchState.Discarded && batch.Upserts + batch.Deletes > 0))
            {
                var rows = await log.LoadAsync(batch, cancel);
                int[] items = [.. resource.Key.Select(rows.Ordinal)];
                var keys = route.TargetKeys([.. Enumerable.Range(0, rows.Count).Select(row => RowKey.Text(rows, items, row))]);
                int[] all = [.. Enumerable.Range(0, keys.Columns.Count)];
                for (var row = 0; row < keys.Count; row++) changed.Add(print.Key(keys, all, row));
            }

            after = batches[^1].Number;
        }

        return changed;
    }

    async Task<IEnumerable<RunRecord>> ReadingsAsync(string resource, CancellationToken cancel) =>
        (await runs.ListAsync(resource, null, RecentRuns, cancel)).Where(run => run.Subscription is null);
}
