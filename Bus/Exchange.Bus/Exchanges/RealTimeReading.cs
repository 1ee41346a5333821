using Exchange.Bus.Intake;
using Exchange.Bus.Limits;
using Exchange.Bus.Timeliness;

namespace Exchange.Bus.Exchanges;

/// <summary>Takes up what there is at a source that is followed in real time, if there is anything and nobody else is at it. Safe for concurrent callers.</summary>
internal sealed class RealTimeReading(SourceIntake intake, QuietSources quiet, NodePlaces places)
{
    /// <param name="resource">The resource.</param>
    /// <param name="askSource">Whether to ask the source too; else only what the hub itself knows of.</param>
    /// <param name="appended">Called after each append; null: nobody listens.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>Null: there was nothing to take up.</returns>
    /// <exception cref="Contracts.Errors.ExchangeException">hub.lease.busy: another reads the source.</exception>
    public async Task<IntakeOutcome?> RunAsync(string resource, bool askSource, Action? appended, CancellationToken cancel)
    {
        var changed = await intake.HasChangesAsync(resource, askSource, cancel);
        if (!changed && !await quiet.AreDueAsync(resource, cancel)) return null;
        using var place = await places.TakeAsync(cancel);
        // Another node may have taken the changes up meanwhile. Whether a quiet source is due is not asked twice: it is answered once in a while.
        if (changed && place.Waited && !await intake.HasChangesAsync(resource, askSource, cancel)) return null;
        return await intake.RunAsync(resource, new IntakeRequest(Full: false, ByHand: false, IfFree: true) { Place = place }, null, appended, cancel);
    }
}
