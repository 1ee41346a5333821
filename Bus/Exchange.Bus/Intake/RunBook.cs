using Exchange.Bus.Log;
using Exchange.Bus.Runs;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Storage;

namespace Exchange.Bus.Intake;

/// <summary>
/// The beginning and the end of runs of intake, in the store: their records, the run that a source's position says is open, and what becomes of batches that waited
/// for the end. Safe for concurrent callers; what is said of one source is fenced by its lease.
/// </summary>
internal sealed class RunBook(IStore store, ILeases leases, IRuns runs, IResourceLog log)
{
    /// <summary>Goes on with the run that the position says is open, else begins one.</summary>
    /// <param name="resource">What is read into.</param>
    /// <param name="lease">The source's.</param>
    /// <param name="openRun">The run that was open before the position was prepared; 0: none.</param>
    /// <param name="position">The position with which the run begins.</param>
    /// <param name="make">Makes the run of its record and the position that was stored.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<T> BeginAsync<T>(string resource, Lease lease, long openRun, SourcePosition position, Func<RunRecord, SourcePosition, T> make, CancellationToken cancel) where T : ResourceRun
    {
        var kind = position.Full is not null ? "full" : "incremental";
        var record = position.OpenRun > 0 ? await runs.FindAsync(position.OpenRun, cancel) : null;
        await store.WriteAsync(async session =>
        {
            // Who was overtaken before this would take the new reader's run for abandoned.
            await leases.AssertHeldAsync(session, lease, cancel);
            return record is null ? await runs.CloseAbandonedAsync(session, resource, null, cancel) : await runs.ReopenAsync(session, record.Id, cancel);
        }, cancel);
        record = record is null ? await NewRecordAsync(resource, kind, cancel) : record with { State = RunState.Running, ErrorCode = null, ErrorMessage = null, Next = null };
        var id = record.Id;
        position = position with { OpenRun = id, Full = position.Full is { Run: 0 } begun ? begun with { Run = id } : position.Full };
        await store.WriteAsync(async session =>
        {
            await leases.AssertHeldAsync(session, lease, cancel);
            // A run that is not gone on with must not keep its waiting batches before the deliveries.
            if (openRun > 0 && openRun != id) await log.SettleAsync(session, resource, openRun, BatchState.Discarded, cancel);
            await SourceStates.SaveAsync(session, resource, position, cancel);
            return 0;
        }, cancel);
        var run = make(record, position);
        run.Report(kind);
        return run;
    }

    /// <summary>Lets a run's waiting batches be delivered, or drops them, together with the position that then holds.</summary>
    /// <param name="run">The run.</param>
    /// <param name="settled">What becomes of its batches.</param>
    /// <param name="then">From the position to the one that then holds.</param>
    /// <param name="besides">What else must be written in the same transaction, or null.</param>
    /// <param name="cancel">Stops.</param>
    public async Task SettleAsync(ResourceRun run, BatchState settled, Func<SourcePosition, SourcePosition> then, Func<StoreSession, Task>? besides, CancellationToken cancel)
    {
        var position = then(run.Position);
        await store.WriteAsync(async session =>
        {
            await leases.AssertHeldAsync(session, run.Lease, cancel);
            await log.SettleAsync(session, run.Name, run.Id, settled, cancel);
            await SourceStates.SaveAsync(session, run.Name, position, cancel);
            if (besides is not null) await besides(session);
            return 0;
        }, cancel);
        run.Position = position;
    }

    /// <summary>Writes the good end of a run.</summary>
    public async Task<IntakeOutcome> DoneAsync(ResourceRun run)
    {
        run.Record = run.Record with { State = RunState.Done };
        await runs.EndAsync(run.Record, CancellationToken.None);
        return new IntakeOutcome(run.Record, null);
    }

    /// <summary>Writes the end of a run that a fault cut short.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="run">Null: the fault came before a run was begun; it leaves a record all the same.</param>
    /// <param name="state">Failed, held or stopped.</param>
    /// <param name="fault">Why.</param>
    /// <param name="kind">What a run that was not begun would have been.</param>
    public async Task<IntakeOutcome> EndAsync(string resource, ResourceRun? run, RunState state, ExchangeException fault, string kind = "incremental")
    {
        var record = run?.Record ?? await NewRecordAsync(resource, kind, CancellationToken.None);
        record = record with { State = state, ErrorCode = fault.Code, ErrorMessage = fault.Message, Next = fault.Next };
        await runs.EndAsync(record, CancellationToken.None);
        return new IntakeOutcome(record, fault, CutShort: run is not null && fault is FrontEndException { Fault: FrontEndFault.Transient });
    }

    async Task<RunRecord> NewRecordAsync(string resource, string kind, CancellationToken cancel)
    {
        var record = new RunRecord { Resource = resource, Kind = kind, Node = Node.Name };
        return record with { Id = await runs.BeginAsync(record, cancel) };
    }
}
