using System.Security.Cryptography;
using System.Text;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Intake;
using Exchange.Bus.Limits;
using Exchange.Bus.Log;
using Exchange.Bus.Quarantine;
using Exchange.Bus.Runs;
using Exchange.Bus.Transformation;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Operations;
using Exchange.Storage;
using Microsoft.Extensions.Logging;

namespace Exchange.Bus.Delivery;

/// <summary>
/// Delivers one subscription up to the head of its resource's log. One delivery a subscription at a time (a lease here, a lock at the target); none waits for
/// another subscription. A target that does not fit, or whose ledger belongs to another log, holds this subscription alone and says what to do.
/// </summary>
internal sealed partial class SubscriptionDelivery(
    ICatalogue catalogue, IFrontEndDatabases databases, IRouteFactory routes, ConnectionTurns turns, IStore store, ILeases leases, DeliveryStates states, IRuns runs, IResourceLog log, IQuarantine quarantine,
    BatchDelivery delivery, StagedDelivery staging, ExchangeSteps steps, ConnectionWaits waits, TimeProvider time, ILogger<SubscriptionDelivery> logger)
{
    const int BatchesAtOnce = 64;

    static readonly TimeSpan Patience = TimeSpan.FromHours(12);

    /// <summary>Waits before another attempt after a transient fault.</summary>
    static readonly TimeSpan[] Backoff = [.. new[] { 0.2, 1, 3, 8, 15 }.Select(TimeSpan.FromSeconds)];

    /// <summary>The lease of who delivers a subscription.</summary>
    public static string LeaseName(string subscription) => $"delivery:{subscription}";

    /// <summary>The name of the work, as the log says it.</summary>
    public static string WorkName(string subscription) => $"subscription {subscription}";

    /// <param name="name">The subscription.</param>
    /// <param name="more">Told to wait for more: answers true when the log may have grown, false when nothing more will come. Null: the log as it is now, and only if nobody else delivers
    /// the subscription at the moment.</param>
    /// <param name="fullAfter">Head of the log before a full that was asked for and now goes on: where the ledger belongs to another log, that full heals it. Null: none was asked for.</param>
    /// <param name="place">The caller's place on this node; null: it has none.</param>
    /// <param name="progress">Listener, or null.</param>
    /// <param name="cancel">Stops between or within batches; nothing is left half done.</param>
    /// <exception cref="ExchangeException">hub.lease.busy: another process delivers it, and nobody was to be waited for.</exception>
    public async Task<DeliveryOutcome> RunAsync(string name, Func<CancellationToken, ValueTask<bool>>? more, long? fullAfter, NodePlace? place, IProgress<SyncProgress>? progress, CancellationToken cancel)
    {
        await using var lease = await HeldLease.AcquireAsync(leases, LeaseName(name), SourceIntake.LeaseDuration, more is null ? TimeSpan.Zero : Patience, null, time, cancel);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, lease.Lost);
        DeliveryRun? run = null;
        try
        {
            var snapshot = await catalogue.ReadAsync(either.Token);
            var subscription = snapshot.Subscriptions.GetValueOrDefault(name)
                ?? throw new ExchangeException(ErrorCodes.SubscriptionUnknown, Party.Caller, $"There is no subscription '{name}'.", "`exchange get subscriptions` lists them.");
            var connection = snapshot.Connections[subscription.Target.Connection];
            await using var database = databases.Open(connection.ToFrontEnd());
            run = new DeliveryRun
            {
                Subscription = subscription,
                Resource = snapshot.Resources[subscription.Resource],
                Route = routes.Create(subscription, snapshot),
                Connection = connection,
                Database = database,
                Lease = lease.Lease,
                Record = new RunRecord { Resource = subscription.Resource, Subscription = name, Kind = "delivery", Node = Node.Name },
                State = await states.ReadAsync(name, either.Token) ?? new DeliveryState(),
                FullAfter = fullAfter,
                Place = place,
                Progress = progress,
            };
            var failures = 0;
            FrontEndException? mismatch;
            do
            {
                mismatch = null;
                try
                {
                    await DrainAsync(run, either.Token);
                    waits.End(WorkName(name));
                    failures = 0;
                }
                catch (FrontEndException fault) when (fault.Fault == FrontEndFault.Transient && failures < Backoff.Length)
                {
                    run.Prepared = false; // whether the last commit held is not known: the ledger is asked again
                    waits.Begin(WorkName(name), connection.Name, fault.Message);
                    DeliveryTriedAgain(name, Backoff[failures], fault.Message);
                    run.Report($"waiting for the target: {fault.Message}");
                    await Task.Delay(Backoff[failures++], time, either.Token);
                    continue;
                }
                catch (FrontEndException fault) when (fault.Code == ErrorCodes.LedgerMismatch && more is not null)
                {
                    mismatch = fault; // the full that heals it may be the one that is being read
                    failures = 0; // the target answers again: what is waited for now is the log
                    waits.End(WorkName(name));
                }

                if (more is null) break;
            }
            while (failures > 0 || await more!(either.Token));
            if (mismatch is not null) throw mismatch;

            run.Record = run.Record with { State = RunState.Done };
            if (run.Id > 0) await runs.EndAsync(run.Record, CancellationToken.None);
            run.Report("delivered", ended: true);
            return new DeliveryOutcome(run.Record, null);
        }
        catch (ExchangeException fault)
        {
            return await FailAsync(name, run, fault);
        }
        catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            return await FailAsync(name, run, new ExchangeException(ErrorCodes.LeaseLost, Party.Hub, $"Another process has taken over the delivery of {name}.", "It goes on there; nothing is lost."));
        }
    }

    /// <summary>Delivers what is in the log now.</summary>
    async Task DrainAsync(DeliveryRun run, CancellationToken cancel)
    {
        if (await log.HeadAsync(run.Resource.Name, cancel) is not { } head || (run.Prepared && head.Number <= run.State.Applied)) return;
        // Only for what is in the log now: the reading that fills it may need the same connection.
        await using var turn = await turns.TakeAsync(run.Connection, run.Place, why => run.Report(why), cancel);
        if (!run.Prepared) await PrepareAsync(run, cancel);
        while (await DeliverableAsync(run, cancel) is { Count: > 0 } waiting)
        {
            await BeginRecordAsync(run, cancel);
            var before = (Rows: run.Record.DeliveredUpserts + run.Record.DeliveredDeletes, Bytes: run.WrittenBytes);
            var last = waiting is [{ Staged: true, State: BatchState.Visible } staged, ..] && await staging.MarkAsync(run, staged, cancel) is { } mark
                ? await staging.SwitchAsync(run, mark, cancel)
                : await delivery.ApplyAsync(run, waiting, cancel);
            run.State = run.State with { Applied = last.Number };
            await NoteAsync(run, cancel);
            steps.Reached(ExchangeStep.Cursor, run.Name);
            waits.End(WorkName(run.Name)); // now that some of it has arrived: a connection that is made and cut again is one outage
            run.Report("delivering");
            await turn.PaceAsync(run.Record.DeliveredUpserts + run.Record.DeliveredDeletes - before.Rows, run.WrittenBytes - before.Bytes, cancel);
        }
    }

    /// <summary>Notes cursor and counts, in one write.</summary>
    async Task NoteAsync(DeliveryRun run, CancellationToken cancel) => await store.WriteAsync(async session =>
    {
        await leases.AssertHeldAsync(session, run.Lease, cancel);
        await DeliveryStates.SaveAsync(session, run.Name, run.State, cancel);
        await runs.UpdateAsync(session, run.Record, cancel);
        return 0;
    }, cancel);

    /// <summary>The next batches, up to the first one that waits for its run's end or for the mark of its full.</summary>
    async Task<IReadOnlyList<LogBatch>> DeliverableAsync(DeliveryRun run, CancellationToken cancel)
    {
        var waiting = (await log.ReadAsync(run.Resource.Name, run.State.Applied, BatchesAtOnce, cancel)).TakeWhile(batch => batch.State != BatchState.Pending).ToList();
        return await staging.ReadyAsync(waiting, cancel);
    }

    /// <summary>Makes the target fit, asks its ledger how far it is, and begins anew where the route has changed or the ledger asks for it.</summary>
    async Task PrepareAsync(DeliveryRun run, CancellationToken cancel)
    {
        // A delivery that was killed after its last commit left nothing to do: no record of a further one would end its own.
        if (run.Id == 0) await CloseAbandonedAsync(run, cancel);
        var misfits = await run.Database.Target.EnsureAsync(run.Route.Target, run.Subscription.Target.Create, cancel);
        if (misfits.Count > 0)
        {
            throw new FrontEndException(FrontEndFault.Standing, ErrorCodes.FrontEndUnfit, Party.Subscriber,
                $"Subscription {run.Name}: table {run.Route.Target.Table} of {run.Subscription.Target.Connection} does not fit. {string.Join(' ', misfits)}",
                "Change the table or the subscription's map; the next run tries again.");
        }

        var shape = await ShapeAsync(run, cancel);
        var ledger = await BatchDelivery.LastAppliedAsync(run, cancel);
        var first = await FirstAnewAsync(run, ledger, shape, cancel);
        if (first is { } anew)
        {
            DeliveredAnew(run.Name, anew);
            await delivery.ResetAsync(run, anew, cancel);
            run.State = run.State with { Applied = anew - 1 };
        }
        else
        {
            run.State = run.State with { Applied = ledger!.Batch };
        }

        run.State = run.State with { Fingerprint = run.Route.Fingerprint, TargetShape = shape, Hold = null, HeldAtHead = null };
        await states.SaveAsync(run.Lease, run.Name, run.State, cancel);
        run.Prepared = true;
    }

    /// <summary>The batch to begin anew with; null: go on after the ledger.</summary>
    async Task<long?> FirstAnewAsync(DeliveryRun run, LedgerEntry? ledger, string shape, CancellationToken cancel)
    {
        var newest = await log.NewestMarkAsync(run.Resource.Name, cancel);
        var start = newest?.FullStart ?? 1;
        if (ledger is null) return start;
        var applied = ledger.Batch == 0 ? null : await log.FindAsync(run.Resource.Name, ledger.Batch, cancel);
        if (ledger.Digest != (applied?.Digest ?? "") || (ledger.Batch > 0 && applied is null))
        {
            if (newest?.FullStart > run.State.HeldAtHead || newest?.FullStart > run.FullAfter) return start;
            run.State = run.State with { HeldAtHead = run.State.HeldAtHead ?? (await log.HeadAsync(run.Resource.Name, cancel))?.Number ?? 0 };
            throw new FrontEndException(FrontEndFault.Standing, ErrorCodes.LedgerMismatch, Party.Hub,
                $"Subscription {run.Name}: exchange_applied at {run.Subscription.Target.Connection} says that batch {ledger.Batch} was applied, but this hub's log knows another batch of that number or none: the hub's store is new or was restored.",
                $"Run `exchange sync {run.Name} --full`: the resource is read anew and the target brought up to it.");
        }

        // It was away for so long that what came next is no longer kept: the newest full takes its place.
        if ((await log.ReadAsync(run.Resource.Name, ledger.Batch, 1, cancel)) is [{ Dropped: true }]) return start;
        // A new store remembers no route, yet its log may equal the old one's, batch by batch: what stands at the target came by a map and into a table that are not known.
        if (run.State.Fingerprint != run.Route.Fingerprint) return start;
        var judgeAgain = run.State.TargetShape is { } seen && seen != shape && await quarantine.AnyOpenAsync(run.Resource.Name, run.Name, cancel);
        return judgeAgain ? start : null;
    }

    static async Task<string> ShapeAsync(DeliveryRun run, CancellationToken cancel)
    {
        var table = await run.Database.DescribeAsync(run.Route.Target.Table, cancel);
        var text = string.Join('\n', table?.Columns.Select(column => column.ToString()) ?? []);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    async Task<DeliveryOutcome> FailAsync(string name, DeliveryRun? run, ExchangeException fault)
    {
        DeliveryFailed(name, fault.Code, fault.Message, fault.Next);
        var held = fault is FrontEndException { Fault: FrontEndFault.Standing };
        if (held) waits.End(WorkName(name)); // it answers, if not as it should
        if (run is null) return new DeliveryOutcome(new RunRecord { Resource = "", Subscription = name, Kind = "delivery", Node = Node.Name }, fault);
        if (held) await HoldAsync(run, run.State with { Hold = new Hold(fault.Code, fault.Party, fault.Message, fault.Next, run.State.Hold?.Since ?? time.GetUtcNow()) });
        // One that was overtaken before it did anything leaves no record: beginning one would end the new one's.
        if (fault.Code == ErrorCodes.LeaseLost && run.Id == 0) return new DeliveryOutcome(run.Record, fault);
        try
        {
            await BeginRecordAsync(run, CancellationToken.None);
        }
        catch (ExchangeException lost) when (lost.Code == ErrorCodes.LeaseLost)
        {
            return new DeliveryOutcome(run.Record, fault);
        }

        run.Record = run.Record with { State = held ? RunState.Held : RunState.Failed, ErrorCode = fault.Code, ErrorMessage = fault.Message, Next = fault.Next };
        await runs.EndAsync(run.Record, CancellationToken.None);
        return new DeliveryOutcome(run.Record, fault);
    }

    /// <summary>One that was overtaken holds nothing up.</summary>
    async Task HoldAsync(DeliveryRun run, DeliveryState state)
    {
        try
        {
            await states.SaveAsync(run.Lease, run.Name, state, CancellationToken.None);
        }
        catch (ExchangeException lost) when (lost.Code == ErrorCodes.LeaseLost)
        {
        }
    }

    /// <summary>A delivery that finds nothing to do leaves no record.</summary>
    async Task BeginRecordAsync(DeliveryRun run, CancellationToken cancel)
    {
        if (run.Id > 0) return;
        await CloseAbandonedAsync(run, cancel);
        run.Record = run.Record with { Id = await runs.BeginAsync(run.Record, cancel) };
    }

    /// <summary>Fenced: who was overtaken would take the new delivery for abandoned.</summary>
    Task<int> CloseAbandonedAsync(DeliveryRun run, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        await leases.AssertHeldAsync(session, run.Lease, cancel);
        return await runs.CloseAbandonedAsync(session, run.Resource.Name, run.Name, cancel);
    }, cancel);

    [LoggerMessage(1200, LogLevel.Information, "Subscription {Subscription} is delivered anew from batch {Batch}")]
    partial void DeliveredAnew(string subscription, long batch);

    [LoggerMessage(1201, LogLevel.Debug, "Subscription {Subscription} is tried again in {Pause}: {Message}")]
    partial void DeliveryTriedAgain(string subscription, TimeSpan pause, string message);

    /// <summary>For looking into it: a command tells its caller, a running hub's work board says it once.</summary>
    [LoggerMessage(1202, LogLevel.Information, "Delivery of {Subscription} failed with {Code}: {Message} {Next}")]
    partial void DeliveryFailed(string subscription, string code, string message, string next);
}
