using Exchange.Bus.Messaging;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Operations;
using Microsoft.Extensions.Logging;

namespace Exchange.Bus.Exchanges;

/// <summary>A running hub: the message bus and every <see cref="IHubDuty"/>, until it is told to stop; then what is under way ends in good order.</summary>
internal sealed partial class HubLoop(IEnumerable<IHubDuty> duties, WorkBoard board, IMessageBus bus, TimeProvider time, ILogger<HubLoop> logger) : IHubLoop
{
    /// <summary>Before a duty that failed is begun anew.</summary>
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task RunAsync(CancellationToken cancel)
    {
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
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await duty.RunAsync(stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is ExchangeException or System.Data.Common.DbException or IOException or UnauthorizedAccessException)
            {
                DutyFailed(exception, duty.GetType().Name);
            }

            try
            {
                await Task.Delay(Pause, time, stopping);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    [LoggerMessage(1301, LogLevel.Error, "{Duty} could not go on (does the hub's store answer?); it is tried again")]
    partial void DutyFailed(Exception exception, string duty);
}
