using Exchange.Bus.Catalogue;
using Exchange.Bus.Intake;
using Exchange.Contracts.Errors;

namespace Exchange.Bus.Exchanges;

/// <summary>Takes up changes of `changelog` sources as they come.</summary>
internal sealed class ChangeDuty(ICatalogue catalogue, SourceIntake intake, WorkBoard board, TimeProvider time) : IHubDuty
{
    /// <summary>Between two looks at a change log.</summary>
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            var snapshot = await catalogue.ReadAsync(stopping);
            foreach (var resource in snapshot.Resources.Values.Where(resource => resource.Source is { Mode: CaptureMode.ChangeLog }))
                board.Start($"resource {resource.Name}", token => ReadAsync(resource.Name, token), stopping);
            await Task.Delay(Pause, time, stopping);
        }
    }

    async Task<ExchangeException?> ReadAsync(string resource, CancellationToken cancel) =>
        await intake.HasChangesAsync(resource, cancel) ? (await intake.RunAsync(resource, wantFull: false, null, null, cancel)).Fault : null;
}
