using Exchange.Bus.Catalogue;
using Exchange.Bus.Intake;
using Exchange.Bus.Scheduling;
using Exchange.Bus.Timeliness;
using Exchange.Contracts.Errors;

namespace Exchange.Bus.Exchanges;

/// <summary>Takes up changes of `changelog` sources as they come; those with an incremental schedule are read by it only.</summary>
internal sealed class ChangeDuty(ICatalogue catalogue, SourceIntake intake, QuietSources quiet, WorkBoard board, TimeProvider time) : IHubDuty
{
    /// <summary>Between two looks at a change log.</summary>
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            var snapshot = await catalogue.ReadAsync(stopping);
            var scheduled = ScheduleDefinition.ReadOnlyBySchedule(snapshot);
            foreach (var resource in snapshot.Resources.Values.Where(resource => resource.Source is { Mode: CaptureMode.ChangeLog } && !scheduled.Contains(resource.Name)))
                board.Start($"resource {resource.Name}", token => ReadAsync(resource.Name, token), stopping);
            await Task.Delay(Pause, time, stopping);
        }
    }

    async Task<ExchangeException?> ReadAsync(string resource, CancellationToken cancel) =>
        await intake.HasChangesAsync(resource, cancel) || await quiet.AreDueAsync(resource, cancel) ? (await intake.RunAsync(resource, default, null, null, cancel)).Fault : null;
}
