using Exchange.Contracts.Errors;

namespace Exchange.Storage;

/// <summary>
/// A lease that is renewed until disposed. <see cref="Lost"/> is cancelled when renewing fails, so that its holder stops; the fence stops writes that are already
/// on their way.
/// </summary>
public sealed class HeldLease : IAsyncDisposable
{
    readonly ILeases _leases;
    readonly CancellationTokenSource _lost = new();
    readonly CancellationTokenSource _ended = new();
    readonly Task _renewing;

    HeldLease(ILeases leases, Lease lease, TimeSpan duration, TimeProvider time)
    {
        _leases = leases;
        Lease = lease;
        _renewing = RenewAsync(duration, time);
    }

    public Lease Lease { get; }

    public CancellationToken Lost => _lost.Token;

    /// <summary>The lease, or null while another holds it.</summary>
    public static async Task<HeldLease?> TryAcquireAsync(ILeases leases, string name, TimeSpan duration, TimeProvider time, CancellationToken cancel) =>
        await leases.TryAcquireAsync(name, duration, cancel) is { } lease ? new HeldLease(leases, lease, duration, time) : null;

    /// <summary>The lease, waiting while another holds it.</summary>
    /// <param name="leases">The store's leases.</param>
    /// <param name="name">What is to be held.</param>
    /// <param name="duration">How long a dead holder keeps others waiting; renewed at a third of it.</param>
    /// <param name="patience">How long to wait; zero: not at all.</param>
    /// <param name="waiting">Told who holds it, each time before waiting.</param>
    /// <param name="time">Clock of waiting and renewing.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="ExchangeException">hub.lease.busy: patience is at its end.</exception>
    public static async Task<HeldLease> AcquireAsync(ILeases leases, string name, TimeSpan duration, TimeSpan patience, Action<string>? waiting, TimeProvider time, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            if (await TryAcquireAsync(leases, name, duration, time, cancel) is { } held) return held;
            var holder = await leases.HolderAsync(name, cancel) ?? "another process";
            if (time.GetElapsedTime(began) >= patience)
                throw new ExchangeException(ErrorCodes.LeaseBusy, Party.Hub, $"'{name}' is held by {holder}.", "Wait until it has ended and try again.");
            waiting?.Invoke(holder);
            await Task.Delay(Pause, time, cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _renewing;
        // A lease that can't be given back runs out by itself.
        try { await _leases.ReleaseAsync(Lease, CancellationToken.None); }
        catch (ExchangeException) { }
        catch (System.Data.Common.DbException) { }
        _ended.Dispose();
        _lost.Dispose();
    }

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    async Task RenewAsync(TimeSpan duration, TimeProvider time)
    {
        var failingSince = time.GetTimestamp();
        while (!_ended.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(duration / 3, time, _ended.Token);
                if (!await _leases.RenewAsync(Lease, duration, _ended.Token)) break;
                failingSince = time.GetTimestamp();
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception exception) when (exception is System.Data.Common.DbException or ExchangeException or TimeoutException)
            {
                // The store may be back before the lease has run out.
                if (time.GetElapsedTime(failingSince) >= duration) break;
            }
        }

        if (!_ended.IsCancellationRequested) await _lost.CancelAsync();
    }
}
