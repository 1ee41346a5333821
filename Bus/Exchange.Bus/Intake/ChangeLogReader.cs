using System.Diagnostics;
using Exchange.Contracts.Operations;

namespace Exchange.Bus.Intake;

/// <summary>
/// Takes up what waits in a change log: the keys are read anew, so the batch holds the rows as they are now, and the entries are removed by their ids once the
/// append is durable. Killed between the two, the same keys are read again and appended again: the same rows, so nothing changes.
/// </summary>
internal sealed class ChangeLogReader(KeyReader keys, ExchangeSteps steps)
{
    /// <summary>Takes up as much as waits now: writers that are faster than the hub must not keep it from ever ending a run. Answers whether the table was truncated, so that only a full can say what is left.</summary>
    public async Task<bool> TakeAsync(IntakeRun run, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel)
    {
        var capture = run.Plan.Database.Capture;
        var target = run.Plan.Capture!;
        var truncated = false;
        for (var left = (await capture.StatusAsync(target, cancel)).Waiting; left is not <= 0;)
        {
            await run.Plan.Paced.Turn.PaidAsync(cancel);
            var waited = Stopwatch.StartNew();
            var changes = await capture.ReadAsync(target, run.Plan.Resource.BatchRows, cancel);
            run.Waited(waited.Elapsed);
            if (changes.Ids.Count == 0) return truncated;
            var distinct = KeyReader.Distinct(changes.Keys);
            // An entry counts once: with the row that is read anew for it, or by itself where others are of the same row.
            run.Plan.Paced.Turn.Spend(Math.Max(changes.Ids.Count - distinct.Count, 0), changes.Keys.DataBytes);
            truncated |= changes.Truncated;
            if (changes.Truncated && run.Position is { Complete: true, Full: null })
            {
                // The full that must follow brings what these entries tell; delivered before it, they would stand beside rows that are gone.
                await keys.SaveAsync(run, Emptied(run, run.Position), cancel);
                await capture.AcknowledgeAsync(target, changes.Ids, cancel);
                return true;
            }

            if (distinct.Count > 0)
            {
                await keys.AppendAsync(run, distinct, itemSets, wanted => changes.Truncated ? Emptied(run, wanted) : wanted, cancel);
                run.Report(run.Kind);
                ErrorLimits.Check(run);
            }
            else if (changes.Truncated)
            {
                await keys.SaveAsync(run, Emptied(run, run.Position), cancel);
            }

            await capture.AcknowledgeAsync(target, changes.Ids, cancel);
            steps.Reached(ExchangeStep.Acknowledge, run.Name);
            if (changes.Ids.Count < run.Plan.Resource.BatchRows) return truncated;
            left -= changes.Ids.Count;
        }

        return truncated;
    }

    /// <summary>Which rows are gone no log can tell. Where a full was complete, subscribers keep its rows until they change over to the next.</summary>
    static SourcePosition Emptied(IntakeRun run, SourcePosition position)
    {
        const string why = "the source table was truncated";
        var need = position.Complete ? position.Reorganise ?? SourcePreparation.Need(run.Plan.Resource, ReorganisationReason.IncrementBroken, why) : null;
        return position with { FullWanted = why, Reorganise = need };
    }
}
