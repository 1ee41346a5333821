using Exchange.Bus.Attachments;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Limits;
using Exchange.Bus.Log;
using Exchange.Bus.Quality;
using Exchange.Bus.Quarantine;
using Exchange.Bus.Reorganisation;
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
/// <param name="CutShort">The run had begun, and a transient fault of the source ended it: run again, it goes on where it was.</param>
internal sealed record IntakeOutcome(RunRecord? Record, ExchangeException? Fault, bool CutShort = false);

/// <summary>
/// Runs intake of one resource: at most one reader a source (a fenced lease), full where none is complete, else what changed. A fault of the source holds this
/// resource alone and is kept with what to do about it; the next run tries again. Killed at any moment it goes on from the last append.
/// </summary>
internal sealed partial class SourceIntake(
    ICatalogue catalogue, IFrontEndDatabases databases, IRowJudgeFactory judges, ILeases leases, SourceStates states, ConnectionTurns turns, IQuarantine quarantine, SourcePreparation preparation,
    RunBook book, ReorganisationBook reorganisations, SourceReading reading, WalWatch wal, HubId hub, PushBack pushBack, AttachmentIntake attachments, TimeProvider time, ILogger<SourceIntake> logger)
{
    /// <summary>How long a dead reader keeps others from its source. With the next look of the others, and a frozen one's lock at a target, its work is taken over within 15 s.</summary>
    public static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(8);

    /// <summary>The lease of who reads a resource's source.</summary>
    public static string LeaseName(string resource) => $"source:{resource}";

    /// <summary>How long a caller waits for another reader of the same source.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromHours(12);

    /// <exception cref="ExchangeException">hub.lease.busy: another reads the source, and the caller did not want to wait.</exception>
    public async Task<IntakeOutcome> RunAsync(string name, IntakeRequest request, IProgress<SyncProgress>? progress, Action? appended, CancellationToken cancel)
    {
        var known = (await catalogue.ReadAsync(cancel)).Resources.GetValueOrDefault(name)
            ?? throw new ExchangeException(ErrorCodes.ResourceUnknown, Party.Caller, $"There is no resource '{name}'.", "`exchange get resources` lists them.");
        if (known.Source is null) return new IntakeOutcome(null, null);

        await using var lease = await HeldLease.AcquireAsync(leases, LeaseName(name), LeaseDuration, request.IfFree ? TimeSpan.Zero : Patience,
            holder => progress?.Report(new SyncProgress { Resource = name, Phase = $"waiting: the source is being read by {holder}" }), time, cancel);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, lease.Lost);
        // Only now: who waited for another reader must not bring back what the manifests said before.
        var snapshot = await catalogue.ReadAsync(either.Token);
        if (snapshot.Resources.GetValueOrDefault(name) is not { Source: { } source } resource) return new IntakeOutcome(null, null);
        // Beside the connecting and describing: the first expression of a process takes as long. What fails in it is thrown to who asks for the judge.
        var judge = new Lazy<IRowJudge>(() => judges.Create(resource, snapshot));
        _ = Task.Run(() => judge.Value, CancellationToken.None);
        await using var turn = await turns.TakeAsync(snapshot.Connections[source.Connection], request.Place, why => progress?.Report(new SyncProgress { Resource = name, Phase = why }), either.Token);
        var outcome = await ReadAsync(new Work(resource, snapshot, request, judge, turn, lease, progress, appended), either.Token, cancel);
        // However it ended: who has the turn next begins without what this one has left to pay.
        await turn.PaidAsync(cancel);
        return outcome;
    }

    /// <summary>A source that this process has the right to read, and how.</summary>
    sealed record Work(Resource Resource, CatalogueSnapshot Snapshot, IntakeRequest Request, Lazy<IRowJudge> Judge, ConnectionTurn Turn, HeldLease Lease, IProgress<SyncProgress>? Progress, Action? Appended);

    /// <param name="work">What is read.</param>
    /// <param name="either">Stops, also when the lease is lost.</param>
    /// <param name="cancel">Stops.</param>
    async Task<IntakeOutcome> ReadAsync(Work work, CancellationToken either, CancellationToken cancel)
    {
        var (resource, lease, name) = (work.Resource, work.Lease, work.Resource.Name);
        var state = await states.ReadAsync(name, either);
        IntakeRun? run = null;
        try
        {
            await using var plan = await SourcePlan.CreateAsync(resource, work.Snapshot, databases, work.Judge, await hub.ReadAsync(either), attachments, either);
            // Before anything is prepared or begun: a judge that can't be made is no failed run.
            _ = plan.Judge;
            var position = await preparation.PrepareAsync(plan, work.Snapshot, lease.Lease, state.Position, work.Request, either);
            run = await book.BeginAsync(name, lease.Lease, state.Position.OpenRun, position,
                (record, begun) => new IntakeRun { Plan = plan, Resource = resource, Lease = lease.Lease, Begun = record, Position = begun, Progress = work.Progress, Appended = work.Appended }, either);
            (plan.Paced.Turn, plan.Paced.Waited) = (work.Turn, run.Waited);
            try
            {
                await reading.ReadAsync(run, work.Request.Keys, either);
            }
            catch (ErrorLimitException limit)
            {
                return await StopAsync(run, limit, await OffStandardAsync(run, either), either);
            }
            catch (KeyChangedException changed)
            {
                var need = SourcePreparation.Need(plan.Resource, ReorganisationReason.KeyChanged, changed.Detail);
                return await StopAsync(run, new ReorganisationException(name, need), need, either);
            }

            await book.SettleAsync(run, BatchState.Visible, position => position with { OpenRun = 0 }, null, either);
            run.Appended?.Invoke();
            await pushBack.RunAsync(plan, either);
            var done = await book.DoneAsync(run);
            run.Report(run.Kind, ended: true);
            return done;
        }
        catch (ExchangeException fault)
        {
            return await FailAsync(lease.Lease, name, run, fault, SourcePreparation.KindOf(work.Resource.Source!, state.Position, work.Request));
        }
        catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            return await FailAsync(lease.Lease, name, run, new ExchangeException(ErrorCodes.LeaseLost, Party.Hub, $"Another process has taken over the source of {name}.", "It goes on there; nothing is lost."), SourcePreparation.KindOf(work.Resource.Source!, state.Position, work.Request));
        }
    }

    /// <summary>Cheaply: whether a `changelog` or `wal` source has something to take up (changes, a full to begin or go on with, rows to judge again).</summary>
    /// <param name="name">The resource.</param>
    /// <param name="askSource">Whether to ask the source too; else only what the hub itself knows of.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<bool> HasChangesAsync(string name, bool askSource, CancellationToken cancel)
    {
        var snapshot = await catalogue.ReadAsync(cancel);
        if (snapshot.Resources.GetValueOrDefault(name) is not { Source: { Mode: CaptureMode.ChangeLog or CaptureMode.Wal } source } resource) return false;
        var state = await states.ReadAsync(name, cancel);
        if (state.Position.CaptureRemoved || state.Position.Reorganise is { Begins: false }) return false;
        if (!state.Position.Complete || state.Position.Full is not null || state.Position.FullWanted is not null || state.Position.Reorganise is not null || state.Hold is not null) return true;
        if (state.Position.KeysReadBack && (await quarantine.KeysToJudgeAgainAsync(name, 1, cancel)).Count > 0) return true;
        if (!askSource) return false;
        await using var database = databases.Open(snapshot.Connections[source.Connection].ToFrontEnd());
        try
        {
            if (source.Mode == CaptureMode.Wal) return await wal.HasChangesAsync(resource, source, database, state.Position, cancel);
            return await database.Capture.AnyAsync(SourcePlan.CaptureOf(resource, source, snapshot), cancel);
        }
        catch (FrontEndException fault) when (fault.Fault == FrontEndFault.Standing)
        {
            return true; // the run finds out what is missing, mends what it can and notes the rest
        }
    }

    /// <summary>Notes between two runs that the next one is to be a full. Once that full is begun, runs go on with it as with any other.</summary>
    /// <param name="name">The resource.</param>
    /// <param name="reason">Why, for the log.</param>
    /// <param name="besides">What else must be written in the same transaction.</param>
    /// <param name="cancel">Stops waiting for another reader.</param>
    public async Task WantFullAsync(string name, string reason, Func<StoreSession, Task> besides, CancellationToken cancel)
    {
        await using var lease = await HeldLease.AcquireAsync(leases, LeaseName(name), LeaseDuration, Patience, null, time, cancel);
        var state = await states.ReadAsync(name, cancel);
        await states.WantFullAsync(lease.Lease, name, state.Position with { FullWanted = reason }, besides, cancel);
    }

    /// <summary>Changes between two runs whether the full is to be re-organised, and what belongs to it, in one write. A hold ends: the next run looks again.</summary>
    /// <param name="name">The resource.</param>
    /// <param name="change">From the position to the new one.</param>
    /// <param name="besides">What else must be written in the same transaction; false: nothing is changed.</param>
    /// <param name="cancel">Stops waiting for another reader.</param>
    public async Task<bool> ReorganiseAsync(string name, Func<SourcePosition, SourcePosition> change, Func<StoreSession, Task<bool>> besides, CancellationToken cancel)
    {
        await using var lease = await HeldLease.AcquireAsync(leases, LeaseName(name), LeaseDuration, Patience, null, time, cancel);
        var state = await states.ReadAsync(name, cancel);
        return await states.SaveAsync(lease.Lease, name, change(state.Position), besides, cancel);
    }

    /// <summary>Takes away what the hub put into the provider's database, between two runs.</summary>
    public async Task RemoveCaptureAsync(IFrontEndDatabase database, TableSource source, CaptureTarget target, string name, CancellationToken cancel)
    {
        await using var lease = await HeldLease.AcquireAsync(leases, LeaseName(name), LeaseDuration, Patience, null, time, cancel);
        var state = await states.ReadAsync(name, cancel);
        await states.SaveAsync(lease.Lease, name, state.Position with { CaptureRemoved = true, Wal = null, FullWanted = "what tells its changes was removed" }, cancel);
        await (source.Mode == CaptureMode.Wal ? WalWatch.Of(database, name).RemoveAsync(target, cancel) : database.Capture.RemoveAsync(target, cancel));
    }

    /// <summary>Makes the slot of a `wal` source where none is wanted yet, between two runs; the next run is a full, which takes up what the slot tells meanwhile.</summary>
    public async Task InstallWalAsync(IFrontEndDatabase database, CaptureTarget target, string name, CancellationToken cancel)
    {
        await using var lease = await HeldLease.AcquireAsync(leases, LeaseName(name), LeaseDuration, Patience, null, time, cancel);
        var position = (await states.ReadAsync(name, cancel)).Position;
        if (position.Wal is { } from && (await WalWatch.Of(database, name).LookAsync(target, from, cancel)).Gap is null) return;
        var point = await WalWatch.Of(database, name).InstallAsync(target, cancel);
        await states.SaveAsync(lease.Lease, name, position with { Wal = point, CaptureRemoved = false, FullWanted = position.FullWanted ?? "its slot was made" }, cancel);
    }

    /// <summary>
    /// The run can't be taken for what it is: nothing of it is delivered, the refused rows are given back, and increments are held until the full is re-organised, since changes of this
    /// run were passed over.
    /// </summary>
    async Task<IntakeOutcome> StopAsync(IntakeRun run, ExchangeException fault, ReorganisationNeed need, CancellationToken cancel)
    {
        await book.SettleAsync(run, BatchState.Discarded, position => position with { OpenRun = 0, Full = null, Reorganise = need },
            session => reorganisations.NeededAsync(session, run.Name, need, cancel), cancel);
        await reading.ForgetAsync(run, cancel);
        await pushBack.RunAsync(run.Plan, cancel);
        IntakeFailed(run.Name, fault.Code, fault.Message, fault.Next);
        if (!need.Begins) await HoldAsync(run.Lease, run.Name, new ReorganisationException(run.Name, need));
        return await book.EndAsync(run.Name, run, RunState.Stopped, fault);
    }

    /// <summary>Whether codes or other content broke the error limit.</summary>
    async Task<ReorganisationNeed> OffStandardAsync(IntakeRun run, CancellationToken cancel)
    {
        var (codes, all) = await quarantine.BrokenInRunAsync(run.Name, run.Id, cancel);
        var reason = codes * 2 > all ? ReorganisationReason.CodesOffStandard : ReorganisationReason.ContentOffStandard;
        return SourcePreparation.Need(run.Plan.Resource, reason, $"run {run.Id} broke its error limit, {codes} of {all} broken rules are of code sets");
    }

    async Task<IntakeOutcome> FailAsync(Lease lease, string name, IntakeRun? run, ExchangeException fault, string kind)
    {
        IntakeFailed(name, fault.Code, fault.Message, fault.Next);
        var held = fault is FrontEndException { Fault: FrontEndFault.Standing };
        if (held) await HoldAsync(lease, name, fault);
        return await book.EndAsync(name, run, held ? RunState.Held : RunState.Failed, fault, kind);
    }

    async Task HoldAsync(Lease lease, string name, ExchangeException fault)
    {
        try
        {
            await states.HoldAsync(lease, name, new Hold(fault.Code, fault.Party, fault.Message, fault.Next, time.GetUtcNow()), CancellationToken.None);
        }
        catch (ExchangeException lost) when (lost.Code == ErrorCodes.LeaseLost)
        {
            // Another reads the source meanwhile, and finds out by itself.
        }
    }

    /// <summary>For looking into it: a command tells its caller, a running hub's work board says it once.</summary>
    [LoggerMessage(1111, LogLevel.Information, "Intake of {Resource} failed with {Code}: {Message} {Next}")]
    partial void IntakeFailed(string resource, string code, string message, string next);
}
