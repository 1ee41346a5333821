using System.Diagnostics;
using Exchange.Benchmarks.Measuring;
using Npgsql;

namespace Exchange.Benchmarks.Messages;

/// <summary>Messages through the bus on PostgreSQL, beside a bare loop of twenty readers.</summary>
internal sealed class MessagesPostgreSql : IBenchmark
{
    const int Count = 5_000;
    const string Claim = "DELETE FROM bare_message WHERE id = (SELECT id FROM bare_message ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING body";

    public string Name => "messages-postgresql";

    public string Title => "Messages through the bus, PostgreSQL";

    public async Task<IReadOnlyList<Comparison>> RunAsync(BenchmarkSettings settings, CancellationToken cancel)
    {
        var round = 0;
        var figures = await Figures.CollectAsync(settings.Runs, async values =>
        {
            await using var servers = await Servers.CreateAsync(settings, cancel);
            values.Add("bare", await BareAsync(servers.Target, cancel));
            await using var load = await MessageLoad.CreateAsync(servers.StoreUrl, Path.Combine(settings.Folder, $"{Name}-{++round}"), cancel);
            values.Add("bus", await load.DrainAsync(Count, cancel));
        });
        return
        [
            new($"{Count:N0} messages of 1 kB, {MessageLoad.Handlers} handlers that write one row each through the inbox", figures.Series("bus", "bus", "/s"),
                figures.Series("bare", $"bare Npgsql loop, {MessageLoad.Handlers} readers", "/s", Claim), Goal.AtLeast(0.6, "at least 0.6 ×"),
                "what is not yet known: two transactions a message where the peer has one statement explain a part; profile before changing"),
        ];
    }

    static async Task<double> BareAsync(NpgsqlDataSource database, CancellationToken cancel)
    {
        await Servers.ExecuteAsync(database, "CREATE TABLE bare_message (id bigserial PRIMARY KEY, body bytea NOT NULL)", cancel);
        await Servers.ExecuteAsync(database, $"INSERT INTO bare_message (body) SELECT convert_to(repeat('x', 1000), 'UTF8') FROM generate_series(1, {Count})", cancel);
        var clock = Stopwatch.StartNew();
        var handled = await Task.WhenAll(Enumerable.Range(0, MessageLoad.Handlers).Select(_ => Task.Run(() => ReadAsync(database, cancel), cancel)));
        var seconds = clock.Elapsed.TotalSeconds;
        return handled.Sum() == Count ? Count / seconds : throw new InvalidOperationException($"The bare loop handled {handled.Sum()} of {Count} messages.");
    }

    static async Task<int> ReadAsync(NpgsqlDataSource database, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var command = new NpgsqlCommand(Claim, connection);
        await command.PrepareAsync(cancel);
        var handled = 0;
        while (await command.ExecuteScalarAsync(cancel) is byte[]) handled++;
        return handled;
    }
}
