using Exchange.Bus.Delivery;
using Exchange.Bus.Intake;
using Exchange.Bus.Runs;
using Exchange.Storage;
using Microsoft.Extensions.Logging;

namespace Exchange.Bus.Exchanges;

/// <summary>
/// Closes the records of runs whose process is gone, so that nobody is told of work that nobody does. Whether a run lives is said by the lease it works under: nobody holds it, nobody works.
/// The work itself is taken over elsewhere, by whoever asks for that lease; a run that goes on after all says so itself.
/// </summary>
internal sealed partial class LostRunsDuty(IRuns runs, ILeases leases, TimeProvider time, ILogger<LostRunsDuty> logger) : IHubDuty
{
    /// <summary>Between two looks; also how long a run may say nothing before its lease is looked at.</summary>
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(20);

    public async Task RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            foreach (var run in await runs.SilentAsync(Pause, stopping))
            {
                var lease = run.Subscription is { } subscription ? SubscriptionDelivery.LeaseName(subscription) : SourceIntake.LeaseName(run.Resource);
                if (await leases.HolderAsync(lease, stopping) is null && await runs.CloseLostAsync(run, stopping)) RunLost(run.Id, run.Resource, run.Node);
            }

            await Task.Delay(Pause, time, stopping);
        }
    }

    [LoggerMessage(1307, LogLevel.Warning, "Run {Run} of {Resource} was abandoned: its process {Node} is gone; its work is taken over")]
    partial void RunLost(long run, string resource, string node);
}
