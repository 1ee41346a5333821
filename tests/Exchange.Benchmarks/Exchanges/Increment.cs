using System.Globalization;
using Exchange.Benchmarks.Data;
using Exchange.Benchmarks.Measuring;

namespace Exchange.Benchmarks.Exchanges;

/// <summary>1,000 changed rows of a small and of a large table: what an increment costs depends on what changed, not on what stands.</summary>
internal sealed class Increment : IBenchmark
{
    const int Changed = 1_000, Small = 10_000;

    public string Name => "increment";

    public string Title => "Increment of 1,000 changed rows, PostgreSQL to PostgreSQL";

    public async Task<IReadOnlyList<Comparison>> RunAsync(BenchmarkSettings settings, CancellationToken cancel)
    {
        var comparisons = new List<Comparison>();
        foreach (var capture in new[] { "mode: changelog", "mode: cursor, column: updated_at" })
        {
            var (small, large) = (await MeasureAsync(settings, capture, Small, cancel), await MeasureAsync(settings, capture, settings.Rows, cancel));
            var mode = capture.Split(',')[0]["mode: ".Length..];
            comparisons.Add(new($"{mode}, table of {settings.Rows.ToString("N0", CultureInfo.InvariantCulture)} rows, from the start of the reading to delivered, as `exchange get runs` has it", large.Series("run", "exchange sync", "s"), null,
                Goal.AtMost(1, "under 1 s"), "code that is compiled when it first runs, and synced writes of the store"));
            comparisons.Add(new($"{mode}, the whole command, process and all", large.Series("process", "exchange sync", "s", "exchange sync first"), null, null, "the start of the process, which a hub that runs does not pay"));
            comparisons.Add(new($"{mode}, the whole command beside a table of {Small.ToString("N0", CultureInfo.InvariantCulture)} rows", large.Series("process", $"{settings.Rows.ToString("N0", CultureInfo.InvariantCulture)} rows", "s"), small.Series("process", $"{Small.ToString("N0", CultureInfo.InvariantCulture)} rows", "s"),
                Goal.AtMost(1.5, "within 1.5 ×"), "keys are looked up by index on both sides"));
        }

        return comparisons;
    }

    static async Task<Figures> MeasureAsync(BenchmarkSettings settings, string capture, int rows, CancellationToken cancel)
    {
        await using var servers = await Servers.CreateAsync(settings, cancel);
        await CheckActions.FillAsync(servers.Source, CheckActions.Table, rows, cancel);
        await Servers.ExecuteAsync(servers.Source, "CREATE INDEX ON check_action (updated_at, check_action_code)", cancel);
        var hub = new HubUnderTest(Path.Combine(settings.Folder, $"increment-{rows}-{capture.Length}"));
        await hub.ApplyAsync(HubUnderTest.Connections(("source", "postgresql", servers.SourceString), ("target", "postgresql", servers.TargetString)) +
            CheckActions.Resource(capture) + HubUnderTest.Subscription("first", "check-action", "check_action"), cancel);
        await hub.SyncAsync(cancel, "first");
        await hub.SyncAsync(cancel, "first");
        var round = 0;
        var figures = await Figures.CollectAsync(settings.Runs, async values =>
        {
            // Spread over the whole table, as changes are.
            await Servers.ExecuteAsync(servers.Source, $"UPDATE check_action SET personnel = 'changed {++round}', updated_at = now() WHERE check_action_code IN (SELECT 'JC' || lpad((1 + g * {rows / Changed})::text, 10, '0') FROM generate_series(0, {Changed - 1}) AS g)", cancel);
            var run = await hub.SyncAsync(cancel, "first");
            Complete.Check(run.Result[0].GetProperty("upserted").GetInt64(), Changed);
            values.Add("process", run.Seconds);
            var runs = (await hub.RunAsync(cancel, "get", "runs", "-o", "json")).Result.EnumerateArray().ToList();
            DateTimeOffset Time(string id, string name) => runs.Single(record => record.GetProperty("id").GetInt64() == run.Result[0].GetProperty(id).GetInt64()).GetProperty(name).GetDateTimeOffset();
            values.Add("run", (Time("deliveryRun", "ended") - Time("intakeRun", "started")).TotalSeconds);
        });
        Directory.Delete(hub.Folder, recursive: true);
        return figures;
    }
}
