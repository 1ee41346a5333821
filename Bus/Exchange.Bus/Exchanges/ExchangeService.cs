using Exchange.Bus.Catalogue;
using Exchange.Bus.Intake;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Operations;

namespace Exchange.Bus.Exchanges;

/// <summary>Exchanges by hand: reads each resource once and delivers its subscriptions while it is being read.</summary>
internal sealed class ExchangeService(ICatalogue catalogue, IFrontEndDatabases databases, SourceIntake intake, WalWatch wal, ResourceExchange exchange, TimeProvider time) : IExchanges
{
    /// <summary>Waits before a run whose connection was cut goes on.</summary>
    static readonly TimeSpan[] Pauses = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(8)];

    public async Task<IReadOnlyList<SyncResult>> SyncAsync(SyncRequest request, IProgress<SyncProgress>? progress, CancellationToken cancel)
    {
        var snapshot = await catalogue.ReadAsync(cancel);
        var subscriptions = Chosen(request, snapshot);
        var results = new List<SyncResult>();
        foreach (var resource in InOrderOfReference(snapshot, subscriptions.Select(subscription => subscription.Resource)))
            results.AddRange(await SyncResourceAsync(resource, [.. subscriptions.Where(subscription => subscription.Resource == resource)], request.Full, progress, cancel));
        return results;
    }

    public async Task<CaptureStatus> CaptureAsync(string resource, CaptureAction action, CancellationToken cancel)
    {
        var snapshot = await catalogue.ReadAsync(cancel);
        var entry = snapshot.Resources.GetValueOrDefault(resource)
            ?? throw new ExchangeException(ErrorCodes.ResourceUnknown, Party.Caller, $"There is no resource '{resource}'.", "`exchange get resources` lists them.");
        if (entry.Source is not { Mode: CaptureMode.ChangeLog or CaptureMode.Wal } source)
            throw new ExchangeException(ErrorCodes.ManifestInvalid, Party.Caller, $"Resource '{resource}' has no `changelog` or `wal` source.", "Only capture.mode changelog has triggers, and only capture.mode wal has a slot.");
        await using var database = databases.Open(snapshot.Connections[source.Connection].ToFrontEnd());
        if (source.Mode == CaptureMode.Wal) return await WalAsync(entry, source, database, action, cancel);
        var target = SourcePlan.CaptureOf(entry, source, snapshot);
        switch (action)
        {
            case CaptureAction.Install: await database.Capture.InstallAsync(target, cancel); break;
            case CaptureAction.Remove: await intake.RemoveCaptureAsync(database, source, target, resource, cancel); break;
        }

        return await database.Capture.StatusAsync(target, cancel);
    }

    async Task<CaptureStatus> WalAsync(Resource resource, TableSource source, IFrontEndDatabase database, CaptureAction action, CancellationToken cancel)
    {
        var target = await wal.TargetAsync(resource, source, cancel);
        switch (action)
        {
            case CaptureAction.Install: await intake.InstallWalAsync(database, target, resource.Name, cancel); break;
            case CaptureAction.Remove: await intake.RemoveCaptureAsync(database, source, target, resource.Name, cancel); break;
        }

        return await wal.StatusAsync(resource, source, database, cancel);
    }

    static List<Subscription> Chosen(SyncRequest request, CatalogueSnapshot snapshot)
    {
        if (request.Subscriptions is null) return [.. snapshot.Subscriptions.Values.OrderBy(subscription => subscription.Name, StringComparer.Ordinal)];
        return [.. request.Subscriptions.Distinct().Select(name => snapshot.Subscriptions.GetValueOrDefault(name)
            ?? throw new ExchangeException(ErrorCodes.SubscriptionUnknown, Party.Caller, $"There is no subscription '{name}'.", "`exchange get subscriptions` lists them."))];
    }

    /// <summary>Resources that others refer to come first, so that their rows are there when the others are judged.</summary>
    static List<string> InOrderOfReference(CatalogueSnapshot snapshot, IEnumerable<string> wanted)
    {
        var chosen = wanted.ToHashSet(StringComparer.Ordinal);
        var ordered = new List<string>();
        var met = new HashSet<string>(StringComparer.Ordinal);

        void Visit(string name)
        {
            if (!met.Add(name)) return;
            foreach (var reference in snapshot.Resources[name].Rules.Select(rule => rule.Reference).OfType<Reference>().Where(reference => snapshot.Resources.ContainsKey(reference.Resource)))
                Visit(reference.Resource);
            if (chosen.Contains(name)) ordered.Add(name);
        }

        foreach (var name in chosen.Order(StringComparer.Ordinal)) Visit(name);
        return ordered;
    }

    async Task<IReadOnlyList<SyncResult>> SyncResourceAsync(string resource, List<Subscription> subscriptions, bool full, IProgress<SyncProgress>? progress, CancellationToken cancel) =>
        (await exchange.RunAsync(resource, subscriptions, full, grown => ReadAsync(resource, full, progress, grown, cancel), progress, cancel)).Results;

    /// <summary>A connection that is cut while a source is read is made anew and the run goes on; a source that cannot be reached to begin with is told at once.</summary>
    async Task<IntakeOutcome> ReadAsync(string resource, bool full, IProgress<SyncProgress>? progress, Action grown, CancellationToken cancel)
    {
        var taken = await intake.RunAsync(resource, new IntakeRequest(full, ByHand: true), progress, grown, cancel);
        foreach (var pause in Pauses)
        {
            if (!taken.CutShort) break;
            progress?.Report(new SyncProgress { Resource = resource, Phase = $"waiting for the source: {taken.Fault!.Message}", Read = taken.Record!.Read, Accepted = taken.Record.Accepted, Rejected = taken.Record.Rejected, Batches = taken.Record.Batches });
            await Task.Delay(pause, time, cancel);
            taken = await intake.RunAsync(resource, new IntakeRequest(Full: false, ByHand: true), progress, grown, cancel); // a full that was begun goes on by itself
        }

        return taken;
    }
}
