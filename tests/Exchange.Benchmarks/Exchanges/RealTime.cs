using System.Diagnostics;
using System.Globalization;
using Exchange.Benchmarks.Data;
using Exchange.Benchmarks.Measuring;
using Npgsql;

namespace Exchange.Benchmarks.Exchanges;

/// <summary>How long a row that a department commits takes to stand committed at a subscriber, through a hub that runs and has nothing else to do; and what that hub costs meanwhile.</summary>
internal sealed class RealTime : IBenchmark
{
    const int Rows = 10_000, ChangesOfARun = 20;

    static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);

    /// <summary>How often the target is looked at; the figures are right to this.</summary>
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(2);

    static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    public string Name => "real-time";

    public string Title => "A change of `changelog` from commit to delivered, idle hub, PostgreSQL to PostgreSQL";

    public async Task<IReadOnlyList<Comparison>> RunAsync(BenchmarkSettings settings, CancellationToken cancel)
    {
        var comparisons = new List<Comparison>();
        foreach (var store in new[] { "SQLite", "PostgreSQL" }) comparisons.AddRange(await MeasureAsync(settings, store, cancel));
        return comparisons;
    }

    static async Task<IEnumerable<Comparison>> MeasureAsync(BenchmarkSettings settings, string store, CancellationToken cancel)
    {
        await using var servers = await Servers.CreateAsync(settings, cancel);
        await CheckActions.FillAsync(servers.Source, CheckActions.Table, Rows, cancel);
        var hub = new HubUnderTest(Path.Combine(settings.Folder, "real-time-" + store), store == "SQLite" ? null : servers.StoreUrl);
        await hub.ApplyAsync(HubUnderTest.Connections(("source", "postgresql", servers.SourceString), ("target", "postgresql", servers.TargetString)) +
            CheckActions.Resource("mode: changelog") + HubUnderTest.Subscription("first", "check-action", "check_action"), cancel);
        await hub.SyncAsync(cancel, "first");
        using var running = hub.Start("run");
        var drained = Task.WhenAll(running.StandardOutput.ReadToEndAsync(cancel), running.StandardError.ReadToEndAsync(cancel));
        try
        {
            var figures = new Figures();
            await ChangeAsync(servers, "the hub has begun", cancel);
            await ChangeAsync(servers, "and warmed up", cancel);
            var (before, clock) = (Cpu(running), Stopwatch.StartNew());
            await Task.Delay(Idle, cancel);
            figures.Add("idle", (Cpu(running) - before).TotalMilliseconds / clock.Elapsed.TotalSeconds);
            // Pauses of all lengths, so that no rhythm of the hub's is met or missed.
            var random = new Random(4711);
            for (var change = 0; change < settings.Runs * ChangesOfARun; change++)
            {
                await Task.Delay(random.Next(100, 1_500), cancel);
                figures.Add("latency", await ChangeAsync(servers, string.Create(CultureInfo.InvariantCulture, $"change {change}"), cancel));
            }

            var latency = figures.Series("latency", "exchange run", "ms");
            return
            [
                new($"commit to delivered, {store} store, median of {latency.Values.Count}", new Series("p50", "ms", [latency.Order(0.5)], null), null, Goal.AtMost(300, "p50 under 300 ms"), "round trips: one run of intake, one append, one delivery"),
                new($"commit to delivered, {store} store, 99th of 100", new Series("p99", "ms", [latency.Order(0.99)], null), null, Goal.AtMost(1_000, "p99 under 1 s"), "changes that meet a run under way wait for the next"),
                new($"processor time of the idle hub, {store} store", figures.Series("idle", "exchange run", "ms/s"), null, null, "one look a second at what the store says"),
            ];
        }
        finally
        {
            running.Kill();
            await running.WaitForExitAsync(CancellationToken.None);
            await drained;
            Directory.Delete(hub.Folder, recursive: true);
        }
    }

    /// <summary>Milliseconds from the commit's answer to the first look that finds the row at the target.</summary>
    static async Task<double> ChangeAsync(Servers servers, string personnel, CancellationToken cancel)
    {
        await using var target = await servers.Target.OpenConnectionAsync(cancel);
        await using var look = new NpgsqlCommand("SELECT personnel = $1 FROM check_action WHERE check_action_code = 'JC0000000007'", target) { Parameters = { new() { Value = personnel } } };
        await look.PrepareAsync(cancel);
        await Servers.ExecuteAsync(servers.Source, $"UPDATE check_action SET personnel = '{personnel}' WHERE check_action_code = 'JC0000000007'", cancel);
        var clock = Stopwatch.StartNew();
        while (await look.ExecuteScalarAsync(cancel) is not true)
        {
            if (clock.Elapsed > Longest) throw new InvalidOperationException($"'{personnel}' was not delivered within {Longest}.");
            await Task.Delay(Look, cancel);
        }

        return clock.Elapsed.TotalMilliseconds;
    }

    static TimeSpan Cpu(Process process)
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }
}
