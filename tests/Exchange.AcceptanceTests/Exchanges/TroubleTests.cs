using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Exchange.AcceptanceTests.Hubs;

namespace Exchange.AcceptanceTests.Exchanges;

/// <summary>Sources that break and are mended, several processes on one hub, and what must never be seen.</summary>
[TestClass]
public sealed partial class TroubleTests
{
    static readonly FrontTable Table = FrontTable.Of("t", "id", ("id", "int32"), ("name", "string(20)"));

    static FrontTable Named(string name) => Table with { Name = name };

    static string Two => TestHub.Resource("r", Table, "mode: changelog") + TestHub.Subscription("s", "r", "copy") + TestHub.Resource("other", Named("u"), "mode: snapshot") + TestHub.Subscription("other", "other", "other");

    static async Task<(FrontEnd Source, FrontEnd Target, TestHub Hub)> BeginAsync(string engine)
    {
        var source = await FrontEnd.CreateAsync(engine);
        var target = await FrontEnd.CreateAsync("sqlite");
        var hub = new TestHub();
        foreach (var name in new[] { "t", "u" })
        {
            await source.CreateAsync(Named(name));
            await source.InsertAsync(Named(name), ["1", "one"], ["2", "two"]);
        }

        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), Two);
        return (source, target, hub);
    }

    [TestMethod]
    public async Task A_connection_that_is_cut_while_a_source_is_read_is_made_anew()
    {
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = new TestHub();
        await source.CreateAsync(Table);
        await source.ExecuteAsync("INSERT INTO t SELECT i, 'n' || i FROM generate_series(1, 30000) i");
        // Three seconds of reading: it is still under way when its first rows are seen at the target.
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)).Replace("provider: postgresql", "limits: { rowsPerSecond: 10000 }, provider: postgresql", StringComparison.Ordinal),
            TestHub.Resource("r", Table, "mode: snapshot", "  batchRows: 500") + TestHub.Subscription("s", "r", "copy"));

        var sync = hub.SyncAsync(0, "--full");
        await Probe.UntilAsync("the first rows at the target", () => target.NumberAsync("SELECT count(*) FROM sqlite_master WHERE name = 'copy'"), tables => tables > 0);
        await using (var connection = await source.Database.OpenAsync())
        {
            // A lock stops the reader in the middle of a run, where it can be found and cut off.
            await using var locked = await connection.BeginTransactionAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "LOCK TABLE t IN ACCESS EXCLUSIVE MODE";
            await command.ExecuteNonQueryAsync();
            await Probe.UntilAsync("a reader that was cut off", () => source.NumberAsync(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"), cut => cut > 0);
        }

        var result = (await sync)["s"];
        Assert.AreEqual("done", result.GetProperty("outcome").GetString());
        Assert.AreEqual(30000, await target.NumberAsync("SELECT count(DISTINCT id) FROM copy"));
    }

    [TestMethod]
    [DataRow("postgresql", "ALTER TABLE t RENAME TO gone", "ALTER TABLE gone RENAME TO t", "t does not exist")]
    [DataRow("mysql", "ALTER TABLE t RENAME TO gone", "ALTER TABLE gone RENAME TO t", "t does not exist")]
    [DataRow("sqlite", "ALTER TABLE t RENAME COLUMN name TO label", "ALTER TABLE t RENAME COLUMN label TO name", "'name'")]
    [DataRow("postgresql", "ALTER TABLE t RENAME COLUMN name TO label", "ALTER TABLE t RENAME COLUMN label TO name", "'name'")]
    [DataRow("mysql", "ALTER TABLE t RENAME COLUMN name TO label", "ALTER TABLE t RENAME COLUMN label TO name", "'name'")]
    public async Task A_source_that_changed_its_shape_is_held_alone_and_goes_on_once_it_is_mended(string engine, string breaking, string mending, string says)
    {
        var (source, target, hub) = await BeginAsync(engine);
        await using var _ = source;
        await using var __ = target;
        using var ___ = hub;
        await hub.SyncAsync();
        await source.InsertAsync(Table, ["3", "three"]);
        await source.InsertAsync(Named("u"), ["3", "three"]);
        await source.ExecuteAsync(breaking);
        var results = await hub.SyncAsync(1);
        Assert.AreEqual("frontend.object.missing", results["s"].GetProperty("errorCode").GetString());
        Assert.Contains(says, results["s"].GetProperty("error").GetString()!);
        Assert.AreEqual("provider", results["s"].GetProperty("party").GetString());
        Assert.AreEqual("done", results["other"].GetProperty("outcome").GetString());
        Assert.HasCount(3, await target.LinesAsync(Named("other")));
        var held = (await hub.GetAsync("holds")).Single();
        Assert.AreEqual("r", held.GetProperty("name").GetString());
        Assert.IsNotEmpty(held.GetProperty("next").GetString()!);
        Assert.AreEqual("provider", held.GetProperty("party").GetString());

        await source.ExecuteAsync(mending);
        await source.InsertAsync(Table, ["4", "four"]);
        await hub.SyncAsync();
        CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Named("copy")));
        Assert.IsEmpty(await hub.GetAsync("holds"));
    }

    [TestMethod]
    [DataRow("login")]
    [DataRow("address")]
    public async Task A_source_that_cannot_be_reached_is_told_with_its_cure_and_never_with_its_password(string trouble)
    {
        var (source, target, hub) = await BeginAsync("mysql");
        await using var _ = source;
        await using var __ = target;
        using var ___ = hub;
        var wrong = new MySqlConnector.MySqlConnectionStringBuilder(source.Database.ConnectionString) { ConnectionTimeout = 3 };
        if (trouble == "login") wrong.Password = "geheim-4711";
        else (wrong.Port, wrong.Password) = (1, "geheim-4711");
        await hub.ApplyAsync($"kind: Connection\nmetadata: {{ name: broken }}\nspec: {{ department: d, provider: mysql, connectionString: {TestHub.Quoted(wrong.ConnectionString)} }}\n",
            TestHub.Resource("r", Table, "mode: changelog").Replace("connection: source", "connection: broken", StringComparison.Ordinal));
        var outcome = await hub.RunProcessAsync("sync", "--all");
        Assert.AreEqual(1, outcome.Status, outcome.Error);
        Assert.Contains("at fault: provider\n  next: ", outcome.Error);
        Assert.AreEqual("full", (await hub.GetAsync("runs")).Last(run => run.GetProperty("resource").GetString() == "r" && run.GetProperty("subscription").GetString() is null).GetProperty("kind").GetString(), "nothing was read before");
        Assert.Contains(trouble == "login" ? "frontend.login.refused" : "frontend.connection.unreachable", outcome.Error);
        Assert.HasCount(2, await target.LinesAsync(Named("other")));
        var export = await hub.RunAsync(0, "export");
        var shown = outcome.Out + outcome.Error + export.Out + (await hub.RunAsync(0, "get", "connections", "-o", "json")).Out + (await hub.RunAsync(0, "get", "runs")).Out + (await hub.RunAsync(0, "get", "holds")).Out;
        Assert.DoesNotContain("geheim-4711", shown);
        foreach (var file in Directory.EnumerateFiles(hub.Data, "*", SearchOption.AllDirectories))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes);
            Assert.AreEqual(-1, bytes.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes("geheim-4711")), file);
        }

        await hub.ApplyAsync(TestHub.Resource("r", Table, "mode: changelog"));
        await hub.SyncAsync();
        CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Named("copy")));
    }

    [TestMethod]
    public async Task Two_syncs_at_once_beside_a_running_hub_that_takes_up_changes_by_itself_and_ends_in_good_order()
    {
        var (source, target, hub) = await BeginAsync("postgresql");
        await using var _ = source;
        await using var __ = target;
        using var ___ = hub;
        using var running = hub.Process.Start(hub.WithHub(["run"]));
        var said = running.StandardError.ReadToEndAsync();
        try
        {
            await Probe.UntilAsync("the first full", async () => File.Exists(PathOf(target)) ? await CopyAsync(target) : [], rows => rows.Length == 2);
            await source.InsertAsync(Table, ["3", "three"]);
            await source.DeleteAsync(Table, "1");
            var expected = await source.LinesAsync(Table);
            await Probe.UntilAsync("the change without a sync", () => CopyAsync(target), rows => rows.SequenceEqual(expected));

            await source.InsertAsync(Table, Enumerable.Range(10, 200).Select(id => new[] { $"{id}", "many" }));
            var syncs = await Task.WhenAll(hub.RunProcessAsync("sync", "--all"), hub.RunProcessAsync("sync", "--all", "--full"), hub.RunAsync("sync", "s"));
            foreach (var sync in syncs) Assert.AreEqual(0, sync.Status, sync.Error);
            CollectionAssert.AreEqual(await source.LinesAsync(Table), await CopyAsync(target));
            CollectionAssert.AreEqual(await source.LinesAsync(Named("u")), await target.LinesAsync(Named("other")));
        }
        finally
        {
            if (!running.HasExited) Terminate(running);
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(45));
        await running.WaitForExitAsync(limit.Token);
        Assert.AreEqual(0, running.ExitCode, await said);
    }

    static string PathOf(FrontEnd sqlite) => new Microsoft.Data.Sqlite.SqliteConnectionStringBuilder(sqlite.Database.ConnectionString).DataSource;

    static async Task<string[]> CopyAsync(FrontEnd target) =>
        await target.NumberAsync("SELECT count(*) FROM sqlite_master WHERE name = 'copy'") == 0 ? [] : await target.LinesAsync(Named("copy"));

    const int SigTerm = 15;

    static void Terminate(Process process) => Assert.AreEqual(0, Kill(process.Id, SigTerm));

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int process, int signal);
}
