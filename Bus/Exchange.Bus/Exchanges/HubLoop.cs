using Exchange.Bus.Limits;
using Exchange.Bus.Messaging;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Operations;
using Microsoft.Extensions.Logging;

namespace Exchange.Bus.Exchanges;

/// <summary>A running hub: the message bus and every <see cref="IHubDuty"/>, until it is told to stop; then what is under way ends in good order.</summary>
internal sealed partial class HubLoop(IEnumerable<IHubDuty> duties, WorkBoard board, NodePlaces places, IMessageBus bus, TimeProvider time, ILogger<HubLoop> logger) : IHubLoop
{
    /// <summary>Before a duty that failed is begun anew; doubled while it goes on failing.</summary>
    static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    /// <summary>A duty that has gone on for so long does its work again.</summary>
    static readonly TimeSpan Settled = TimeSpan.FromSeconds(3);

    public async Task RunAsync(int exchanges, CancellationToken cancel)
    {
        places.Open(exchanges);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        // Duties first: a message that comes at once finds the duty that it wakes.
        var kept = Task.WhenAll(duties.Select(duty => KeepAsync(duty, stopping.Token)));
        try
        {
            await bus.StartAsync(cancel);
            await kept;
        }
        finally
        {
            await stopping.CancelAsync();
            await bus.StopAsync(CancellationToken.None);
            await kept;
            await board.EndedAsync();
        }
    }

    async Task KeepAsync(IHubDuty duty, CancellationToken stopping)
    {
        var (pause, failedFirst) = (TimeSpan.Zero, 0L);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var going = duty.RunAsync(stopping);
                if (pause > TimeSpan.Zero && await Task.WhenAny(going, Task.Delay(Settled, time, stopping)) != going && !stopping.IsCancellationRequested)
                {
                    DutyGoesOn(duty.GetType().Name, time.GetElapsedTime(failedFirst));
                    pause = TimeSpan.Zero;
                }

                await going;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is ExchangeException or System.Data.Common.DbException or IOException or UnauthorizedAccessException or TimeoutException)
            {
                if (pause == TimeSpan.Zero)
                {
                    failedFirst = time.GetTimestamp();
                    DutyFailed(exception, duty.GetType().Name, exception.Message, LongestPause);
                }

                pause = pause == TimeSpan.Zero ? FirstPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }

            await Task.Delay(pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(1301, LogLevel.Error, "{Duty} waits for the hub's store: {Why} It is tried again, every {Longest} at the latest.")]
    partial void DutyFailed(Exception exception, string duty, string why, TimeSpan longest);

    [LoggerMessage(1308, LogLevel.Warning, "{Duty} goes on after {Waited}")]
    partial void DutyGoesOn(string duty, TimeSpan waited);
}
