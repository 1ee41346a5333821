using Exchange.Bus.Catalogue;
using Exchange.Bus.Delivery;
using Exchange.Bus.Log;
using Microsoft.Extensions.Logging;

namespace Exchange.Bus.Retention;

/// <summary>Up to where a resource's log may be dropped.</summary>
/// <param name="Below">Batches of smaller numbers; 0: nothing.</param>
/// <param name="FullStart">The newest complete full's first batch; 0: there is none.</param>
/// <param name="NeededBy">The subscription that keeps more than that full; null: none.</param>
internal readonly record struct LogFloor(long Below, long FullStart, string? NeededBy);

/// <summary>
/// Drops the rows of batches that nobody needs: a newer full is complete and takes their place, every subscription of the catalogue has applied them, and they are old enough. Entries stay,
/// with counts and digests, so the chain and the ledgers of targets can still be checked. Whoever comes back after its batches are gone (a subscription that was taken out of the
/// catalogue meanwhile) begins with the newest full. Killed at any moment, a batch has its rows or is marked as dropped. Safe beside anything and on any number of nodes.
/// </summary>
internal sealed partial class LogTrim(ICatalogue catalogue, IResourceLog log, DeliveryStates deliveries, KeepingBook book, TimeProvider time, ILogger<LogTrim> logger)
{
    /// <summary>How old the mark that takes the place of older batches must be: who looked at the mark before it may still be on the way to them.</summary>
    static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);

    /// <summary>Drops what is old enough.</summary>
    /// <returns>Bytes that were freed.</returns>
    public async Task<long> RunAsync(CancellationToken cancel) => await RunAsync((await book.ReadAsync(cancel)).Keep, cancel);

    /// <param name="keep">How old a batch must be.</param>
    /// <param name="cancel">Stops; what was dropped stays dropped.</param>
    public async Task<long> RunAsync(TimeSpan keep, CancellationToken cancel)
    {
        var (now, freed) = (time.GetUtcNow(), 0L);
        var snapshot = await catalogue.ReadAsync(cancel);
        foreach (var usage in await log.UsageAsync(cancel))
        {
            var floor = await FloorAsync(snapshot, usage.Resource, now - Grace, cancel);
            var bytes = await log.DropAsync(usage.Resource, floor.Below, now - keep, now - Grace, cancel);
            if (bytes > 0) Dropped(usage.Resource, bytes, floor.Below);
            freed += bytes;
        }

        return freed;
    }

    /// <param name="snapshot">The catalogue.</param>
    /// <param name="resource">The resource.</param>
    /// <param name="latest">Only fulls that were complete by then count.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<LogFloor> FloorAsync(CatalogueSnapshot snapshot, string resource, DateTimeOffset latest, CancellationToken cancel)
    {
        if (await log.NewestMarkAsync(resource, cancel) is not { } mark) return default;
        var floor = new LogFloor(mark.AppendedAt <= latest ? mark.FullStart : 0, mark.FullStart, null);
        foreach (var subscription in snapshot.Subscriptions.Values.Where(subscription => subscription.Resource == resource).OrderBy(subscription => subscription.Name, StringComparer.Ordinal))
        {
            // Who has applied nothing begins with the newest full.
            if (await deliveries.ReadAsync(subscription.Name, cancel) is { Applied: > 0 and var applied } && applied + 1 < mark.FullStart && (floor.NeededBy is null || applied + 1 < floor.Below))
                floor = floor with { Below = Math.Min(floor.Below, applied + 1), NeededBy = subscription.Name };
        }

        return floor;
    }

    [LoggerMessage(1400, LogLevel.Information, "The log of {Resource} gave back {Bytes} bytes: batches before {Below} are no longer needed")]
    partial void Dropped(string resource, long bytes, long below);
}
