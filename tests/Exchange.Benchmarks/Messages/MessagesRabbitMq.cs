using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Exchange.Benchmarks.Measuring;
using Npgsql;
using NpgsqlTypes;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Exchange.Benchmarks.Messages;

/// <summary>
/// Messages through the bus on PostgreSQL beside a RabbitMQ node with a quorum queue, the kind of queue that RabbitMQ syncs: twenty consumers that insert a row into PostgreSQL and then acknowledge, as its
/// users write them, and twenty that only acknowledge. The peer promises less: a consumer that dies between its insert and its acknowledgement does its work twice.
/// </summary>
internal sealed class MessagesRabbitMq : IBenchmark
{
    const int Count = 10_000;
    const int Waiting = 500; // publications that have not been confirmed yet
    const ushort Prefetched = 50; // for each consumer; the bus gives as many ahead
    const string Queue = "bench";
    const string Insert = "INSERT INTO bench_effect (number, done) VALUES ($1, 'yes')";

    public string Name => "messages-rabbitmq";

    public string Title => "Messages through the bus, beside RabbitMQ";

    public async Task<IReadOnlyList<Comparison>> RunAsync(BenchmarkSettings settings, CancellationToken cancel)
    {
        if (settings.RabbitMq.Length == 0) throw new NotRunException("it needs a RabbitMQ node (--rabbitmq ADDRESS); ./bench starts one");
        var version = await VersionAsync(settings, cancel);
        var figures = await Figures.CollectAsync(settings.Runs, async values =>
        {
            values.Add("acknowledge", await PeerAsync(settings, insert: false, cancel));
            values.Add("insert", await PeerAsync(settings, insert: true, cancel));
            values.Add("group-nothing", await MessageLoad.MeasureAsync(settings, Count, 100, Effect.None, cancel));
            values.Add("single-row", await MessageLoad.MeasureAsync(settings, Count, 1, Effect.Row, cancel));
            values.Add("group-together", await MessageLoad.MeasureAsync(settings, Count, 100, Effect.RowTogether, cancel));
        });
        var acknowledge = figures.Series("acknowledge", $"RabbitMQ {version}, quorum queue, {MessageLoad.Handlers} consumers, acknowledged", "/s");
        var insert = figures.Series("insert", $"RabbitMQ {version}, quorum queue, {MessageLoad.Handlers} consumers, row then acknowledged", "/s", $"{Insert} (prepared, its own transaction); basic.ack; prefetch {Prefetched}");
        Comparison Of(string work, string series, string how, Series beside, string limit) =>
            new($"{work}, {Count:N0} messages of 1 kB, {MessageLoad.Handlers} handlers", figures.Series(series, how, "/s"), beside, null, limit);
        return
        [
            Of("handlers that write nothing", "group-nothing", "bus, ends gathered (the default)", acknowledge, "the inbox, which the peer does not have: the bus writes that the message was handled"),
            Of("handlers that write a row each", "single-row", "bus, a transaction a message", insert, "as above"),
            Of("handlers that write their rows in common", "group-together", "bus, ends gathered, FinishTogetherAsync", insert, "as above"),
        ];
    }

    /// <returns>Messages a second, from the first consumer to the last acknowledgement that the node has taken.</returns>
    static async Task<double> PeerAsync(BenchmarkSettings settings, bool insert, CancellationToken cancel)
    {
        await using var servers = await Servers.CreateAsync(settings, cancel);
        await Servers.ExecuteAsync(servers.Target, "CREATE TABLE bench_effect (number bigint PRIMARY KEY, done text NOT NULL)", cancel);
        await using var connection = await new ConnectionFactory { Uri = new Uri(settings.RabbitMq) }.CreateConnectionAsync(cancel);
        await PublishAsync(connection, cancel);
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var handled = 0;
        var clock = Stopwatch.StartNew();
        var consumers = await Task.WhenAll(Enumerable.Range(0, MessageLoad.Handlers).Select(_ => Consumer.StartAsync(connection, insert ? servers.Target : null, () => { if (Interlocked.Increment(ref handled) == Count) all.SetResult(); }, cancel)));
        await all.Task.WaitAsync(TimeSpan.FromMinutes(5), cancel);
        // Closing answers after every acknowledgement of the channel was taken.
        foreach (var consumer in consumers) await consumer.DisposeAsync();
        var seconds = clock.Elapsed.TotalSeconds;
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancel);
        var left = await channel.QueueDeleteAsync(Queue, ifUnused: false, ifEmpty: false, cancellationToken: cancel);
        if (left > 0 || (insert && await Servers.CountAsync(servers.Target, "bench_effect", cancel) != Count)) throw new InvalidOperationException($"RabbitMQ's consumers left {left} messages, or not every one had its effect.");
        return Count / seconds;
    }

    static async Task<string> VersionAsync(BenchmarkSettings settings, CancellationToken cancel)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(settings.RabbitMq) }.CreateConnectionAsync(cancel);
        return connection.ServerProperties?["version"] is byte[] version ? Encoding.UTF8.GetString(version) : "of unknown version";
    }

    static async Task PublishAsync(IConnection connection, CancellationToken cancel)
    {
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancel);
        await channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" }, cancellationToken: cancel);
        var text = Encoding.UTF8.GetBytes(MessageLoad.Text);
        for (var first = 0; first < Count; first += Waiting)
        {
            await Task.WhenAll(Enumerable.Range(first, Math.Min(Waiting, Count - first)).Select(number =>
            {
                var body = new byte[sizeof(long) + text.Length];
                BinaryPrimitives.WriteInt64LittleEndian(body, number);
                text.CopyTo(body, sizeof(long));
                return channel.BasicPublishAsync("", Queue, mandatory: true, new BasicProperties { Persistent = true }, body, cancel).AsTask();
            }));
        }
    }

    sealed class Consumer(IChannel channel, NpgsqlConnection? database, NpgsqlCommand? effect) : IAsyncDisposable
    {
        public static async Task<Consumer> StartAsync(IConnection connection, NpgsqlDataSource? target, Action handled, CancellationToken cancel)
        {
            var channel = await connection.CreateChannelAsync(cancellationToken: cancel);
            var database = target is null ? null : await target.OpenConnectionAsync(cancel);
            var effect = database is null ? null : new NpgsqlCommand(Insert, database) { Parameters = { new() { NpgsqlDbType = NpgsqlDbType.Bigint } } };
            if (effect is not null) await effect.PrepareAsync(cancel);
            await channel.BasicQosAsync(0, Prefetched, global: false, cancel);
            var receiver = new AsyncEventingBasicConsumer(channel);
            receiver.ReceivedAsync += async (_, message) =>
            {
                if (effect is not null)
                {
                    effect.Parameters[0].Value = BinaryPrimitives.ReadInt64LittleEndian(message.Body.Span);
                    await effect.ExecuteNonQueryAsync(cancel);
                }

                await channel.BasicAckAsync(message.DeliveryTag, multiple: false, cancel);
                handled();
            };
            await channel.BasicConsumeAsync(Queue, autoAck: false, receiver, cancel);
            return new(channel, database, effect);
        }

        public async ValueTask DisposeAsync()
        {
            await channel.CloseAsync();
            await channel.DisposeAsync();
            if (effect is not null) await effect.DisposeAsync();
            if (database is not null) await database.DisposeAsync();
        }
    }
}
