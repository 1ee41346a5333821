using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using Exchange.Contracts.Errors;
using Exchange.Storage;
using Microsoft.Extensions.Logging;
using Rebus.Messages;
using Rebus.Transport;

namespace Exchange.Bus.Messaging;

/// <summary>
/// Rebus's way to the queue. One pump claims for all handlers, and ahead of quick ones (<see cref="Stock"/>), in one statement; what was claimed ahead and waits all the same goes back to
/// where other nodes find it. Leases of what is held are renewed. What a handler sends goes out with the end of its message or not at all. A message whose handler only waits for its end takes
/// no handler's place.
/// </summary>
internal sealed partial class QueueTransport(MessageQueue queue, MessageEndings endings, IStoreSignals signals, MessagingOptions options, TimeProvider time,
    ILogger<QueueTransport> logger) : ITransport, IAsyncDisposable
{
    static readonly TimeSpan AfterError = TimeSpan.FromSeconds(1);

    /// <summary>Where a message is due and yet was not claimed: another node is at it.</summary>
    static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(10);

    readonly string _owner = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid():N}";
    readonly Channel<ClaimedMessage> _claimed = Channel.CreateUnbounded<ClaimedMessage>();
    readonly SemaphoreSlim _places = new(options.Parallelism);
    readonly SemaphoreSlim _asking = new(0);
    readonly Stock _stock = new(options.ClaimedAhead, time);
    readonly ConcurrentDictionary<long, ClaimedMessage> _held = new();
    readonly CancellationTokenSource _stop = new();
    Task _running = Task.CompletedTask;
    long _looks;

    public string Address => options.Queue;

    /// <summary>How often the store was asked for messages: what idling costs.</summary>
    internal long Looks => Interlocked.Read(ref _looks);

    /// <summary>A queue is a name; nothing is to be made.</summary>
    public void CreateQueue(string address)
    {
    }

    public void Start() => _running = Task.WhenAll(PumpAsync(_stop.Token), RenewAsync(_stop.Token));

    public Task Send(string destinationAddress, TransportMessage message, ITransactionContext context)
    {
        DeliveryOf(context, null).Send(ToQueue(destinationAddress, message));
        return Task.CompletedTask;
    }

    public async Task<TransportMessage> Receive(ITransactionContext context, CancellationToken cancellationToken)
    {
        // Cancelled only when the bus stops.
        await _places.WaitAsync(cancellationToken);
        _asking.Release();
        var claim = await _claimed.Reader.ReadAsync(cancellationToken);
        var delivery = DeliveryOf(context, claim);
        delivery.WhenLeft(() => _places.Release());
        context.OnDisposed(_ =>
        {
            // Whatever happened, the lease is not renewed after this; when nothing else ended the claim, the lease's end does.
            _held.TryRemove(KeyValuePair.Create(claim.Id, claim));
            delivery.Leave();
        });
        return new TransportMessage(new Dictionary<string, string>(claim.Headers), claim.Body);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        try
        {
            await GiveBackAsync(CancellationToken.None);
        }
        catch (Exception failed) when (failed is ExchangeException or System.Data.Common.DbException)
        {
            LogNotReturned(failed);
        }

        // The semaphores stay: a handler that outlives the stop gives its place back yet.
        _stop.Dispose();
    }

    async Task PumpAsync(CancellationToken stop)
    {
        await using var listener = signals.Listen(MessageQueue.ChannelOf(options.Queue));
        long? failingSince = null;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await FillAsync(listener, stop);
                if (failingSince is { } since) LogPumpGoesOn(time.GetElapsedTime(since));
                failingSince = null;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failed)
            {
                // Once: an outage of the store is not told again each second.
                if (failingSince is null) LogPumpFailed(failed);
                failingSince ??= time.GetTimestamp();
                await Task.Delay(AfterError, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    async Task FillAsync(IStoreListener listener, CancellationToken stop)
    {
        var asked = 0;
        if (_stock.Left >= 0)
        {
            if (!await AskedAsync(stop))
            {
                await GiveBackAsync(stop);
                return;
            }

            asked++;
        }

        while (await _asking.WaitAsync(0, stop)) asked++;
        _stock.Asked(asked);
        var wanted = _stock.Wanted;
        if (wanted == 0) return;

        Interlocked.Increment(ref _looks);
        var claims = await queue.ClaimAsync(options.Queue, _owner, _stock.Waiting, options.Lease, stop, wanted - _stock.Waiting);
        foreach (var claim in claims)
        {
            _held[claim.Id] = claim;
            _claimed.Writer.TryWrite(claim);
        }

        _stock.Claimed(claims.Count, wanted);
        if (_stock.Left >= 0) return;
        // The queue is empty, and handlers wait.
        var due = await queue.NextDueAsync(options.Queue, stop);
        await listener.WaitAsync(due < Shortest ? Shortest : due < options.LookInterval ? due.Value : options.LookInterval, stop);
    }

    /// <summary>Waits until a handler asks. False: none has for so long that what is here should be others'.</summary>
    async Task<bool> AskedAsync(CancellationToken stop)
    {
        if (_stock.Left == 0) await _asking.WaitAsync(stop);
        if (_stock.Left == 0 || await _asking.WaitAsync(0, stop)) return true;
        using var patience = new CancellationTokenSource(options.AheadPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token);
        try
        {
            await _asking.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Gives back what no handler has begun. A handler that asks meanwhile is found waiting by the next round.</summary>
    async Task GiveBackAsync(CancellationToken cancel)
    {
        var claims = new List<ClaimedMessage>();
        while (_claimed.Reader.TryRead(out var claim)) claims.Add(claim);
        _stock.GaveBack(claims.Count);
        // Should the write fail, the end of their leases gives them back.
        foreach (var claim in claims) _held.TryRemove(KeyValuePair.Create(claim.Id, claim));
        if (claims.Count > 0) await queue.GiveBackAsync(options.Queue, claims, cancel);
    }

    async Task RenewAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(options.Lease / 3, time);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stop);
                if (!_held.IsEmpty) await queue.RenewAsync([.. _held.Values], options.Lease, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failed)
            {
                LogRenewFailed(failed);
            }
        }
    }

    Delivery DeliveryOf(ITransactionContext context, ClaimedMessage? claim) => Delivery.Of(context, claim, made => context.OnCommit(_ => EndAsync(made)));

    Task EndAsync(Delivery delivery)
    {
        if (delivery.Ended) return Task.CompletedTask;
        var sent = delivery.Outgoing;
        return delivery.Claim is { } claim ? endings.EndAsync(new Ending(delivery, claim, sent.Count), CancellationToken.None) : queue.SendAsync(sent, CancellationToken.None);
    }

    QueuedMessage ToQueue(string recipient, TransportMessage message)
    {
        var headers = new Dictionary<string, string>(message.Headers);
        if (!headers.Remove(Headers.DeferredUntil, out var until)) return new QueuedMessage(recipient, headers, message.Body);
        if (headers.Remove(Headers.DeferredRecipient, out var deferred)) recipient = deferred;
        var delay = DateTimeOffset.Parse(until, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind) - time.GetUtcNow();
        return new QueuedMessage(recipient, headers, message.Body, delay > TimeSpan.Zero ? delay : TimeSpan.Zero);
    }

    [LoggerMessage(2701, LogLevel.Warning, "Messages could not be fetched; it is tried again each second")]
    partial void LogPumpFailed(Exception exception);

    [LoggerMessage(2704, LogLevel.Warning, "Messages are fetched again after {Waited}")]
    partial void LogPumpGoesOn(TimeSpan waited);

    [LoggerMessage(2705, LogLevel.Warning, "Messages that no handler had begun could not be given back; they come back when their leases end")]
    partial void LogNotReturned(Exception exception);

    [LoggerMessage(2702, LogLevel.Warning, "Leases of messages could not be renewed; trying again")]
    partial void LogRenewFailed(Exception exception);
}
