using Exchange.Benchmarks.Measuring;

namespace Exchange.Benchmarks.Messages;

/// <summary>An idle hub on PostgreSQL: how soon a message is handled, and what waiting costs the store.</summary>
internal sealed class MessagesIdle : IBenchmark
{
    const int Messages = 40;
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan Quiet = TimeSpan.FromSeconds(12);

    public string Name => "messages-idle";

    public string Title => "Messages through an idle bus, PostgreSQL";

    public async Task<IReadOnlyList<Comparison>> RunAsync(BenchmarkSettings settings, CancellationToken cancel)
    {
        var figures = new Figures();
        await using var servers = await Servers.CreateAsync(settings, cancel);
        await using var load = await MessageLoad.CreateAsync(servers.StoreUrl, Path.Combine(settings.Folder, Name), cancel);
        await load.StartAsync(cancel);
        for (var number = 0; number < Messages * (settings.Runs + 1); number++)
        {
            var milliseconds = await load.LatencyAsync(number, cancel);
            // The first ones warm up.
            if (number >= Messages) figures.Add("latency", milliseconds);
            await Task.Delay(Pause, cancel);
        }

        // A backend reports what it did at the latest ten seconds after it came to rest.
        await Task.Delay(Quiet, cancel);
        for (var run = 0; run < 2; run++)
        {
            var before = await TransactionsAsync(servers, cancel);
            await Task.Delay(Quiet, cancel);
            figures.Add("transactions", (await TransactionsAsync(servers, cancel) - before) / Quiet.TotalSeconds);
        }

        var latency = figures.Series("latency", "bus", "ms");
        return
        [
            new($"sent to handled, {latency.Values.Count} messages, one each {Pause.TotalMilliseconds:N0} ms, p50", latency, null, Goal.AtMost(10, "under 10 ms"), "two synced commits, a notice and a claim"),
            new("the same, p99", new Series("bus", "ms", [latency.Order(0.99)], null), null, null, "the machine's other work"),
            new("transactions of the store while idle", figures.Series("transactions", "bus", "/s"), null, Goal.AtMost(5, "at most 5 /s"), "a look every five seconds"),
        ];
    }

    // Asked from another database, so that asking is not counted.
    static async Task<long> TransactionsAsync(Servers servers, CancellationToken cancel)
    {
        await using var command = servers.Target.CreateCommand("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = @name");
        command.Parameters.AddWithValue("@name", new Uri(servers.StoreUrl).AbsolutePath.Trim('/'));
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }
}
