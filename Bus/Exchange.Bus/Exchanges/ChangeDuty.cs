using System.Collections.Concurrent;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Intake;
using Exchange.Bus.Scheduling;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Bus.Exchanges;

/// <summary>
/// Takes up changes of `changelog` sources as they come; those with an incremental schedule are read by it only. A <see cref="SourceWatch"/> a connection tells of changes; what the hub
/// itself knows of (a full to begin or go on with, rows to judge again) is looked for in the store. A source that another node reads at the moment is looked at again until it is known
/// that nothing is left there: the other may have died, or may have looked just before the change.
/// </summary>
internal sealed class ChangeDuty(
    ICatalogue catalogue, RealTimeReading reading, SourceWatch watch, DeliveryDuty deliveries, WorkBoard board, TimeProvider time) : IHubDuty
{
    /// <summary>Between two looks at the catalogue and the store, and at sources that another node was reading.</summary>
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<string, bool> _unsure = new(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken stopping)
    {
        var watches = new Dictionary<FrontEndConnection, Watched>();
        try
        {
            (long Version, List<Resource> Resources) seen = (-1, []);
            while (true)
            {
                var snapshot = await catalogue.ReadAsync(stopping);
                if (snapshot.Version != seen.Version || watches.Values.Any(watched => watched.Task.IsCompleted))
                {
                    seen = (snapshot.Version, RealTime(snapshot));
                    await FollowAsync(watches, snapshot, seen.Resources, stopping);
                }

                foreach (var resource in seen.Resources) Start(resource.Name, _unsure.ContainsKey(resource.Name), stopping);
                await Task.Delay(Pause, time, stopping);
            }
        }
        finally
        {
            foreach (var watched in watches.Values) await watched.EndAsync();
        }
    }

    static List<Resource> RealTime(CatalogueSnapshot snapshot)
    {
        var scheduled = ScheduleDefinition.ReadOnlyBySchedule(snapshot);
        return [.. snapshot.Resources.Values.Where(resource => resource.Source is { Mode: CaptureMode.ChangeLog } && !scheduled.Contains(resource.Name))];
    }

    /// <summary>Begins and ends watches as the catalogue says.</summary>
    async Task FollowAsync(Dictionary<FrontEndConnection, Watched> watches, CatalogueSnapshot snapshot, List<Resource> resources, CancellationToken stopping)
    {
        var wanted = resources.GroupBy(resource => snapshot.Connections[resource.Source!.Connection].ToFrontEnd())
            .ToDictionary(group => group.Key, group => group.Select(resource => (resource.Name, Log: SourcePlan.CaptureOf(resource, resource.Source!, snapshot))).ToList());
        foreach (var (connection, watched) in watches.ToList())
        {
            if (!watched.Task.IsCompleted && wanted.TryGetValue(connection, out var logs) && watched.Watches(logs)) continue;
            watches.Remove(connection);
            await watched.EndAsync();
        }

        foreach (var (connection, logs) in wanted.Where(group => !watches.ContainsKey(group.Key)))
        {
            var names = logs.ToLookup(log => log.Log, log => log.Name);
            var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            var task = Task.Run(() => watch.RunAsync(connection, [.. names.Select(log => log.Key)], log => Start(names[log].First(), askSource: true, stopping), ending.Token), stopping);
            watches[connection] = new Watched(logs, task, ending);
        }
    }

    void Start(string resource, bool askSource, CancellationToken stopping)
    {
        if (askSource) _unsure[resource] = true;
        board.Start($"resource {resource}", token => ReadAsync(resource, token), stopping);
    }

    async Task<ExchangeException?> ReadAsync(string resource, CancellationToken cancel)
    {
        // Taken before the look: what is told during it is looked for again.
        var askSource = _unsure.TryRemove(resource, out _);
        try
        {
            var fault = (await reading.RunAsync(resource, askSource, () => deliveries.Wake(resource), cancel))?.Fault;
            if (fault is not null) _unsure[resource] = true;
            return fault;
        }
        catch (ExchangeException busy) when (busy.Code == ErrorCodes.LeaseBusy)
        {
            _unsure[resource] = true;
            return null;
        }
        catch
        {
            _unsure[resource] = true;
            throw;
        }
    }

    /// <summary>A watch under way.</summary>
    sealed record Watched(List<(string Name, CaptureTarget Log)> Logs, Task Task, CancellationTokenSource Ending)
    {
        public bool Watches(List<(string Name, CaptureTarget Log)> logs) => logs.Count == Logs.Count
            && logs.Zip(Logs).All(pair => pair.First.Name == pair.Second.Name && pair.First.Log.Table == pair.Second.Log.Table && pair.First.Log.Owner == pair.Second.Log.Owner);

        public async Task EndAsync()
        {
            await Ending.CancelAsync();
            await Task.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            Ending.Dispose();
        }
    }
}
