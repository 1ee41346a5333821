using System.Diagnostics;
using Exchange.Benchmarks.Measuring;

namespace Exchange.Benchmarks.Exchanges;

/// <summary>
/// Three nodes beside one, both with few places: a burst of changes in many resources, on a target that takes its time (as one far away or busy with its own work does). Where processors are the
/// limit more nodes on the same machine win nothing; where waiting is, they share it.
/// </summary>
internal sealed class Nodes : IBenchmark
{
    const int Resources = 12, Rows = 200, Places = 2;

    /// <summary>What the target's department does for each statement that writes, in seconds.</summary>
    const string Slow = """
        CREATE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$
        """;

    static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    public string Name => "nodes";

    public string Title => $"Three nodes beside one, {Resources} resources, a slow target, `--exchanges {Places}`, PostgreSQL store";

    public async Task<IReadOnlyList<Comparison>> RunAsync(BenchmarkSettings settings, CancellationToken cancel)
    {
        await using var servers = await Servers.CreateAsync(settings, cancel);
        var hub = new HubUnderTest(Path.Combine(settings.Folder, "nodes"), servers.StoreUrl);
        foreach (var resource in Enumerable.Range(1, Resources))
            await Servers.ExecuteAsync(servers.Source, $"CREATE TABLE t{resource} (id bigint PRIMARY KEY, n integer NOT NULL); INSERT INTO t{resource} SELECT i, 0 FROM generate_series(1, {Rows}) AS i", cancel);
        await hub.ApplyAsync(HubUnderTest.Connections(("source", "postgresql", servers.SourceString), ("target", "postgresql", servers.TargetString)) + string.Concat(Enumerable.Range(1, Resources).Select(Manifests)), cancel);
        await hub.SyncAsync(cancel, "--all");
        await Servers.ExecuteAsync(servers.Target, Slow, cancel);
        foreach (var resource in Enumerable.Range(1, Resources))
            await Servers.ExecuteAsync(servers.Target, $"CREATE TRIGGER slow AFTER INSERT OR UPDATE ON copy{resource} FOR EACH STATEMENT EXECUTE FUNCTION take_time()", cancel);

        var round = 0;
        var figures = await Figures.CollectAsync(settings.Runs, async values =>
        {
            values.Add("three", await BurstAsync(servers, hub, 3, ++round, cancel));
            values.Add("one", await BurstAsync(servers, hub, 1, ++round, cancel));
        });
        Directory.Delete(hub.Folder, recursive: true);
        return [new($"{Rows} changed rows in each resource, from the commit until all stand at the target", figures.Series("three", "three nodes", "s"), figures.Series("one", "one node", "s"),
            Goal.AtMost(0.6, "three beat one, where the databases allow"), $"the target's half second a statement, {Places} at once on each node")];
    }

    static string Manifests(int resource) => $$"""
        ---
        kind: Resource
        metadata: { name: r{{resource}} }
        spec:
          provider: market
          key: [ id ]
          items: [ { name: id, type: int64 }, { name: n, type: int32 } ]
          source: { connection: source, table: t{{resource}}, capture: { mode: changelog } }

        """ + HubUnderTest.Subscription($"s{resource}", $"r{resource}", $"copy{resource}");

    static async Task<double> BurstAsync(Servers servers, HubUnderTest hub, int nodes, int round, CancellationToken cancel)
    {
        var running = Enumerable.Range(0, nodes).Select(_ => hub.Start("run", "--exchanges", $"{Places}")).ToList();
        var drained = Task.WhenAll(running.SelectMany(node => new[] { node.StandardOutput.ReadToEndAsync(cancel), node.StandardError.ReadToEndAsync(cancel) }));
        try
        {
            // Until each node is at work nothing is measured: a first change, and time for the others to begin.
            await ChangeAsync(servers, -round, cancel);
            await DeliveredAsync(servers, -round, cancel);
            await ChangeAsync(servers, round, cancel);
            var clock = Stopwatch.StartNew();
            await DeliveredAsync(servers, round, cancel);
            return clock.Elapsed.TotalSeconds;
        }
        finally
        {
            foreach (var node in running)
            {
                node.Kill();
                await node.WaitForExitAsync(CancellationToken.None);
                node.Dispose();
            }

            await drained;
        }
    }

    static Task ChangeAsync(Servers servers, int to, CancellationToken cancel) =>
        Servers.ExecuteAsync(servers.Source, string.Concat(Enumerable.Range(1, Resources).Select(resource => $"UPDATE t{resource} SET n = {to};")), cancel);

    static async Task DeliveredAsync(Servers servers, int value, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        foreach (var resource in Enumerable.Range(1, Resources))
        {
            while (await Servers.CountAsync(servers.Target, $"copy{resource} WHERE n = {value}", cancel) < Rows)
            {
                if (clock.Elapsed > Longest) throw new InvalidOperationException($"copy{resource} was not delivered within {Longest}.");
                await Task.Delay(TimeSpan.FromMilliseconds(20), cancel);
            }
        }
    }
}
