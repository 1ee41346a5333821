using Exchange.Bus.Catalogue;
using Exchange.Bus.Delivery;
using Exchange.Bus.Intake;
using Exchange.Bus.Limits;
using Exchange.Bus.Quality;
using Exchange.Bus.Quarantine;
using Exchange.Bus.Transformation;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Operations;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Reconciliation;

/// <summary>Compares, looks again until differences have settled, repairs.</summary>
internal sealed class ReconciliationService(
    ICatalogue catalogue, IFrontEndDatabases databases, IRouteFactory routes, IRowJudgeFactory judges, IQuarantine quarantine, Traffic traffic, ConnectionTurns turns, SourceIntake intake, SubscriptionDelivery delivery, HubId hub,
    TimeProvider time) : IReconciliation
{
    /// <summary>Between two questions whether what was on its way has arrived.</summary>
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Looks at one set of keys: what has moved each time is said to be unsettled.</summary>
    const int MostLooks = 20;

    /// <summary>How many times the wait a settling lasts in all: beside writers that never rest, what is not known by then is told as unsettled.</summary>
    const int MostWaits = 6;

    /// <summary>Repairs of one command: each brings as many keys as are held at once.</summary>
    const int MostRepairs = 100;

    public async Task<ReconcileResult> ReconcileAsync(ReconcileRequest request, IProgress<SyncProgress>? progress, CancellationToken cancel)
    {
        var snapshot = await catalogue.ReadAsync(cancel);
        var subscription = snapshot.Subscriptions.GetValueOrDefault(request.Subscription)
            ?? throw new ExchangeException(ErrorCodes.SubscriptionUnknown, Party.Caller, $"There is no subscription '{request.Subscription}'.", "`exchange get subscriptions` lists them.");
        var resource = snapshot.Resources[subscription.Resource];
        if (resource.Source is null)
            throw new ExchangeException(ErrorCodes.ManifestInvalid, Party.Caller, $"Resource '{resource.Name}' has no source of its own to compare the target with.", "Only subscriptions to a resource that is read from a table or a query can be reconciled.");
        await using var sides = await ComparedSides.OpenAsync(resource, subscription, snapshot, databases, routes, judges, await hub.ReadAsync(cancel), cancel);
        var (route, source, target) = (sides.Route, sides.Source, sides.Target);
        var comparison = new Comparison(subscription, route, source, target, quarantine);
        Task<T> InTurnAsync<T>(Func<Task<T>> read) => this.InTurnAsync(snapshot.Connections[resource.Source.Connection], snapshot.Connections[subscription.Target.Connection], source, target, read, progress, cancel);
        var (head, applied) = await traffic.ProgressAsync(resource.Name, subscription.Name, cancel);
        Task SettleAsync(Found differing) => this.SettleAsync(source.Plan, route, differing.Held, head, () => InTurnAsync(() => comparison.LookAsync(differing.Held, cancel)), request.Wait, cancel);

        void Report(string phase, bool ended = false) => progress?.Report(new SyncProgress { Resource = resource.Name, Subscription = subscription.Name, Phase = phase, Ended = ended, CountsNothing = true });

        Report("comparing");
        var found = await InTurnAsync(() => comparison.RunAsync(applied < head, cancel));
        if (found.Held.Count > 0) Report("looking again at what differs");
        await SettleAsync(found);
        var repaired = 0L;
        for (var round = 0; request.Repair && round < MostRepairs && Reachable(found) is { Count: > 0 } keys; round++)
        {
            Report("repairing");
            var before = found.Held.Count;
            await RepairAsync(source, subscription.Name, keys, progress, cancel);
            var lacking = found.Lacking;
            foreach (var difference in found.Held.Values) difference.Confirmed = false;
            head = (await traffic.ProgressAsync(resource.Name, subscription.Name, cancel)).Head;
            await SettleAsync(found);
            // Rows are told as of after the repair, as the differences are.
            found = found with { TargetRows = found.TargetRows + lacking - found.Lacking };
            repaired += before - found.Held.Count;
            if (before == found.Held.Count || found.Further.Count == 0) break;
            Report("comparing again");
            (head, applied) = await traffic.ProgressAsync(resource.Name, subscription.Name, cancel);
            found = await InTurnAsync(() => comparison.RunAsync(applied < head, cancel));
            await SettleAsync(found);
        }

        Report("compared", ended: true);
        return Result(request, resource.Name, route, found, repaired);
    }

    /// <summary>
    /// Looks at differing keys again, each time all that was committed before the last look has reached the target. A key that then differs as it did before, and of which the log tells no change
    /// meanwhile, differs. Where nothing arrives any more within the wait (no hub runs, or it is held), what stood still is told. What changes at every look, and what
    /// is not known after <see cref="MostWaits"/> waits, stays unsettled.
    /// </summary>
    /// <param name="plan">The source.</param>
    /// <param name="route">The subscription's.</param>
    /// <param name="differences">As they were seen.</param>
    /// <param name="head">The log's head before they were seen.</param>
    /// <param name="lookAgain">Looks; answers those that did not move.</param>
    /// <param name="wait">See <see cref="ReconcileRequest.Wait"/>.</param>
    /// <param name="cancel">Stops.</param>
    async Task SettleAsync(SourcePlan plan, IRoute route, Dictionary<UInt128, Difference> differences, long head, Func<Task<HashSet<Difference>>> lookAgain, TimeSpan wait, CancellationToken cancel)
    {
        var (resource, subscription) = (plan.Resource, route.Target.Subscription);
        var began = time.GetTimestamp();
        bool TimeIsUp() => time.GetElapsedTime(began) >= MostWaits * wait;
        for (var look = 0; look < MostLooks && differences.Values.Any(difference => !difference.Confirmed); look++)
        {
            var arrived = await ArrivedAsync(resource.Name, subscription, wait, TimeIsUp, cancel);
            if (arrived is null) return;
            var (before, _) = await traffic.ProgressAsync(resource.Name, subscription, cancel);
            var unmoved = await lookAgain();
            if (unmoved.Count > 0)
            {
                // What was committed before this look must be in the log before it can be asked.
                if (arrived == true) arrived = await ArrivedAsync(resource.Name, subscription, wait, TimeIsUp, cancel);
                if (arrived is null) return;
                var changed = arrived == true ? await traffic.ChangedAsync(resource, route, head, cancel) : [];
                foreach (var (key, difference) in differences)
                    if (unmoved.Contains(difference) && !changed.Contains(key)) difference.Confirmed = true;
            }

            head = before;
        }
    }

    /// <summary>Waits until all that was committed before now has reached the target. False: it does not arrive, and for as long as the wait nothing else has; null: the time is up while things go on.</summary>
    async Task<bool?> ArrivedAsync(string resource, string subscription, TimeSpan wait, Func<bool> timeIsUp, CancellationToken cancel)
    {
        var point = await traffic.PointAsync(resource, cancel);
        var (progress, since) = (await traffic.ProgressAsync(resource, subscription, cancel), time.GetTimestamp());
        while (await traffic.PassAsync(point, resource, subscription, cancel) is { } further)
        {
            point = further;
            var now = await traffic.ProgressAsync(resource, subscription, cancel);
            if (now != progress) (progress, since) = (now, time.GetTimestamp());
            else if (time.GetElapsedTime(since) >= wait) return false;
            if (timeIsUp()) return null;
            await Task.Delay(Pause, time, cancel);
        }

        return true;
    }

    /// <summary>Reads while it has a turn at both connections; gives them back at once, so that an exchange that is waited for can go on.</summary>
    async Task<T> InTurnAsync<T>(Connection from, Connection to, SourceSide source, TargetSide target, Func<Task<T>> read, IProgress<SyncProgress>? progress, CancellationToken cancel)
    {
        void Waits(string why) => progress?.Report(new SyncProgress { Resource = source.Plan.Resource.Name, Phase = why, CountsNothing = true });
        // In order of names, so that two who want both don't wait for each other.
        var ordered = string.CompareOrdinal(from.Name, to.Name) <= 0;
        await using var first = await turns.TakeAsync(ordered ? from : to, null, Waits, cancel);
        await using var second = from.Name == to.Name ? ConnectionTurn.Free : await turns.TakeAsync(ordered ? to : from, null, Waits, cancel);
        (source.Turn, target.Turn) = ordered ? (first, second) : (second, first);
        var found = await read();
        await Task.WhenAll(first.PaidAsync(cancel), second.PaidAsync(cancel));
        return found;
    }

    static List<string> Reachable(Found found) => [.. found.Held.Values.Where(difference => difference.Confirmed).Select(difference => difference.Natural).OfType<string>()];

    /// <summary>Reads those keys anew by the resource's intake and delivers. Killed at any moment the log holds whole batches, which are delivered as any.</summary>
    async Task RepairAsync(SourceSide source, string subscription, List<string> keys, IProgress<SyncProgress>? progress, CancellationToken cancel)
    {
        var taken = await intake.RunAsync(source.Plan.Resource.Name, new IntakeRequest(Full: false, ByHand: true) { Keys = KeyReader.Distinct(source.Keys(keys)) }, progress, null, cancel);
        if (taken.Fault is { } unread) throw unread;
        await DeliverAsync(source.Plan.Resource.Name, subscription, progress, cancel);
    }

    /// <summary>Delivers what is in the log now, or sees it delivered by the hub that is at it: a busy hub may never be found idle, but what it holds it delivers.</summary>
    async Task DeliverAsync(string resource, string subscription, IProgress<SyncProgress>? progress, CancellationToken cancel)
    {
        var (head, _) = await traffic.ProgressAsync(resource, subscription, cancel);
        while ((await traffic.ProgressAsync(resource, subscription, cancel)).Applied < head)
        {
            try
            {
                var delivered = await delivery.RunAsync(subscription, null, null, null, progress, cancel);
                if (delivered.Fault is { } undelivered) throw undelivered;
                return;
            }
            catch (ExchangeException busy) when (busy.Code == ErrorCodes.LeaseBusy)
            {
                await Task.Delay(Pause, time, cancel);
            }
        }
    }

    static ReconcileResult Result(ReconcileRequest request, string resource, IRoute route, Found found, long repaired)
    {
        var differing = found.Held.Values.Where(difference => difference.Confirmed).OrderBy(difference => difference.Key, StringComparer.Ordinal).ToList();
        long Count(DifferenceKind kind) => differing.Count(difference => difference.Kind == kind) + found.Further.GetValueOrDefault(kind);
        return new ReconcileResult
        {
            Subscription = request.Subscription,
            Resource = resource,
            Computed = found.InDatabase ? "database" : "hub",
            SourceRows = found.SourceRows,
            TargetRows = found.TargetRows,
            LeftOut = found.LeftOut.Count,
            Missing = Count(DifferenceKind.Missing),
            Extra = Count(DifferenceKind.Extra),
            Different = Count(DifferenceKind.Different),
            Unsettled = found.Held.Count - differing.Count,
            Repaired = repaired,
            OutOfReach = differing.Count(difference => difference.Natural is null),
            KeyColumns = route.Target.Key,
            Keys = [.. differing.Take(request.MostKeys).Select(difference => new KeyDifference(difference.Kind, RowKey.Values(difference.Key)))],
        };
    }
}
