using Exchange.Bus.Catalogue;
using Exchange.Bus.Intake;
using Exchange.Contracts.FrontEnd;
using Exchange.Storage;

namespace Exchange.Bus.Exchanges;

/// <summary>Once a minute, one node for all: no slot of a `wal` source may fill a department's disk, also where increments are held or wait for their schedule.</summary>
internal sealed class SlotDuty(ICatalogue catalogue, IFrontEndDatabases databases, WalWatch watch, ILeases leases, WorkBoard board, TimeProvider time) : IHubDuty
{
    static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    /// <summary>Taken for each look and left to run out, so that other nodes leave this minute alone.</summary>
    static readonly TimeSpan Turn = TimeSpan.FromSeconds(55);

    public async Task RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            // A hub that starts reads first what its slots kept for it.
            await Task.Delay(Pause, time, stopping);
            var snapshot = await catalogue.ReadAsync(stopping);
            var followed = snapshot.Resources.Values.Where(resource => resource.Source is { Mode: CaptureMode.Wal }).ToList();
            if (followed.Count == 0 || await leases.TryAcquireAsync("slots", Turn, stopping) is null) continue;
            foreach (var resource in followed)
                board.Start($"slot of {resource.Name}", async cancel =>
                {
                    await using var database = databases.Open(snapshot.Connections[resource.Source!.Connection].ToFrontEnd());
                    await watch.GuardAsync(resource, resource.Source, database, cancel);
                    return null;
                }, stopping);
        }
    }
}
