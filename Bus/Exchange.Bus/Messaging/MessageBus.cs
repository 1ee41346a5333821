using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rebus.Bus;
using Rebus.Config;
using Rebus.Pipeline;
using Rebus.Pipeline.Receive;
using Rebus.Retry;
using Rebus.Routing.TypeBased;
using Rebus.Serialization;
using Rebus.Workers.TplBased;

namespace Exchange.Bus.Messaging;

internal sealed partial class MessageBus(IServiceScopeFactory scopes, MessageQueue queue, MessageEndings endings, IStoreSignals signals, FailedMessageWriter errors, MessageTypes types, SubscriptionStore subscriptions,
    Inbox inbox, MessagingOptions options, TimeProvider time, ILoggerFactory loggers) : IMessageBus, IAsyncDisposable
{
    static readonly TimeSpan ForgetInterval = TimeSpan.FromHours(1);

    readonly ILogger _logger = loggers.CreateLogger<MessageBus>();
    QueueTransport? _transport;
    IBus? _bus;
    CancellationTokenSource? _stop;
    Task _forgetting = Task.CompletedTask;

    /// <summary>Messages under way: those being handled, and those whose handlers wait for a common end.</summary>
    int Deliveries => options.Parallelism + (options.MessagesPerWrite > 1 ? options.MessagesPerWrite : 0);

    /// <summary>For handlers that answer, publish or defer through Rebus.</summary>
    public IBus Bus => _bus ?? throw new InvalidOperationException("The message bus does not run.");

    internal QueueTransport Transport => _transport ?? throw new InvalidOperationException("The message bus does not run.");

    public Task StartAsync(CancellationToken cancel)
    {
        if (_bus is not null) throw new InvalidOperationException("The message bus runs already.");
        cancel.ThrowIfCancellationRequested();
        _transport = new QueueTransport(queue, endings, signals, options, time, loggers.CreateLogger<QueueTransport>());
        _bus = Configure(_transport).Start();
        _transport.Start();
        _stop = new CancellationTokenSource();
        _forgetting = ForgetAsync(_stop.Token);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancel)
    {
        if (_bus is not { } bus) return;
        await _stop!.CancelAsync();
        // Rebus waits for its handlers on the calling thread.
        await Task.Factory.StartNew(bus.Dispose, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await _transport!.DisposeAsync();
        await _forgetting;
        _stop.Dispose();
        _bus = null;
        _transport = null;
    }

    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    RebusConfigurer Configure(QueueTransport transport)
    {
        var serializer = new MessageSerializer(types);
        return Rebus.Config.Configure.With(new HandlerActivator(scopes))
            .Logging(logging => logging.Use(new RebusLogs(loggers)))
            .Transport(configurer => configurer.Register(_ => transport))
            .Timeouts(configurer => configurer.Register(_ => new NoTimeouts()))
            .Subscriptions(configurer => configurer.Register(_ => subscriptions))
            .Serialization(configurer => configurer.Register(_ => serializer))
            .Routing(configurer => configurer.TypeBased().MapFallback(options.Queue))
            .Options(configurer =>
            {
                // A worker a delivery, each waiting in the transport without a thread: one that has a worker of its own never finds the limit of parallelism reached, and so
                // never sleeps Rebus's back-off times, which cap a handler at ten messages a second.
                configurer.UseTplToReceiveMessages();
                configurer.SetNumberOfWorkers(Deliveries);
                configurer.SetMaxParallelism(Deliveries);
                configurer.SetWorkerShutdownTimeout(options.ShutdownTimeout);
                configurer.Register<IMessageTypeNameConvention>(_ => serializer);
                configurer.Register<IRetryStrategy>(context => new RetryStrategy(queue, errors, options, loggers.CreateLogger<RetryStrategy>(), context.Get<CancellationToken>()));
                configurer.Decorate<IPipeline>(context => new PipelineStepRemover(context.Get<IPipeline>()).RemoveIncomingStep(step => step is HandleDeferredMessagesStep));
            });
    }

    async Task ForgetAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(ForgetInterval, time);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stop);
                await inbox.ForgetAsync(time.GetUtcNow() - options.InboxRetention, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failed)
            {
                LogForgetFailed(failed);
            }
        }
    }

    [LoggerMessage(2703, LogLevel.Warning, "Old entries of the inbox could not be deleted; trying again later")]
    partial void LogForgetFailed(Exception exception);
}
