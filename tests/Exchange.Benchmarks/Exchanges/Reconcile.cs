using System.Diagnostics;
using Exchange.Benchmarks.Data;
using Exchange.Benchmarks.Measuring;
using Npgsql;

namespace Exchange.Benchmarks.Exchanges;

/// <summary>
/// Reconciling two equal tables beside the two statements that count and sum their hashes, run at once: by psql as by hand, and on connections that have read these tables before. The hub's command connects anew,
/// and a new backend maps the server's buffers page by page.
/// </summary>
internal sealed class Reconcile : IBenchmark
{
    const string Copy = "copy_of_check_action";

    static readonly string Command = Sum("TABLE");

    public string Name => "reconcile";

    public string Title => "Reconcile of equal tables, PostgreSQL and PostgreSQL";

    public async Task<IReadOnlyList<Comparison>> RunAsync(BenchmarkSettings settings, CancellationToken cancel)
    {
        await using var servers = await Servers.CreateAsync(settings, cancel);
        await CheckActions.FillAsync(servers.Source, CheckActions.Table, settings.Rows, cancel);
        var hub = new HubUnderTest(Path.Combine(settings.Folder, "reconcile"));
        await hub.ApplyAsync(HubUnderTest.Connections(("source", "postgresql", servers.SourceString), ("target", "postgresql", servers.TargetString)) + CheckActions.Resource()
            + HubUnderTest.Subscription("copy", "check-action", Copy), cancel);
        await hub.SyncAsync(cancel, "copy");
        await Servers.ExecuteAsync(servers.Target, $"VACUUM (ANALYZE) {Copy}", cancel);
        var figures = await Figures.CollectAsync(settings.Runs, async values =>
        {
            var clock = Stopwatch.StartNew();
            await Task.WhenAll(SumAsync(servers.Source, CheckActions.Table, cancel), SumAsync(servers.Target, Copy, cancel));
            values.Add("warm", clock.Elapsed.TotalSeconds);
            values.Add("statements", await Shell.RunAsync($"{servers.PsqlSource} -c '{Sum(CheckActions.Table)}' & first=$!; {servers.PsqlTarget} -c '{Sum(Copy)}' && wait $first", cancel));
            var run = await hub.RunAsync(cancel, "reconcile", "copy", "-o", "json");
            if (run.Result.GetProperty("computed").GetString() != "database" || run.Result.GetProperty("sourceRows").GetInt64() != settings.Rows)
                throw new InvalidOperationException($"The tables were not compared in their databases: {run.Result}");
            values.Add("hub", run.Seconds);
        });
        Directory.Delete(hub.Folder, recursive: true);
        return [new($"{settings.Rows:N0} rows", figures.Series("hub", "exchange reconcile", "s"), figures.Series("statements", "psql, two count and sum(hash)", "s", Command), Goal.AtMost(1.5, "at most 1.5 ×"),
            "one scan and hash a side; the process's own start is in it"),
            new($"{settings.Rows:N0} rows", figures.Series("hub", "exchange reconcile", "s"), figures.Series("warm", "the same on open connections that have read the tables before", "s"), null, "as above")];
    }

    static string Sum(string table) => $"SELECT count(*), sum(hash_record_extended(t, 0)) FROM {table} t";

    static async Task SumAsync(NpgsqlDataSource database, string table, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(Sum(table));
        command.CommandTimeout = 0;
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
    }
}
