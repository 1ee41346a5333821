using Exchange.Bus.Quality;
using Microsoft.Extensions.Logging;

namespace Exchange.Bus.Intake;

/// <summary>What a run reads, in this order: the full where one is to be read, what changed, what is to be judged again, and another full where one turned out to be needed.</summary>
internal sealed partial class SourceReading(
    SourceStates states, SourcePreparation preparation, FullReader full, ChangeReading changes, TrackedReader tracked, KeyReader keys, JudgeAgain again, ReferencedItems referenced, IKnownValues known, ILogger<SourceReading> logger)
{
    /// <exception cref="ErrorLimitException">Too many rows are wrong.</exception>
    public async Task ReadAsync(IntakeRun run, CancellationToken cancel)
    {
        var seen = run.Plan.Tracked.Count == 0 ? null : run.Position.Full is { Next: null } ? new SeenRows() : SeenRows.Restore(await states.ReadSeenAsync(run.Name, cancel));
        if (run.Position.Full is not null)
        {
            if (seen is not null)
            {
                await states.SaveSeenAsync(run.Lease, run.Name, null, cancel);
                seen.Withdrawn = true;
            }

            await full.ReadAsync(run, seen, cancel);
        }

        var itemSets = await referenced.OfAsync(run.Plan.Resource, cancel);
        await keys.RebuildKnownAsync(run, itemSets, cancel);
        if (run.Plan.Capture is not null) await changes.TakeAsync(run, itemSets, cancel);
        else if (seen is not null && run.Kind == "incremental") await tracked.TakeAsync(run, seen, itemSets, cancel);
        if (run.Position.Reorganise is null) await again.TakeAsync(run, itemSets, cancel);
        if (seen is { Changed: true } or { Withdrawn: true }) await states.SaveSeenAsync(run.Lease, run.Name, seen.Store(), cancel);
        if (run.Position is { FullWanted: { } reason, Full: null })
        {
            FullFollows(run.Name, reason);
            await preparation.BeginFullAsync(run, cancel);
            await full.ReadAsync(run, seen, cancel);
            if (run.Plan.Capture is not null) await changes.TakeAsync(run, itemSets, cancel);
        }

        ErrorLimits.CheckAtEnd(run);
    }

    /// <summary>Takes the values of a run's discarded batches out of what rules look up.</summary>
    public async Task ForgetAsync(IntakeRun run, CancellationToken cancel)
    {
        if (await referenced.OfAsync(run.Plan.Resource, cancel) is { Count: > 0 } itemSets) await known.RebuildAsync(run.Name, itemSets, cancel);
    }

    [LoggerMessage(1110, LogLevel.Information, "Resource {Resource} is read in full, because {Reason}")]
    partial void FullFollows(string resource, string reason);
}
