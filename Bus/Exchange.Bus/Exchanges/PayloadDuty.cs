using Exchange.Bus.Log;

namespace Exchange.Bus.Exchanges;

/// <summary>Removes payload files that belong to no batch, once an hour.</summary>
internal sealed class PayloadDuty(PayloadSweep payloads, TimeProvider time) : IHubDuty
{
    static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    public async Task RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            await payloads.SweepAsync(stopping);
            await Task.Delay(Pause, time, stopping);
        }
    }
}
