using System.Collections.Concurrent;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Delivery;
using Exchange.Bus.Intake;
using Exchange.Bus.Log;
using Exchange.Bus.Messaging;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Operations;
using Microsoft.Extensions.Logging;

namespace Exchange.Bus.Exchanges;

/// <summary>
/// A running hub: takes up changes of `changelog` sources as they come, and delivers whatever is in a log. A wake-up message starts a delivery at once; a sweep finds
/// what a lost message would have left, by comparing cursors with logs. Each source and each subscription goes its own way: one that fails waits longer and longer
/// and holds nobody else.
/// </summary>
internal sealed partial class HubLoop(
    ICatalogue catalogue, SourceIntake intake, SubscriptionDelivery delivery, DeliveryStates deliveries, IResourceLog log, PayloadSweep payloads, IMessageBus bus, TimeProvider time, ILogger<HubLoop> logger) : IHubLoop
{
    /// <summary>Between two looks at a change log.</summary>
    static readonly TimeSpan ChangePause = TimeSpan.FromSeconds(1);

    /// <summary>Between two sweeps.</summary>
    static readonly TimeSpan SweepPause = TimeSpan.FromSeconds(10);

    /// <summary>Between two looks for payload files that belong to no batch.</summary>
    static readonly TimeSpan PayloadPause = TimeSpan.FromHours(1);

    static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(2);

    static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(1);

    readonly ConcurrentDictionary<string, Task> _working = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, (DateTimeOffset Until, TimeSpan Backoff)> _waiting = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, bool> _again = new(StringComparer.Ordinal);

    CancellationToken _stopping;

    /// <summary>Delivers a resource's subscriptions; returns at once. Called for each wake-up message.</summary>
    public async Task WakeAsync(string resource)
    {
        var cancel = _stopping;
        var snapshot = await catalogue.ReadAsync(cancel);
        foreach (var subscription in snapshot.Subscriptions.Values.Where(subscription => subscription.Resource == resource))
            Start($"subscription {subscription.Name}", token => DeliverAsync(subscription.Name, token), cancel);
    }

    public async Task RunAsync(CancellationToken cancel)
    {
        _stopping = cancel;
        await bus.StartAsync(cancel);
        try
        {
            await LoopAsync(cancel);
        }
        finally
        {
            await bus.StopAsync(CancellationToken.None);
            await Task.WhenAll(_working.Values);
        }
    }

    async Task LoopAsync(CancellationToken stoppingToken)
    {
        var swept = DateTimeOffset.MinValue;
        var payloadsSwept = DateTimeOffset.MinValue;
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                try
                {
                    await TakeUpChangesAsync(stoppingToken);
                    if (time.GetUtcNow() - swept >= SweepPause)
                    {
                        await SweepAsync(stoppingToken);
                        swept = time.GetUtcNow();
                    }

                    if (time.GetUtcNow() - payloadsSwept >= PayloadPause)
                    {
                        payloadsSwept = time.GetUtcNow();
                        await payloads.SweepAsync(stoppingToken);
                    }
                }
                catch (Exception exception) when (exception is ExchangeException or System.Data.Common.DbException or IOException or UnauthorizedAccessException)
                {
                    StoreFailed(exception);
                }

                await Task.Delay(ChangePause, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    async Task TakeUpChangesAsync(CancellationToken cancel)
    {
        var snapshot = await catalogue.ReadAsync(cancel);
        foreach (var resource in snapshot.Resources.Values.Where(resource => resource.Source is { Mode: CaptureMode.ChangeLog }))
            Start($"resource {resource.Name}", token => ReadAsync(resource.Name, token), cancel);
    }

    async Task SweepAsync(CancellationToken cancel)
    {
        var snapshot = await catalogue.ReadAsync(cancel);
        foreach (var subscription in snapshot.Subscriptions.Values)
        {
            var head = await log.HeadAsync(subscription.Resource, cancel);
            var state = await deliveries.ReadAsync(subscription.Name, cancel);
            if (head is not null && (state is null || state.Applied < head.Number || state.Hold is not null))
                Start($"subscription {subscription.Name}", token => DeliverAsync(subscription.Name, token), cancel);
        }
    }

    async Task<ExchangeException?> ReadAsync(string resource, CancellationToken cancel) =>
        await intake.HasChangesAsync(resource, cancel) ? (await intake.RunAsync(resource, wantFull: false, null, null, cancel)).Fault : null;

    async Task<ExchangeException?> DeliverAsync(string subscription, CancellationToken cancel) =>
        (await delivery.RunAsync(subscription, null, null, null, cancel)).Fault;

    /// <summary>Starts work unless the same work goes on already (then it is done once more afterwards) or is waiting after a fault.</summary>
    void Start(string name, Func<CancellationToken, Task<ExchangeException?>> work, CancellationToken cancel)
    {
        if (_waiting.TryGetValue(name, out var wait) && time.GetUtcNow() < wait.Until) return;
        _again[name] = true;
        _working.AddOrUpdate(name, _ => WorkAsync(name, work, cancel), (_, running) => running.IsCompleted ? WorkAsync(name, work, cancel) : running);
    }

    async Task WorkAsync(string name, Func<CancellationToken, Task<ExchangeException?>> work, CancellationToken cancel)
    {
        await Task.Yield();
        try
        {
            while (_again.TryRemove(name, out _))
            {
                if (await work(cancel) is { } fault)
                {
                    Wait(name, fault.Message);
                    return;
                }

                _waiting.TryRemove(name, out _);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
        }
        catch (Exception exception) when (exception is ExchangeException or System.Data.Common.DbException or IOException)
        {
            Wait(name, exception.Message);
        }
#pragma warning disable CA1031 // nobody awaits this work before the hub stops: what is not told here is never told, and would be tried again each second
        catch (Exception exception)
#pragma warning restore CA1031
        {
            WorkBroke(exception, name);
            Wait(name, exception.Message);
        }
    }

    void Wait(string name, string why)
    {
        var backoff = _waiting.TryGetValue(name, out var before) ? TimeSpan.FromTicks(Math.Min(before.Backoff.Ticks * 2, LongestBackoff.Ticks)) : FirstBackoff;
        _waiting[name] = (time.GetUtcNow() + backoff, backoff);
        WorkWaits(name, backoff, why);
    }

    [LoggerMessage(1300, LogLevel.Warning, "{Work} is tried again in {Pause}: {Why}")]
    partial void WorkWaits(string work, TimeSpan pause, string why);

    [LoggerMessage(1302, LogLevel.Error, "{Work} failed in a way that was not foreseen")]
    partial void WorkBroke(Exception exception, string work);

    [LoggerMessage(1301, LogLevel.Error, "The hub's store did not answer; it is tried again")]
    partial void StoreFailed(Exception exception);
}
