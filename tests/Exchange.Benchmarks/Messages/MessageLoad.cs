using System.Diagnostics;
using Exchange.Benchmarks.Measuring;
using Exchange.Bus.Messaging;
using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Rebus.Handlers;

namespace Exchange.Benchmarks.Messages;

/// <summary>A message of about 1 kB.</summary>
internal sealed record Load(int Number, string Text);

/// <summary>What a handler does with a message, always through the inbox.</summary>
internal enum Effect
{
    /// <summary>Nothing of its own: the note in the inbox alone.</summary>
    None,

    /// <summary>One row, as a saga does.</summary>
    Row,

    /// <summary>One row, written in one statement with those of other messages.</summary>
    RowTogether,
}

/// <summary>A hub's messaging in this process: the real pipeline, queue and store, and a handler.</summary>
internal sealed class MessageLoad : IAsyncDisposable
{
    public const int Handlers = 20;

    public static readonly string Text = new('x', 1000);

    readonly Effect _effect;
    readonly ServiceProvider _services;
    TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _expected, _handled;
    long _handledAt;

    MessageLoad(string store, string folder, int perWrite, Effect effect)
    {
        _effect = effect;
        _services = new ServiceCollection()
            .AddSingleton(TimeProvider.System)
            .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance)
            .AddStorage(new StoreOptions(store, folder))
            .AddMessaging(new MessagingOptions { Parallelism = Handlers, MessagesPerWrite = perWrite })
            .AddMessage<Load>("bench-load")
            .AddSingleton<IHandleMessages<Load>>(_ => new Handler(this))
            .BuildServiceProvider();
    }

    IStore Store => _services.GetRequiredService<IStore>();

    IMessageBus Bus => _services.GetRequiredService<IMessageBus>();

    /// <param name="store">Address.</param>
    /// <param name="folder">Made when missing.</param>
    /// <param name="cancel">Stops.</param>
    /// <param name="perWrite">Messages that end in one write at most; 1: a transaction a message.</param>
    /// <param name="effect">What the handlers do.</param>
    public static async Task<MessageLoad> CreateAsync(string store, string folder, CancellationToken cancel, int perWrite = 100, Effect effect = Effect.Row)
    {
        Directory.CreateDirectory(folder);
        var load = new MessageLoad(store, folder, perWrite, effect);
        await load._services.GetRequiredService<IMigrations>().MigrateAsync(MessagingMigrations.All, cancel);
        await load.Store.WriteAsync(session => session.ExecuteAsync("CREATE TABLE bench_effect (number bigint PRIMARY KEY, done text NOT NULL)", cancel), cancel);
        return load;
    }

    /// <summary>Handles so many messages on an empty PostgreSQL store of their own.</summary>
    /// <param name="settings">Of the run.</param>
    /// <param name="count">Messages.</param>
    /// <param name="perWrite">Messages that end in one write at most.</param>
    /// <param name="effect">What the handlers do.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>Messages a second.</returns>
    public static async Task<double> MeasureAsync(BenchmarkSettings settings, int count, int perWrite, Effect effect, CancellationToken cancel)
    {
        await using var servers = await Servers.CreateAsync(settings, cancel);
        await using var load = await CreateAsync(servers.StoreUrl, Path.Combine(settings.Folder, Guid.NewGuid().ToString("N")), cancel, perWrite, effect);
        return await load.DrainAsync(count, cancel);
    }

    public Task StartAsync(CancellationToken cancel) => Bus.StartAsync(cancel);

    public Task SendAsync(int first, int count, CancellationToken cancel) => Store.WriteAsync(async session =>
    {
        var sender = _services.GetRequiredService<IMessageSender>();
        for (var number = first; number < first + count; number++) await sender.SendAsync(session, new Load(number, Text), cancel);
        return 0;
    }, cancel);

    /// <summary>Handles so many waiting messages: the time from the bus's start to the last acknowledgement, and that each had its effect once.</summary>
    /// <returns>Messages a second.</returns>
    public async Task<double> DrainAsync(int count, CancellationToken cancel)
    {
        for (var number = 0; number < count; number += 500) await SendAsync(number, Math.Min(500, count - number), cancel);
        _expected = count;
        var clock = Stopwatch.StartNew();
        await StartAsync(cancel);
        await _all.Task.WaitAsync(TimeSpan.FromMinutes(5), cancel);
        while (await CountAsync("bus_message", cancel) > 0) await Task.Delay(1, cancel);
        var rate = count / clock.Elapsed.TotalSeconds;
        if (await CountAsync(_effect == Effect.None ? "bus_inbox" : "bench_effect", cancel) != count) throw new InvalidOperationException("A message had no effect.");
        return rate;
    }

    /// <summary>From before the sender's write to after the handler's.</summary>
    /// <returns>Milliseconds.</returns>
    public async Task<double> LatencyAsync(int number, CancellationToken cancel)
    {
        (_expected, _handled, _all) = (1, 0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var sent = Stopwatch.GetTimestamp();
        await SendAsync(number, 1, cancel);
        await _all.Task.WaitAsync(TimeSpan.FromMinutes(1), cancel);
        return Stopwatch.GetElapsedTime(sent, _handledAt).TotalMilliseconds;
    }

    public async ValueTask DisposeAsync()
    {
        await Bus.StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
    }

    Task<long> CountAsync(string table, CancellationToken cancel) => Store.ReadAsync(session => session.ScalarAsync<long>($"SELECT count(*) FROM {table}", cancel), cancel);

    /// <summary>Counts, and no more than that: what it takes is taken from the bus.</summary>
    void Done()
    {
        if (Interlocked.Increment(ref _handled) != _expected) return;
        _handledAt = Stopwatch.GetTimestamp();
        _all.TrySetResult();
    }

    sealed class Handler(MessageLoad load) : IHandleMessages<Load>
    {
        readonly IInbox _inbox = load._services.GetRequiredService<IInbox>();

        public async Task Handle(Load message)
        {
            await (load._effect switch
            {
                Effect.None => _inbox.FinishAsync("bench", _ => Task.CompletedTask, CancellationToken.None),
                Effect.Row => _inbox.FinishAsync("bench", session => session.ExecuteAsync("INSERT INTO bench_effect (number, done) VALUES (@number, 'yes')", CancellationToken.None, ("@number", (long)message.Number)), CancellationToken.None),
                _ => _inbox.FinishTogetherAsync("bench", (long)message.Number, (session, numbers) => session.ExecuteAsync("INSERT INTO bench_effect (number, done) SELECT number, 'yes' FROM unnest(@numbers) AS number", CancellationToken.None, ("@numbers", numbers.ToArray())), CancellationToken.None),
            });
            load.Done();
        }
    }
}
