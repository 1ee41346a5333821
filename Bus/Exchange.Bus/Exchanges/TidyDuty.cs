using Exchange.Bus.Log;
using Exchange.Bus.Quality;

namespace Exchange.Bus.Exchanges;

/// <summary>Removes what nobody needs any more, once an hour: payload files that belong to no batch, known values that were replaced.</summary>
internal sealed class TidyDuty(PayloadSweep payloads, IKnownValues known, TimeProvider time) : IHubDuty
{
    static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    public async Task RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            await payloads.SweepAsync(stopping);
            await known.SweepAsync(stopping);
            await Task.Delay(Pause, time, stopping);
        }
    }
}
