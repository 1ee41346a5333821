using Exchange.Benchmarks.Data;
using Exchange.Benchmarks.Measuring;

namespace Exchange.Benchmarks.Exchanges;

/// <summary>A full from MariaDB to PostgreSQL beside pgloader.</summary>
internal sealed class FullFromMariaDb : IBenchmark
{
    public string Name => "full-mariadb-postgresql";

    public string Title => "Full, MariaDB to PostgreSQL";

    public async Task<IReadOnlyList<Comparison>> RunAsync(BenchmarkSettings settings, CancellationToken cancel)
    {
        await using var servers = await Servers.CreateAsync(settings, cancel);
        await CheckActions.FillAsync(servers.Source, CheckActions.Table, settings.Rows, cancel);
        await servers.ExecuteMySqlAsync(CheckActions.MySql(CheckActions.Table), cancel);
        await Shell.RunAsync($"{servers.PsqlSource} -c \"{CheckActions.Copy(CheckActions.Table)}\" | {servers.Mariadb} -e \"LOAD DATA LOCAL INFILE '/dev/stdin' INTO TABLE check_action CHARACTER SET utf8mb4\"", cancel);
        await Servers.ExecuteAsync(servers.Source, "DROP TABLE check_action", cancel);
        var round = 0;
        var figures = await Figures.CollectAsync(settings.Runs, async values =>
        {
            await servers.EmptyTargetAsync(cancel);
            await Servers.ExecuteAsync(servers.Target, CheckActions.PostgreSql(CheckActions.Table), cancel);
            values.Add("peer", await Pgloader.RunAsync(settings.Folder, servers.MySqlUri, $"INCLUDING ONLY TABLE NAMES MATCHING 'check_action' ALTER SCHEMA '{servers.MySqlDatabase}' RENAME TO 'public'", servers, cancel));
            await Complete.CheckAsync(servers.Target, "check_action", settings.Rows, cancel);
            await servers.EmptyTargetAsync(cancel);
            var hub = new HubUnderTest(Path.Combine(settings.Folder, $"{Name}-{++round}"));
            await hub.ApplyAsync(HubUnderTest.Connections(("source", "mysql", servers.MySqlString), ("target", "postgresql", servers.TargetString)) +
                CheckActions.Resource() + HubUnderTest.Subscription("first", "check-action", "check_action"), cancel);
            var full = await hub.SyncAsync(cancel, "first");
            await Complete.CheckAsync(servers.Target, "check_action", settings.Rows, cancel);
            values.Add("hub", full.Seconds);
            values.Add("peak", full.PeakMegabytes);
            Directory.Delete(hub.Folder, recursive: true);
        });
        return
        [
            new(Complete.Work("empty target", settings), figures.Series("hub", "exchange sync", "s", "exchange sync first"),
                figures.Series("peer", await Pgloader.VersionAsync(), "s", Pgloader.Shown), Goal.AtMost(1 / 1.5, "at least 1.5 × as fast"), "processor: the target's upsert and MariaDB's text protocol"),
            new("peak memory of the hub", figures.Series("peak", "exchange sync", "MB"), null, Goal.AtMost(400, "under 400 MB"), "pages, batches and encodings in flight"),
        ];
    }
}
