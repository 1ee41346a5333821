using System.Collections.Concurrent;
using Exchange.Bus.Messaging;
using Exchange.Contracts.Operations;
using Exchange.IntegrationTests.Storage;
using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Rebus.Handlers;
using Rebus.Transport;

namespace Exchange.IntegrationTests.Messaging;

public sealed record Probe(int Number);

public sealed record Echo(int Number);

/// <summary>One hub process with its message bus, on the store of a fixture.</summary>
internal sealed class MessagingNode
{
    readonly ServiceProvider _services;

    MessagingNode(ServiceProvider services) => _services = services;

    public ConcurrentQueue<int> Handled { get; } = [];

    public ConcurrentQueue<int> Echoed { get; } = [];

    public IStore Store => _services.GetRequiredService<IStore>();

    public MessageQueue Queue => _services.GetRequiredService<MessageQueue>();

    public MessageBus Bus => _services.GetRequiredService<MessageBus>();

    public IInbox Inbox => _services.GetRequiredService<IInbox>();

    public IFailedMessages Errors => _services.GetRequiredService<IFailedMessages>();

    public IMessageSender Sender => _services.GetRequiredService<IMessageSender>();

    /// <summary>Options that tests can wait for.</summary>
    public static MessagingOptions Quick { get; } = new()
    {
        Parallelism = 4,
        // Longer than a machine with other work stands still: a test that is about leases names its own.
        Lease = TimeSpan.FromMinutes(1),
        ImmediateAttempts = 2,
        DelayedRetries = [TimeSpan.FromMilliseconds(200)],
        LookInterval = TimeSpan.FromMilliseconds(500),
    };

    public static async Task<MessagingNode> CreateAsync(StoreFixture fixture, Func<MessagingNode, Probe, Task>? handle = null, MessagingOptions? options = null, Action<IServiceCollection>? more = null)
    {
        MessagingNode? node = null;
        var provider = fixture.Node(services =>
        {
            services
                .AddSingleton(TimeProvider.System)
                .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance)
                .AddMessaging(options ?? Quick)
                .AddMessage<Probe>("test-probe")
                .AddMessage<Echo>("test-echo")
                .AddSingleton<IHandleMessages<Probe>>(_ => new ProbeHandler(async probe =>
                {
                    if (handle is not null) await handle(node!, probe);
                    node!.Handled.Enqueue(probe.Number);
                }))
                .AddSingleton<IHandleMessages<Echo>>(_ => new EchoHandler(echo => node!.Echoed.Enqueue(echo.Number)));
            more?.Invoke(services);
        });
        node = new MessagingNode(provider);
        await node._services.GetRequiredService<IMigrations>().MigrateAsync(MessagingMigrations.All, CancellationToken.None);
        return node;
    }

    /// <summary>Ends a claim as the transport does after a handler that sent.</summary>
    public async Task EndAsync(ClaimedMessage claim, IReadOnlyList<QueuedMessage> sends)
    {
        using var scope = new RebusTransactionScope();
        var delivery = Delivery.Of(scope.TransactionContext, claim, _ => { });
        foreach (var message in sends) delivery.Send(message);
        await _services.GetRequiredService<MessageEndings>().EndAsync(new Ending(delivery, claim, sends.Count), CancellationToken.None);
    }

    public async Task<MessagingNode> StartAsync()
    {
        await Bus.StartAsync(CancellationToken.None);
        return this;
    }

    public Task SendAsync(object message, TimeSpan delay = default) => Store.WriteAsync(async session =>
    {
        await Sender.SendAsync(session, message, CancellationToken.None, delay);
        return 0;
    }, CancellationToken.None);

    public Task<long> CountAsync(string table) => Store.ReadAsync(session => session.ScalarAsync<long>($"SELECT count(*) FROM {table}", CancellationToken.None), CancellationToken.None);

    public Task<int> ExecuteAsync(string sql, params (string, object?)[] parameters) => Store.WriteAsync(session => session.ExecuteAsync(sql, CancellationToken.None, parameters), CancellationToken.None);

    sealed class ProbeHandler(Func<Probe, Task> handle) : IHandleMessages<Probe>
    {
        public Task Handle(Probe message) => handle(message);
    }

    sealed class EchoHandler(Action<Echo> handle) : IHandleMessages<Echo>
    {
        public Task Handle(Echo message)
        {
            handle(message);
            return Task.CompletedTask;
        }
    }
}

internal static class Eventually
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>Samples until the value is as expected; fails with the last sample.</summary>
    public static async Task EqualsAsync<T>(T expected, Func<Task<T>> sample)
    {
        var until = TimeProvider.System.GetTimestamp();
        T last;
        do
        {
            last = await sample();
            if (Equals(expected, last)) return;
            await Task.Delay(20);
        }
        while (TimeProvider.System.GetElapsedTime(until) < Patience);
        Assert.AreEqual(expected, last);
    }

    public static Task EqualsAsync<T>(T expected, Func<T> sample) => EqualsAsync(expected, () => Task.FromResult(sample()));
}
