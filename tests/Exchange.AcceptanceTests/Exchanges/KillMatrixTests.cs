using System.Collections.Concurrent;
using System.Data.Common;
using System.Globalization;
using System.Text;
using Exchange.AcceptanceTests.Hubs;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Intake;
using Exchange.TestSupport;

namespace Exchange.AcceptanceTests.Exchanges;

/// <summary>
/// `./test --matrix`: kill -9 at each step × capture mode × store, in a full, an increment and a re-organised full, under writers that go on. Steps and modes are listed as the program lists
/// them; without the option one case is run.
/// </summary>
[TestClass]
public sealed class KillMatrixTests
{
    /// <summary>Transactions: some batches, and more than writers do in a run that takes some seconds.</summary>
    const int EachRun = 200;

    const int Killed = 128 + 9, Rows = 120;

    static readonly string? Report = Environment.GetEnvironmentVariable("EXCHANGE_TEST_MATRIX");

    static readonly ConcurrentDictionary<(string Step, string Column), string> Outcomes = new();

    static readonly FrontTable Items = FrontTable.Of("t", "id", ("id", "int64"), ("name", "string(40)"), ("amount", "decimal(12,2)"));

    static readonly FrontTable Copy = Items with { Name = "copy" };

    static readonly Dictionary<string, string> Rules = new() { ["amount"] = "rules: [ \"min 0\" ]" };

    static readonly string[] Steps = Attachments.AttachmentSteps.Others;

    static IEnumerable<string> Modes => Enum.GetNames<CaptureMode>().Select(mode => mode.ToLowerInvariant());

    static readonly string[] Stores = ["sqlite", "postgresql"];

    static IEnumerable<object[]> All => from step in Steps from mode in Modes from store in Stores select new object[] { step, mode, store };

    public static IEnumerable<object[]> Cases => Report is { Length: > 0 } ? All : [[nameof(ExchangeStep.WakeUp), "cursor", "postgresql"]];

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public async Task Killed_at_a_step_under_writers_that_go_on_nothing_is_lost_or_doubled(string step, string mode, string storeEngine)
    {
        Outcomes[(step, $"{mode}/{storeEngine}")] = "FAILED";
        await using var store = storeEngine == "postgresql" ? await TestDatabase.CreateAsync("postgresql") : null;
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync(storeEngine == "postgresql" ? "postgresql" : "mysql");
        using var hub = new TestHub { Store = store?.ConnectionString };
        var way = Way.Of(mode);
        await source.ExecuteAsync(way.Table);
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Items, way.Capture, "  batchRows: 40", Rules), TestHub.Subscription("s", "r", "copy"));
        var audit = new TargetAudit(target, Copy.Name);
        var kills = 0;
        await using (var writers = new Writers(source, 2, way.WriteAsync, allowed: EachRun))
        {
            await Probe.UntilAsync("rows to begin with", () => Task.FromResult(writers.Committed), committed => committed >= Rows);
            for (var round = 0; round < 3; round++)
            {
                if (round == 1) await audit.InstallAsync();
                if (round == 2) await hub.RunAsync(0, "notice", "r", "--reason", "e");
                writers.Allow(EachRun);
                kills += await KilledAsync(hub, step);
                writers.Allow(EachRun);
                await hub.SyncAsync(-1);
            }

            await writers.EndAsync();
        }

        await hub.SyncAsync(-1);
        await EqualAsync(source, target, way);
        await LedgerAsync(hub, target);
        await audit.CheckAsync();
        if (Enum.Parse<CaptureMode>(mode, ignoreCase: true) == CaptureMode.ChangeLog) Assert.AreEqual(0, await source.NumberAsync("SELECT count(*) FROM exchange_changelog_t"), "left in the change log");
        if (Enum.Parse<CaptureMode>(mode, ignoreCase: true) == CaptureMode.Wal) await hub.RunAsync(0, "capture", "remove", "r");
        Assert.IsFalse((await hub.GetAsync("run")).Any(run => run.GetProperty("state").GetString() == "running"), "a run that was killed is still said to be running");
        Outcomes[(step, $"{mode}/{storeEngine}")] = kills == 0 ? "-" : $"ok {kills}";
        Say($"{step} {mode}/{storeEngine}: {(kills == 0 ? "no such step" : $"equal after {kills} kills")} ({Outcomes.Count} of {All.Count()} begun)\n");
    }

    /// <summary>The whole matrix takes a quarter of an hour: whoever waits for it sees it move.</summary>
    static void Say(string text)
    {
        if (Report is not { Length: > 0 }) return;
        lock (Outcomes) File.AppendAllText(Report, text);
    }

    [ClassCleanup]
    public static void Tell()
    {
        if (Report is not { Length: > 0 }) return;
        var columns = Modes.SelectMany(mode => Stores.Select(store => $"{mode}/{store}")).ToList();
        var table = new StringBuilder($"{"step",-20}{string.Concat(columns.Select(column => $"{column,-23}"))}\n");
        foreach (var step in Steps) table.Append(CultureInfo.InvariantCulture, $"{step,-20}{string.Concat(columns.Select(column => $"{Outcomes.GetValueOrDefault((step, column), "not run"),-23}"))}\n");
        Say(table.Append("ok N: equal after N kills; -: this mode has no such step\n").ToString());
        foreach (var step in Steps.Where(step => Outcomes.Any(outcome => outcome.Key.Step == step)))
            Assert.IsTrue(Outcomes.Any(outcome => outcome.Key.Step == step && outcome.Value.StartsWith("ok", StringComparison.Ordinal)), $"step {step} was reached in no mode");
    }

    static async Task<int> KilledAsync(TestHub hub, string step)
    {
        hub.Process.Environment["EXCHANGE_KILL_AT"] = step;
        var outcome = await hub.RunProcessAsync("sync", "--all");
        Assert.IsTrue(outcome.Status is Killed or 0 or 3, $"{outcome.Status}\n{outcome.Out}\n{outcome.Error}");
        return outcome.Status == Killed ? 1 : 0;
    }

    /// <summary>Good rows stand as they are; those whose newest version is bad stand with an older one or not at all; nothing else stands. Errors are with the provider, each once.</summary>
    static async Task EqualAsync(FrontEnd source, FrontEnd target, Way way)
    {
        var good = await LinesAsync(source, $"SELECT id, name, amount FROM ({way.Standing}) AS s WHERE amount >= 0");
        var bad = (await source.Database.QueryAsync($"SELECT id FROM ({way.Standing}) AS s WHERE amount < 0")).ConvertAll(row => Id(row[0])).ToHashSet();
        var lines = await target.LinesAsync(Copy);
        CollectionAssert.AreEqual(good, lines.Where(line => !bad.Contains(line.Split('|')[0])).ToArray());
        var open = (await source.Database.QueryAsync("SELECT id, count(*) FROM t_error WHERE err_closed_batch IS NULL GROUP BY id")).ConvertAll(row => $"{Id(row[0])}: {Id(row[1])}");
        CollectionAssert.AreEquivalent(bad.Select(id => $"{id}: 1").ToList(), open, "errors");
    }

    static async Task LedgerAsync(TestHub hub, FrontEnd target)
    {
        var ledger = (await target.Database.QueryAsync("SELECT batch, digest FROM exchange_applied WHERE kind <> 'reset' ORDER BY batch")).ConvertAll(entry => $"{Id(entry[0])} {entry[1]}");
        var log = (await hub.GetAsync("batch", "r")).Where(batch => batch.GetProperty("state").GetString() == "visible")
            .Select(batch => (Number: batch.GetProperty("number").GetInt64(), Digest: batch.GetProperty("digest").GetString())).OrderBy(batch => batch.Number).Select(batch => $"{Id(batch.Number)} {batch.Digest}").ToList();
        // `get batch` shows the newest hundred. What a re-organised full made needless before its end is passed over.
        CollectionAssert.AreEqual(ledger.Distinct().ToList(), ledger);
        CollectionAssert.IsSubsetOf(ledger.TakeLast(log.Count).Where(entry => long.Parse(entry.Split(' ')[0], CultureInfo.InvariantCulture) >= long.Parse(log[0].Split(' ')[0], CultureInfo.InvariantCulture)).ToList(), log);
        Assert.AreEqual(log[^1], ledger[^1], "the newest batch");
    }

    static async Task<string[]> LinesAsync(FrontEnd front, string sql) =>
        [.. (await front.Database.QueryAsync(sql)).Select(row => string.Join('|', Id(row[0]), row[1], string.Create(CultureInfo.InvariantCulture, $"{(decimal)row[2]!:0.############################}"))).Order(StringComparer.Ordinal)];

    static string Id(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture)!;

    /// <summary>How departments keep a table that is read in one mode.</summary>
    /// <param name="Capture">As in a manifest.</param>
    /// <param name="Table">Makes it.</param>
    /// <param name="Standing">id, name and amount of the rows that stand.</param>
    /// <param name="Deletes">Whether deletions can be seen.</param>
    /// <param name="Appends">Whether a change is a further row.</param>
    sealed record Way(string Capture, string Table, string Standing, bool Deletes, bool Appends = false)
    {
        const string Plain = "CREATE TABLE t (id bigint PRIMARY KEY, name varchar(40), amount numeric(12,2), at timestamptz NOT NULL DEFAULT clock_timestamp())";

        public static Way Of(string mode) => mode switch
        {
            "cursor" => new("mode: cursor, column: at", Plain, "SELECT * FROM t", Deletes: false),
            "control" => new("mode: control",
                "CREATE TABLE t (cd_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id bigint, name varchar(40), amount numeric(12,2), cd_time timestamptz NOT NULL DEFAULT clock_timestamp(), cd_batch varchar(10) NOT NULL DEFAULT '001', cd_operation varchar(1) NOT NULL)",
                "SELECT * FROM (SELECT DISTINCT ON (id) * FROM t ORDER BY id, cd_batch DESC, cd_time DESC, cd_id DESC) AS l WHERE cd_operation <> 'd'", Deletes: true, Appends: true),
            _ => new("mode: " + mode, Plain, "SELECT * FROM t", Deletes: true),
        };

        public async Task WriteAsync(FrontEnd front, DbConnection connection, DbTransaction transaction, Random random)
        {
            for (var statement = random.Next(1, 4); statement > 0; statement--)
            {
                (string, object?)[] values = [("@id", (long)random.Next(1, Rows)), ("@name", $"名 {random.Next(1000)}"), ("@amount", (decimal)random.Next(-1, 20))];
                var sql = Appends ? $"INSERT INTO t (id, name, amount, cd_operation) VALUES (@id, @name, @amount, '{(random.Next(5) == 0 ? "d" : "u")}')"
                    : Deletes && random.Next(5) == 0 ? "DELETE FROM t WHERE id = @id"
                    : "INSERT INTO t (id, name, amount) VALUES (@id, @name, @amount) ON CONFLICT (id) DO UPDATE SET name = excluded.name, amount = excluded.amount, at = clock_timestamp()";
                await Writers.RunAsync(connection, transaction, sql, values);
            }

            // Two such writers write throughout a run, and not more than a hub on a busy machine takes up.
            await Task.Delay(random.Next(20, 100));
        }
    }
}
