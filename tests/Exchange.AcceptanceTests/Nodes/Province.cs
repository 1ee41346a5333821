using System.Data.Common;
using System.Globalization;
using Exchange.AcceptanceTests.Exchanges;
using Exchange.AcceptanceTests.Hubs;
using Exchange.TestSupport;

namespace Exchange.AcceptanceTests.Nodes;

/// <summary>Several resources with change logs on one PostgreSQL store, their writers, and what must hold in the end.</summary>
internal sealed class Province : IAsyncDisposable
{
    public const int Resources = 6;

    const int Rows = 300;

    readonly TestDatabase _store;

    Province(TestDatabase store, FrontEnd source, FrontEnd target)
    {
        (_store, Source, Target) = (store, source, target);
        Hub = new TestHub { Store = store.ConnectionString };
    }

    public FrontEnd Source { get; }

    public FrontEnd Target { get; }

    public TestHub Hub { get; }

    public TestDatabase Store => _store;

    static IEnumerable<int> Each => Enumerable.Range(1, Resources);

    static FrontTable Table(int resource) => FrontTable.Of($"t{resource}", "id", ("id", "int64"), ("name", "string(40)"), ("n", "int32"));

    static FrontTable Copy(int resource) => Table(resource) with { Name = $"copy{resource}" };

    /// <param name="targetEngine">What the subscribers have.</param>
    /// <param name="program">exchange.dll that sets the hub up; null: this build's.</param>
    public static async Task<Province> CreateAsync(string targetEngine, string? program = null)
    {
        var province = new Province(await TestDatabase.CreateAsync("postgresql"), await FrontEnd.CreateAsync("postgresql"), await FrontEnd.CreateAsync(targetEngine));
        province.Hub.Process.Program = program ?? HubProcess.Built;
        foreach (var resource in Each)
        {
            await province.Source.CreateAsync(Table(resource));
            await province.Source.ExecuteAsync($"INSERT INTO t{resource} SELECT i, 'first', 0 FROM generate_series(1, {Rows}) i");
        }

        await province.Hub.ApplyAsync([TestHub.Connections(("source", province.Source), ("target", province.Target)),
            .. Each.Select(resource => TestHub.Resource($"r{resource}", Table(resource), "mode: changelog", "  batchRows: 50") + TestHub.Subscription($"s{resource}", $"r{resource}", $"copy{resource}"))]);
        await province.Hub.SyncAsync();
        return province;
    }

    /// <summary>Applications that insert, update, move and delete rows of all tables.</summary>
    public Writers Write(int count) => new(Source, count, async (_, connection, transaction, random) =>
    {
        var table = $"t{random.Next(1, Resources + 1)}";
        for (var statement = random.Next(1, 5); statement > 0; statement--) await AnythingAsync(table, connection, transaction, random);
        await Task.Delay(random.Next(20, 80));
    });

    /// <summary>Writes a row into each table and waits until all of them are delivered; answers how long that took.</summary>
    public async Task<TimeSpan> MarkAsync(int mark)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        foreach (var resource in Each) await Source.ExecuteAsync($"INSERT INTO t{resource} VALUES ({1_000_000 + mark}, 'mark', 0)");
        await Probe.UntilAsync($"mark {mark} at every target", async () =>
        {
            var missing = new List<int>();
            foreach (var resource in Each)
                if (await Target.NumberAsync($"SELECT count(*) FROM copy{resource} WHERE id = {1_000_000 + mark}") == 0) missing.Add(resource);
            return missing;
        }, missing => missing.Count == 0);
        return clock.Elapsed;
    }

    /// <summary>Target equals source by key; the ledger holds each visible batch once, with the log's digest, and no other.</summary>
    public async Task EqualAsync()
    {
        foreach (var resource in Each)
        {
            var expected = await Source.LinesAsync(Table(resource));
            await Probe.UntilAsync($"target of r{resource} equal to its source", () => Target.LinesAsync(Copy(resource)), lines => lines.SequenceEqual(expected));
        }

        foreach (var resource in Each)
        {
            // The row counts say that nothing is left; the log's head may be an empty batch that follows at once.
            await Probe.UntilAsync($"ledger of s{resource} equal to the log", async () =>
            {
                var log = await _store.QueryAsync($"SELECT number, digest FROM bus_log_batch WHERE resource = 'r{resource}' AND state = 'visible' ORDER BY number");
                var ledger = await Target.Database.QueryAsync($"SELECT batch, digest FROM exchange_applied WHERE subscription = 's{resource}' AND kind <> 'reset' ORDER BY batch");
                return (Log: log.ConvertAll(Line), Ledger: ledger.ConvertAll(Line));
            }, seen => seen.Log.SequenceEqual(seen.Ledger));
            var numbers = (await _store.QueryAsync($"SELECT number FROM bus_log_batch WHERE resource = 'r{resource}' ORDER BY number")).ConvertAll(row => Convert.ToInt64(row[0], CultureInfo.InvariantCulture));
            CollectionAssert.AreEqual(Enumerable.Range(1, numbers.Count).Select(number => (long)number).ToList(), numbers, $"numbers of r{resource}'s batches");
            Assert.AreEqual(0, await Source.NumberAsync($"SELECT count(*) FROM exchange_changelog_t{resource}"), $"left in the change log of t{resource}");
        }
    }

    /// <summary>How often a source was read in full.</summary>
    public async Task<long> FullsAsync() => (long)(await _store.QueryAsync("SELECT count(*) FROM bus_run WHERE kind = 'full'"))[0][0]!;

    /// <summary>Which leases a process holds now.</summary>
    public async Task<List<string>> LeasesAsync(HubNode node) => (await _store.QueryAsync(
        $"SELECT name FROM bus_lease WHERE owner = '{node.Name}' AND until_at > (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AND (name LIKE 'source:%' OR name LIKE 'delivery:%')")).ConvertAll(row => (string)row[0]!);

    public async ValueTask DisposeAsync()
    {
        Hub.Dispose();
        await Source.DisposeAsync();
        await Target.DisposeAsync();
        await _store.DisposeAsync();
    }

    static string Line(object?[] row) => string.Create(CultureInfo.InvariantCulture, $"{row[0]} {row[1]}");

    static async Task AnythingAsync(string table, DbConnection connection, DbTransaction transaction, Random random)
    {
        var id = ("@id", (object?)(long)random.Next(1, Rows + 100));
        switch (random.Next(6))
        {
            case 0: await Writers.RunAsync(connection, transaction, $"DELETE FROM {table} WHERE id = @id", id); break;
            case 1: await Writers.RunAsync(connection, transaction, $"UPDATE {table} SET id = @to WHERE id = @id", id, ("@to", (long)random.Next(1, Rows + 100))); break;
            default:
                var name = ("@name", (object?)$"名 {random.Next(1000)}");
                if (await Writers.RunAsync(connection, transaction, $"UPDATE {table} SET name = @name, n = n + 1 WHERE id = @id", id, name) == 0)
                    await Writers.RunAsync(connection, transaction, $"INSERT INTO {table} VALUES (@id, @name, 0)", id, name);
                break;
        }
    }
}
