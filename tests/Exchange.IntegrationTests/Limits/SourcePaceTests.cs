using System.Threading.Channels;
using Exchange.Adapters;
using Exchange.Bus;
using Exchange.Bus.Intake;
using Exchange.Contracts.Catalogue;
using Exchange.IntegrationTests.Storage;
using Exchange.Security;
using Exchange.Storage;
using Exchange.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Exchange.IntegrationTests.Limits;

/// <summary>A run reads its source at the connection's rate, in every capture mode, also where nothing comes of what was read. 30 rows in the source, 10 a second.</summary>
[TestClass]
public sealed class SourcePaceTests
{
    const string Rate = "rowsPerSecond: 10";

    public TestContext TestContext { get; set; } = null!;

    CancellationToken Cancel => TestContext.CancellationToken;

    [TestMethod]
    public async Task A_pass_pays_for_the_overlap_that_it_reads_again_and_for_each_row_once()
    {
        await using var hub = await HubAsync("mode: cursor, column: at, maxLateness: 1h", Rate);
        await hub.RunAsync();
        Assert.AreEqual("3", string.Join(", ", await hub.RunAsync()), "nothing new, all of it read");
        await hub.ExecuteAsync("INSERT INTO t SELECT id + 100, name, at, cd_id, cd_time, cd_batch, cd_operation FROM t WHERE id <= 10");
        Assert.AreEqual("4", string.Join(", ", await hub.RunAsync()), "ten new rows among forty");
    }

    [TestMethod]
    public async Task A_pass_over_control_columns_pays_for_what_it_reads_again()
    {
        await using var hub = await HubAsync("mode: control", Rate);
        await hub.RunAsync();
        Assert.AreEqual(3.0, (await hub.RunAsync()).Sum(), 0.001);
    }

    [TestMethod]
    public async Task A_full_pays_for_each_page_once()
    {
        await using var hub = await HubAsync("mode: snapshot", Rate, "batchRows: 10, ");
        Assert.AreEqual("1, 1, 1", string.Join(", ", await hub.RunAsync()));
    }

    [TestMethod]
    public async Task Bytes_of_refused_rows_count()
    {
        await using var hub = await HubAsync("mode: snapshot", "bytesPerSecond: 180", type: "string(3)");
        Assert.AreEqual("3", string.Join(", ", await hub.RunAsync()), "30 rows of a number and ten letters");
    }

    [TestMethod]
    public async Task Pages_that_are_thrown_away_because_they_are_cut_count_too()
    {
        await using var hub = await HubAsync("mode: changelog", Rate, "batchBytes: 65536, ");
        await hub.RunAsync();
        await hub.ExecuteAsync("UPDATE t SET name = printf('%.*c', 10000, 'x')");
        Assert.IsGreaterThan(3.0, (await hub.RunAsync()).Sum(), "30 rows and those of the page that did not fit");
    }

    [TestMethod]
    public async Task An_entry_of_a_change_log_counts_once_also_if_others_tell_of_the_same_row()
    {
        await using var hub = await HubAsync("mode: changelog", Rate);
        await hub.RunAsync();
        for (var time = 0; time < 20; time++) await hub.ExecuteAsync($"UPDATE t SET name = 'n{time}' WHERE id = 1");
        Assert.AreEqual(4.0, (await hub.RunAsync()).Sum(), 0.001, "each update leaves an entry of the old key and one of the new");
    }

    Task<PacedHub> HubAsync(string source, string limits, string resource = "", string type = "text") => PacedHub.CreateAsync(source, limits, resource, type, Cancel);

    /// <summary>A hub that reads one table, and whose time passes only where it waits for its rate.</summary>
    sealed class PacedHub(StoreFixture fixture, TestDatabase front, ServiceProvider services, PayingTime time, CancellationToken cancel) : IAsyncDisposable
    {
        public static async Task<PacedHub> CreateAsync(string source, string limits, string resource, string type, CancellationToken cancel)
        {
            var fixture = await StoreFixture.CreateAsync(StoreEngine.Sqlite);
            var front = await TestDatabase.CreateAsync("sqlite");
            var time = new PayingTime(fixture.Time.GetUtcNow());
            var services = fixture.Node(more => more
                .AddSingleton<TimeProvider>(time).AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance).AddSingleton(typeof(ILogger<>), typeof(NullLogger<>))
                .AddSecurity(new SecurityOptions { DataFolder = fixture.Options.DataFolder }).AddAdapters().AddBus());
            var hub = new PacedHub(fixture, front, services, time, cancel);
            await hub.ExecuteAsync("CREATE TABLE t (id bigint NOT NULL PRIMARY KEY, name text, at timestamp NOT NULL, cd_id bigint, cd_time timestamp, cd_batch text, cd_operation text)");
            for (var id = 1; id <= 30; id++) await hub.ExecuteAsync($"INSERT INTO t VALUES ({id}, 'abcdefghij', datetime('now', '-1 minute'), {id}, datetime('now', '-1 minute'), '001', 'I')");
            await services.GetRequiredService<IMigrations>().MigrateAsync(BusModule.Migrations, cancel);
            await services.GetRequiredService<IManifests>().ApplyAsync([new ManifestFile("hub.yaml", $$"""
                kind: Department
                metadata: { name: d }
                spec: { uscc: 119900000000020224 }
                ---
                kind: Connection
                metadata: { name: c }
                spec: { department: d, provider: sqlite, connectionString: "{{front.ConnectionString}}", limits: { {{limits}} } }
                ---
                kind: Resource
                metadata: { name: r }
                spec: { provider: d, {{resource}}key: [id], items: [ { name: id, type: int64 }, { name: name, type: {{type}} } ], source: { connection: c, table: t, errors: none, capture: { {{source}} } } }
                """)], dryRun: false, prune: false, cancel);
            return hub;
        }

        public async Task ExecuteAsync(string sql)
        {
            await using var connection = await front.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync(cancel);
        }

        /// <summary>A run, and the seconds for which it waited, one by one.</summary>
        public async Task<double[]> RunAsync()
        {
            var paid = new List<double>();
            var run = services.GetRequiredService<SourceIntake>().RunAsync("r", new IntakeRequest(), null, null, cancel);
            while (true)
            {
                if (await Task.WhenAny(run, time.IsAskedAsync(cancel)) == run) break;
                paid.Add(time.Pass().TotalSeconds);
            }

            Assert.IsNull((await run).Fault, (await run).Fault?.Message);
            return [.. paid];
        }

        public async ValueTask DisposeAsync()
        {
            await fixture.DisposeAsync();
            await front.DisposeAsync();
        }
    }

    /// <summary>Stands still until it is set, and tells for how long it was asked to pass. Only tenths of seconds are asked for rates here; leases ask for thirds of eight, connections for ten.</summary>
    sealed class PayingTime(DateTimeOffset now) : FakeTimeProvider(now)
    {
        readonly Channel<TimeSpan> _asked = Channel.CreateUnbounded<TimeSpan>();

        public Task<bool> IsAskedAsync(CancellationToken cancel) => _asked.Reader.WaitToReadAsync(cancel).AsTask();

        /// <summary>Lets as much pass as was asked for first.</summary>
        public TimeSpan Pass()
        {
            Assert.IsTrue(_asked.Reader.TryRead(out var time));
            Advance(time);
            return time;
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            if (dueTime < TimeSpan.FromSeconds(8) && dueTime.Ticks % TimeSpan.FromMilliseconds(100).Ticks == 0) _asked.Writer.TryWrite(dueTime);
            return timer;
        }
    }
}
