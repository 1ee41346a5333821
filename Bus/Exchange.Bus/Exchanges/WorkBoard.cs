using System.Collections.Concurrent;
using Exchange.Contracts.Errors;
using Microsoft.Extensions.Logging;

namespace Exchange.Bus.Exchanges;

/// <summary>
/// What this node is working at, by name: each source and each subscription goes its own way. Work that is asked for while it goes on is done once more afterwards; work that
/// fails waits longer and longer and holds nobody else. Safe for concurrent callers.
/// </summary>
internal sealed partial class WorkBoard(TimeProvider time, ILogger<WorkBoard> logger)
{
    static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(2);

    static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(1);

    readonly ConcurrentDictionary<string, Task> _working = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, (DateTimeOffset Until, TimeSpan Backoff)> _waiting = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, bool> _again = new(StringComparer.Ordinal);

    /// <summary>Starts work and returns at once, unless the same work goes on already (then it is done once more afterwards) or is waiting after a fault.</summary>
    /// <param name="name">What people read in the log: resource r, subscription s.</param>
    /// <param name="work">Answers the fault that ended it, or null.</param>
    /// <param name="stopping">The hub stops.</param>
    public void Start(string name, Func<CancellationToken, Task<ExchangeException?>> work, CancellationToken stopping)
    {
        if (_waiting.TryGetValue(name, out var wait) && time.GetUtcNow() < wait.Until) return;
        _again[name] = true;
        _working.AddOrUpdate(name, _ => WorkAsync(name, work, stopping), (_, running) => running.IsCompleted ? WorkAsync(name, work, stopping) : running);
    }

    /// <summary>Waits until all work has ended.</summary>
    public Task EndedAsync() => Task.WhenAll(_working.Values);

    async Task WorkAsync(string name, Func<CancellationToken, Task<ExchangeException?>> work, CancellationToken stopping)
    {
        await Task.Yield();
        try
        {
            while (_again.TryRemove(name, out _))
            {
                if (await work(stopping) is { } fault)
                {
                    Wait(name, fault.Message);
                    return;
                }

                _waiting.TryRemove(name, out _);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
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
}
