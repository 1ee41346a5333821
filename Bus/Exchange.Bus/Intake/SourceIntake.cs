using Exchange.Bus.Catalogue;
using Exchange.Bus.Log;
using Exchange.Bus.Quality;
using Exchange.Bus.Quarantine;
using Exchange.Bus.Runs;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Operations;
using Exchange.Storage;
using Microsoft.Extensions.Logging;

namespace Exchange.Bus.Intake;

/// <summary>What a run of intake gave.</summary>
/// <param name="Record">What was done, also when it failed; null: the resource has no source to read, or the run did not begin.</param>
/// <param name="Fault">Why it failed; null: it ended well.</param>
internal sealed record IntakeOutcome(RunRecord? Record, ExchangeException? Fault);

/// <summary>
/// Runs intake of one resource: at most one reader a source (a fenced lease), full where none is complete, else what changed. A fault of the source holds this
/// resource alone and is kept with what to do about it; the next run tries again. Killed at any moment it goes on from the last append.
/// </summary>
internal sealed partial class SourceIntake(
    ICatalogue catalogue, IFrontEndDatabases databases, IRowJudgeFactory judges, IStore store, ILeases leases, SourceStates states, IRuns runs, IResourceLog log, IQuarantine quarantine,
    SourcePreparation preparation, FullReader full, ChangeLogReader changes, TrackedReader tracked, JudgeAgain again, ReferencedItems referenced, IKnownValues known, PushBack pushBack,
    TimeProvider time, ILogger<SourceIntake> logger)
{
    /// <summary>How long a dead reader keeps others from its source.</summary>
    public static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(15);

    /// <summary>How long a caller waits for another reader of the same source.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromHours(12);

    public async Task<IntakeOutcome> RunAsync(string name, bool wantFull, IProgress<SyncProgress>? progress, Action? appended, CancellationToken cancel)
    {
        var snapshot = await catalogue.ReadAsync(cancel);
        var resource = snapshot.Resources.GetValueOrDefault(name)
            ?? throw new ExchangeException(ErrorCodes.ResourceUnknown, Party.Caller, $"There is no resource '{name}'.", "`exchange get resources` lists them.");
        if (resource.Source is null) return new IntakeOutcome(null, null);

        await using var lease = await HeldLease.AcquireAsync(leases, $"source:{name}", LeaseDuration, Patience,
            holder => progress?.Report(new SyncProgress { Resource = name, Phase = $"waiting: the source is being read by {holder}" }), time, cancel);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, lease.Lost);
        var state = await states.ReadAsync(name, either.Token);
        IntakeRun? run = null;
        try
        {
            await using var plan = await SourcePlan.CreateAsync(resource, snapshot, databases, judges, either.Token);
            var position = await preparation.PrepareAsync(plan, snapshot, state.Position, wantFull, either.Token);
            run = await BeginAsync(plan, lease.Lease, state.Position.OpenRun, position, progress, appended, either.Token);
            try
            {
                await ReadAsync(run, either.Token);
            }
            catch (ErrorLimitException limit)
            {
                return await StopAsync(run, limit, either.Token);
            }

            await SettleAsync(run, BatchState.Visible, position => position with { OpenRun = 0 }, either.Token);
            run.Appended?.Invoke();
            await pushBack.RunAsync(plan, either.Token);
            run.Record = run.Record with { State = RunState.Done };
            await runs.EndAsync(run.Record, CancellationToken.None);
            run.Report(run.Kind, ended: true);
            return new IntakeOutcome(run.Record, null);
        }
        catch (ExchangeException fault)
        {
            return await FailAsync(name, run, fault);
        }
        catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            return await FailAsync(name, run, new ExchangeException(ErrorCodes.LeaseLost, Party.Hub, $"Another process has taken over the source of {name}.", "It goes on there; nothing is lost."));
        }
    }

    /// <summary>Cheaply: whether a `changelog` source has something to take up (changes, a full to begin or go on with, rows to judge again).</summary>
    public async Task<bool> HasChangesAsync(string name, CancellationToken cancel)
    {
        var snapshot = await catalogue.ReadAsync(cancel);
        if (snapshot.Resources.GetValueOrDefault(name) is not { Source: { Mode: CaptureMode.ChangeLog } source } resource) return false;
        var state = await states.ReadAsync(name, cancel);
        if (state.Position.CaptureRemoved) return false;
        if (!state.Position.Complete || state.Position.Full is not null || state.Position.FullWanted is not null || state.Hold is not null) return true;
        if ((await quarantine.KeysToJudgeAgainAsync(name, 1, cancel)).Count > 0) return true;
        await using var database = databases.Open(snapshot.Connections[source.Connection].ToFrontEnd());
        try
        {
            return (await database.Capture.ReadAsync(SourcePlan.CaptureOf(resource, source, snapshot), 1, cancel)).Ids.Count > 0;
        }
        catch (FrontEndException fault) when (fault.Fault == FrontEndFault.Standing)
        {
            return true; // the run finds out what is missing, mends what it can and notes the rest
        }
    }

    /// <summary>Takes triggers and change log away, between two runs.</summary>
    public async Task RemoveCaptureAsync(IFrontEndDatabase database, CaptureTarget target, string name, CancellationToken cancel)
    {
        await using var lease = await HeldLease.AcquireAsync(leases, $"source:{name}", LeaseDuration, Patience, null, time, cancel);
        var state = await states.ReadAsync(name, cancel);
        await states.SaveAsync(lease.Lease, name, state.Position with { CaptureRemoved = true, FullWanted = "the triggers were removed" }, cancel);
        await database.Capture.RemoveAsync(target, cancel);
    }

    async Task<IntakeRun> BeginAsync(SourcePlan plan, Lease lease, long openRun, SourcePosition position, IProgress<SyncProgress>? progress, Action? appended, CancellationToken cancel)
    {
        var kind = position.Full is not null ? "full" : "incremental";
        var record = position.OpenRun > 0 ? await runs.FindAsync(position.OpenRun, cancel) : null;
        if (record is null) await runs.CloseAbandonedAsync(plan.Resource.Name, null, cancel);
        if (record is not null) await runs.ReopenAsync(record.Id, cancel);
        record = record is null ? await NewRecordAsync(plan.Resource.Name, kind, cancel) : record with { State = RunState.Running, ErrorCode = null, ErrorMessage = null, Next = null };
        var id = record.Id;
        position = position with { OpenRun = id, Full = position.Full is { Run: 0 } begun ? begun with { Run = id } : position.Full };
        await store.WriteAsync(async session =>
        {
            await leases.AssertHeldAsync(session, lease, cancel);
            // A run that is not gone on with must not keep its waiting batches before the deliveries.
            if (openRun > 0 && openRun != id) await log.SettleAsync(session, plan.Resource.Name, openRun, BatchState.Discarded, cancel);
            await SourceStates.SaveAsync(session, plan.Resource.Name, position, cancel);
            return 0;
        }, cancel);
        var run = new IntakeRun { Plan = plan, Lease = lease, Record = record, Position = position, Progress = progress, Appended = appended };
        run.Report(kind);
        return run;
    }

    async Task ReadAsync(IntakeRun run, CancellationToken cancel)
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
        if (run.Plan.Capture is not null) await changes.TakeAsync(run, itemSets, cancel);
        else if (seen is not null && run.Kind == "incremental") await tracked.TakeAsync(run, seen, itemSets, cancel);
        await again.TakeAsync(run, itemSets, cancel);
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

    /// <summary>Lets a run's waiting batches be delivered, or drops them, together with the position that then holds.</summary>
    async Task SettleAsync(IntakeRun run, BatchState settled, Func<SourcePosition, SourcePosition> then, CancellationToken cancel)
    {
        var position = then(run.Position);
        await store.WriteAsync(async session =>
        {
            await leases.AssertHeldAsync(session, run.Lease, cancel);
            await log.SettleAsync(session, run.Name, run.Id, settled, cancel);
            await SourceStates.SaveAsync(session, run.Name, position, cancel);
            return 0;
        }, cancel);
        run.Position = position;
    }

    /// <summary>Too many errors: nothing of the run is delivered, the refused rows are given back, and the next run reads anew, since changes of this one were passed over.</summary>
    async Task<IntakeOutcome> StopAsync(IntakeRun run, ErrorLimitException limit, CancellationToken cancel)
    {
        await SettleAsync(run, BatchState.Discarded, position => position with { OpenRun = 0, Full = null, FullWanted = "the run before broke its error limit" }, cancel);
        if (await referenced.OfAsync(run.Plan.Resource, cancel) is { Count: > 0 } itemSets) await known.RebuildAsync(run.Name, itemSets, cancel);
        await pushBack.RunAsync(run.Plan, cancel);
        return await EndAsync(run.Record, RunState.Stopped, limit);
    }

    async Task<IntakeOutcome> FailAsync(string name, IntakeRun? run, ExchangeException fault)
    {
        IntakeFailed(name, fault.Code, fault.Message, fault.Next);
        var held = fault is FrontEndException { Fault: FrontEndFault.Standing };
        if (held) await states.HoldAsync(name, new Hold(fault.Code, fault.Party, fault.Message, fault.Next, time.GetUtcNow()), CancellationToken.None);
        return await EndAsync(run?.Record ?? await NewRecordAsync(name, "incremental", CancellationToken.None), held ? RunState.Held : RunState.Failed, fault);
    }

    async Task<IntakeOutcome> EndAsync(RunRecord record, RunState state, ExchangeException fault)
    {
        record = record with { State = state, ErrorCode = fault.Code, ErrorMessage = fault.Message, Next = fault.Next };
        await runs.EndAsync(record, CancellationToken.None);
        return new IntakeOutcome(record, fault);
    }

    async Task<RunRecord> NewRecordAsync(string resource, string kind, CancellationToken cancel)
    {
        var record = new RunRecord { Resource = resource, Kind = kind, Node = Node.Name };
        return record with { Id = await runs.BeginAsync(record, cancel) };
    }

    [LoggerMessage(1110, LogLevel.Information, "Resource {Resource} is read in full, because {Reason}")]
    partial void FullFollows(string resource, string reason);

    [LoggerMessage(1111, LogLevel.Warning, "Intake of {Resource} failed with {Code}: {Message} {Next}")]
    partial void IntakeFailed(string resource, string code, string message, string next);
}
