using Exchange.Benchmarks.Data;
using Exchange.Benchmarks.Measuring;

namespace Exchange.Benchmarks.Exchanges;

/// <summary>A full from PostgreSQL to MariaDB beside a pipe of two clients.</summary>
internal sealed class FullToMariaDb : IBenchmark
{
    public string Name => "full-postgresql-mariadb";

    public string Title => "Full, PostgreSQL to MariaDB";

    public async Task<IReadOnlyList<Comparison>> RunAsync(BenchmarkSettings settings, CancellationToken cancel)
    {
        await using var servers = await Servers.CreateAsync(settings, cancel);
        await CheckActions.FillAsync(servers.Source, CheckActions.Table, settings.Rows, cancel);
        var pipe = $"{servers.PsqlSource} -c \"{CheckActions.Copy(CheckActions.Table)}\" | {servers.Mariadb} -e \"LOAD DATA LOCAL INFILE '/dev/stdin' INTO TABLE check_action CHARACTER SET utf8mb4\"";
        var round = 0;
        var figures = await Figures.CollectAsync(settings.Runs, async values =>
        {
            await servers.EmptyMySqlAsync(cancel, "check_action", "exchange_applied");
            await servers.ExecuteMySqlAsync(CheckActions.MySql(CheckActions.Table), cancel);
            values.Add("pipe", await Shell.RunAsync(pipe, cancel));
            await servers.EmptyMySqlAsync(cancel, "check_action", "exchange_applied");
            var hub = new HubUnderTest(Path.Combine(settings.Folder, $"{Name}-{++round}"));
            await hub.ApplyAsync(HubUnderTest.Connections(("source", "postgresql", servers.SourceString), ("target", "mysql", servers.MySqlString)) +
                CheckActions.Resource() + HubUnderTest.Subscription("first", "check-action", "check_action"), cancel);
            var empty = await hub.SyncAsync(cancel, "first");
            Complete.Check(empty.Result[0].GetProperty("upserted").GetInt64(), settings.Rows);
            var again = await hub.SyncAsync(cancel, "first", "--full");
            values.Add("empty", empty.Seconds);
            values.Add("again", again.Seconds);
            values.Add("peak", Math.Max(empty.PeakMegabytes, again.PeakMegabytes));
            Directory.Delete(hub.Folder, recursive: true);
        });
        var peer = figures.Series("pipe", "psql COPY text | LOAD DATA LOCAL, primary key in place", "s", "psql -c \"COPY (SELECT …) TO STDOUT\" | mariadb -e \"LOAD DATA LOCAL INFILE '/dev/stdin' INTO TABLE check_action\"");
        return
        [
            new(Complete.Work("empty target", settings), figures.Series("empty", "exchange sync", "s", "exchange sync first"), peer, Goal.AtMost(2.5, "at most 2.5 ×"), "processor: MariaDB's inserts"),
            new(Complete.Work("target full (upsert)", settings), figures.Series("again", "exchange sync --full", "s", "exchange sync first --full"), peer, null, "processor: MariaDB's merge"),
            new("peak memory of the hub", figures.Series("peak", "exchange sync", "MB"), null, Goal.AtMost(400, "under 400 MB"), "pages, batches and encodings in flight"),
        ];
    }
}
