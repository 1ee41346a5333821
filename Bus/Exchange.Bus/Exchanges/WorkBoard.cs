using System.Collections.Concurrent;
using Exchange.Bus.Limits;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Microsoft.Extensions.Logging;

namespace Exchange.Bus.Exchanges;

/// <summary>
/// What this node is working at, by name: each source and each subscription goes its own way. Work that is asked for while it goes on is done once more afterwards; work that
/// fails waits longer and longer and holds nobody else; the log says once why it waits, and when it goes on, unless <see cref="ConnectionWaits"/> has said it. Safe for concurrent callers.
/// </summary>
internal sealed partial class WorkBoard(ConnectionWaits connections, TimeProvider time, ILogger<WorkBoard> logger)
{
    static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(2);

    static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(30);

    readonly Lock _gate = new();
    readonly Dictionary<string, Task> _working = new(StringComparer.Ordinal);
    readonly HashSet<string> _again = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, Waiting> _waiting = new(StringComparer.Ordinal);

    /// <summary>Starts work and returns at once, unless the same work goes on already (then it is done once more afterwards) or is waiting after a fault.</summary>
    /// <param name="name">What people read in the log: resource r, subscription s.</param>
    /// <param name="work">Answers the fault that ended it, or null.</param>
    /// <param name="stopping">The hub stops.</param>
    public void Start(string name, Func<CancellationToken, Task<ExchangeException?>> work, CancellationToken stopping)
    {
        if (_waiting.TryGetValue(name, out var wait) && time.GetElapsedTime(wait.Failed) < wait.Backoff) return;
        lock (_gate)
        {
            _again.Add(name);
            if (!_working.ContainsKey(name)) _working[name] = WorkAsync(name, work, stopping);
        }
    }

    /// <summary>Waits until all work has ended.</summary>
    public Task EndedAsync()
    {
        lock (_gate) return Task.WhenAll([.. _working.Values]);
    }

    async Task WorkAsync(string name, Func<CancellationToken, Task<ExchangeException?>> work, CancellationToken stopping)
    {
        await Task.Yield();
        var ended = false;
        try
        {
            while (IsWanted(name, out ended))
            {
                if (await work(stopping) is { } fault)
                {
                    Wait(name, fault.Code, $"{fault.Message} {fault.Next}", fault);
                    return;
                }

                if (_waiting.TryRemove(name, out var waited) && waited.Told) WorkGoesOn(name, time.GetElapsedTime(waited.Since));
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
        catch (Exception exception) when (exception is ExchangeException or System.Data.Common.DbException or IOException)
        {
            Wait(name, (exception as ExchangeException)?.Code ?? exception.GetType().Name, exception.Message, exception);
        }
#pragma warning disable CA1031 // nobody awaits this work before the hub stops: what is not told here is never told, and would be tried again each second
        catch (Exception exception)
#pragma warning restore CA1031
        {
            WorkBroke(exception, name);
            Wait(name, exception.GetType().Name, exception.Message, exception);
        }
        finally
        {
            if (!ended)
            {
                lock (_gate) _working.Remove(name);
            }
        }
    }

    /// <summary>Whether it was asked for since it was last begun. No: it ends here, and who asks from now on begins it anew.</summary>
    bool IsWanted(string name, out bool ended)
    {
        lock (_gate)
        {
            ended = !_again.Remove(name);
            if (ended) _working.Remove(name);
            return !ended;
        }
    }

    void Wait(string name, string code, string why, Exception fault)
    {
        var now = time.GetTimestamp();
        var before = _waiting.GetValueOrDefault(name);
        var backoff = before is null ? FirstBackoff : TimeSpan.FromTicks(Math.Min(before.Backoff.Ticks * 2, LongestBackoff.Ticks));
        var toldElsewhere = fault is FrontEndException && connections.Holds(name);
        _waiting[name] = new Waiting(before?.Since ?? now, now, backoff, code, before is { Told: true } || !toldElsewhere);
        if (toldElsewhere || (before is { Told: true } && before.Code == code)) WorkStillWaits(name, backoff, why);
        else WorkWaits(name, why, LongestBackoff);
    }

    /// <param name="Since">When the first attempt failed, by the clock that nobody sets.</param>
    /// <param name="Failed">The same of the last one.</param>
    /// <param name="Backoff">How long to wait after it.</param>
    /// <param name="Code">What kind of fault it was.</param>
    /// <param name="Told">Whether the log says here that it waits.</param>
    sealed record Waiting(long Since, long Failed, TimeSpan Backoff, string Code, bool Told);

    [LoggerMessage(1300, LogLevel.Warning, "{Work} waits: {Why} It is tried again, every {Longest} at the latest.")]
    partial void WorkWaits(string work, string why, TimeSpan longest);

    [LoggerMessage(1305, LogLevel.Debug, "{Work} is tried again in {Pause}: {Why}")]
    partial void WorkStillWaits(string work, TimeSpan pause, string why);

    [LoggerMessage(1306, LogLevel.Warning, "{Work} goes on after {Waited}")]
    partial void WorkGoesOn(string work, TimeSpan waited);

    [LoggerMessage(1302, LogLevel.Error, "{Work} failed in a way that was not foreseen")]
    partial void WorkBroke(Exception exception, string work);
}
