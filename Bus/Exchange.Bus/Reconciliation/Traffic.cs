using Exchange.Bus.Delivery;
using Exchange.Bus.Intake;
using Exchange.Bus.Log;
using Exchange.Contracts.FrontEnd;
using Exchange.Storage;

namespace Exchange.Bus.Reconciliation;

/// <summary>Tells whether something is on its way from a source to a target that could yet make their rows equal.</summary>
internal sealed class Traffic(IResourceLog log, ILeases leases, DeliveryStates deliveries)
{
    /// <summary>
    /// Asked in the order in which a change goes: first whether it waits in the change log (an entry is removed only once its rows are in the log), then whether the source is being read, then
    /// whether the target is behind the log. What passes one gate while the next is being asked is seen there.
    /// </summary>
    public async Task<bool> AnyAsync(SourcePlan plan, string subscription, CancellationToken cancel)
    {
        if (plan.Capture is { } capture && (await plan.Database.Capture.StatusAsync(capture, cancel)) is { State: CaptureState.Installed, Waiting: > 0 }) return true;
        if (await leases.HolderAsync($"source:{plan.Resource.Name}", cancel) is not null) return true;
        var head = await log.HeadAsync(plan.Resource.Name, cancel);
        return head is not null && ((await deliveries.ReadAsync(subscription, cancel))?.Applied ?? -1) < head.Number;
    }
}
