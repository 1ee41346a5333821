using System.Diagnostics;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Operations;

namespace Exchange.Bus.Intake;

/// <summary>
/// Takes up what a server's log tells: the keys are read anew, so a batch holds the rows as they are now. The point up to which the log was read moves in the transaction that appends; only afterwards
/// does the server learn of it and forget its log. Killed between the two, the next reading begins at the point in the store. Killed within a large transaction, its first keys are read and appended
/// again: the same rows, so nothing changes.
/// </summary>
internal sealed class WalReader(KeyReader keys, ExchangeSteps steps)
{
    /// <summary>Takes up what was committed before this moment. A position without a point has no slot to read: the full that it waits for begins with one.</summary>
    public async Task TakeAsync(IntakeRun run, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel)
    {
        if (run.Position.Wal is not { } from) return;
        var wal = Of(run.Plan);
        var target = run.Plan.Capture!;
        await using var session = await wal.OpenAsync(target, from, evict: true, cancel);
        while (true)
        {
            await run.Plan.Paced.Turn.PaidAsync(cancel);
            var waited = Stopwatch.StartNew();
            // An update has two keys, and a batch is read by so many keys at most.
            var page = await session.ReadAsync(Math.Min(run.Plan.Resource.BatchRows, KeyReader.KeysAtOnce - 1), cancel);
            run.Waited(waited.Elapsed);
            if (page is null) return;
            if (page.Gap is { } why)
            {
                // The full that must follow brings what these keys tell, and begins with a slot of its own: this one would only keep log.
                await keys.SaveAsync(run, Broken(run, why), cancel);
                await wal.RemoveAsync(target, cancel);
                return;
            }

            var distinct = KeyReader.Distinct(page.Keys);
            // A key counts once: with the row that is read anew for it, or by itself where others are of the same row.
            run.Plan.Paced.Turn.Spend(page.Keys.Count - distinct.Count, page.Keys.DataBytes);
            if (distinct.Count > 0)
            {
                await keys.AppendAsync(run, distinct, itemSets, position => position, cancel, atLast: position => position with { Wal = position.Wal! with { Position = page.End } });
                run.Report(run.Kind);
                ErrorLimits.Check(run);
            }
            else if (page.End > run.Position.Wal!.Position)
            {
                await keys.SaveAsync(run, run.Position with { Wal = run.Position.Wal with { Position = page.End } }, cancel);
            }

            await session.ConfirmAsync(page.End, cancel);
            steps.Reached(ExchangeStep.Acknowledge, run.Name);
        }
    }

    public static IWalCapture Of(SourcePlan plan) => WalWatch.Of(plan.Database, plan.Resource.Name);

    /// <summary>What follows can't be told by changes. Where a full was complete, subscribers keep its rows until they change over to the next.</summary>
    static SourcePosition Broken(IntakeRun run, string why)
    {
        var need = run.Position.Complete ? run.Position.Reorganise ?? SourcePreparation.Need(run.Plan.Resource, ReorganisationReason.IncrementBroken, why) : null;
        return run.Position with { Wal = null, FullWanted = why, Reorganise = need };
    }
}
