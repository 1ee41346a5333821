using Exchange.Benchmarks.Data;
using Exchange.Benchmarks.Measuring;

namespace Exchange.Benchmarks.Exchanges;

/// <summary>A full from PostgreSQL to PostgreSQL, into an empty target and over a full one, beside a pipe of two clients; and a second subscriber beside the first.</summary>
internal sealed class FullPostgreSql : IBenchmark
{
    public string Name => "full-postgresql-postgresql";

    public string Title => "Full, PostgreSQL to PostgreSQL";

    public async Task<IReadOnlyList<Comparison>> RunAsync(BenchmarkSettings settings, CancellationToken cancel)
    {
        await using var servers = await Servers.CreateAsync(settings, cancel);
        await CheckActions.FillAsync(servers.Source, CheckActions.Table, settings.Rows, cancel);
        var pipe = $"{servers.PsqlSource} -c \"COPY check_action TO STDOUT (FORMAT binary)\" | {servers.PsqlTarget} -c \"COPY check_action FROM STDIN (FORMAT binary)\"";
        var round = 0;
        var figures = await Figures.CollectAsync(settings.Runs, async values =>
        {
            await servers.EmptyTargetAsync(cancel);
            await Servers.ExecuteAsync(servers.Target, CheckActions.PostgreSql(CheckActions.Table), cancel);
            values.Add("pipe", await Shell.RunAsync(pipe, cancel));
            await servers.EmptyTargetAsync(cancel);
            var hub = new HubUnderTest(Path.Combine(settings.Folder, $"{Name}-{++round}"));
            await hub.ApplyAsync(HubUnderTest.Connections(("source", "postgresql", servers.SourceString), ("target", "postgresql", servers.TargetString)) +
                CheckActions.Resource("mode: changelog") + HubUnderTest.Subscription("first", "check-action", "check_action"), cancel);
            var empty = await hub.SyncAsync(cancel, "first");
            await Complete.CheckAsync(servers.Target, "check_action", settings.Rows, cancel);
            var again = await hub.SyncAsync(cancel, "first", "--full");
            await hub.ApplyAsync(HubUnderTest.Subscription("second", "check-action", "check_action_2"), cancel);
            var second = await hub.SyncAsync(cancel, "second");
            await Complete.CheckAsync(servers.Target, "check_action_2", settings.Rows, cancel);
            if (second.Result[0].GetProperty("read").GetInt64() != 0) throw new InvalidOperationException("The second subscriber made the source be read again.");
            values.Add("empty", empty.Seconds);
            values.Add("again", again.Seconds);
            values.Add("second", second.Seconds);
            values.Add("peak", Math.Max(empty.PeakMegabytes, again.PeakMegabytes));
            values.Add("cpu", empty.CpuSeconds);
            Directory.Delete(hub.Folder, recursive: true);
        });
        var peer = figures.Series("pipe", "psql COPY binary | psql COPY binary, primary key in place", "s", "psql -c \"COPY check_action TO STDOUT (FORMAT binary)\" | psql -c \"COPY check_action FROM STDIN (FORMAT binary)\"");
        return
        [
            new(Complete.Work("empty target", settings), figures.Series("empty", "exchange sync", "s", "exchange sync first"), peer, Goal.AtMost(2.5, "at most 2.5 ×"),
                "processor: both databases and the hub share the cores; the upsert and its ledger cost the target more than a plain COPY"),
            new(Complete.Work("target full (upsert)", settings), figures.Series("again", "exchange sync --full", "s", "exchange sync first --full"), peer, Goal.AtMost(4, "at most 4 ×"), "processor: the target's merge"),
            new("second subscriber of the same resource", figures.Series("second", "exchange sync second (0 rows read)", "s", "exchange sync second"),
                figures.Series("empty", "the first one", "s"), Goal.AtMost(1, "no second read; delivery only"), "processor: decoding batches, the target's writes"),
            new("peak memory of the hub, both fulls", figures.Series("peak", "exchange sync", "MB"), null, Goal.AtMost(400, "under 400 MB"), "pages, batches and encodings in flight"),
            new("processor time of the hub's process, empty target", figures.Series("cpu", "exchange sync", "s"), null, null, "reading, judging, encoding, writing"),
        ];
    }
}
