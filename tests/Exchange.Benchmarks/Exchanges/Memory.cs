using System.Globalization;
using Exchange.Benchmarks.Data;
using Exchange.Benchmarks.Measuring;

namespace Exchange.Benchmarks.Exchanges;

/// <summary>Peak memory of a full: it follows the configured size of batches, not the number of rows nor their width.</summary>
internal sealed class Memory : IBenchmark
{
    public string Name => "memory";

    public string Title => "Peak memory of a full, PostgreSQL to PostgreSQL";

    public async Task<IReadOnlyList<Comparison>> RunAsync(BenchmarkSettings settings, CancellationToken cancel)
    {
        var (few, many) = (settings.Rows / 10, settings.Rows * 5);
        var full = await MeasureAsync(settings, $"{N(settings.Rows)} rows of 20 columns", CheckActions.Resource(), null, settings.Rows, cancel);
        var fivefold = await MeasureAsync(settings, $"{N(many)} rows of 20 columns", CheckActions.Resource(), null, many, cancel);
        return
        [
            await MeasureAsync(settings, $"{N(few)} rows of 20 columns", CheckActions.Resource(), null, few, cancel),
            full,
            fivefold,
            new($"{N(many)} rows beside {N(settings.Rows)}", fivefold.Ours, full.Ours, Goal.AtMost(1.15, "not growing with the rows: at most 1.15 ×"), "pages, batches and encodings in flight, which 100,000 rows do not fill"),
            await MeasureAsync(settings, $"{N(settings.Rows / 20)} rows of 200 columns", Wide(out var columns), columns, settings.Rows / 20, cancel),
            await MeasureAsync(settings, $"{N(settings.Rows)} rows of 3 columns, 50 bytes", Narrow("string(60)"), "lpad(g::text, 34, 'x') AS name, g % 7 AS kind", settings.Rows, cancel),
            await MeasureAsync(settings, $"{N(settings.Rows / 50)} rows of 3 columns, 50 kB", Narrow("text"), "repeat(md5(g::text) || '检查行为与结果', 900) AS name, g % 7 AS kind", settings.Rows / 50, cancel),
        ];
    }

    static async Task<Comparison> MeasureAsync(BenchmarkSettings settings, string work, string resource, string? columns, int rows, CancellationToken cancel)
    {
        await using var servers = await Servers.CreateAsync(settings, cancel);
        if (columns is null) await CheckActions.FillAsync(servers.Source, CheckActions.Table, rows, cancel);
        else await Servers.ExecuteAsync(servers.Source, $"CREATE TABLE check_action AS SELECT g AS id, {columns} FROM generate_series(1::bigint, {rows}) AS g; ALTER TABLE check_action ADD PRIMARY KEY (id)", cancel);
        var hub = new HubUnderTest(Path.Combine(settings.Folder, "memory"));
        await hub.ApplyAsync(HubUnderTest.Connections(("source", "postgresql", servers.SourceString), ("target", "postgresql", servers.TargetString)) + resource +
            HubUnderTest.Subscription("first", "check-action", "check_action"), cancel);
        var run = await hub.SyncAsync(cancel, "first");
        await Complete.CheckAsync(servers.Target, "check_action", rows, cancel);
        Directory.Delete(hub.Folder, recursive: true);
        return new(work, new Series("exchange sync", "MB", [run.PeakMegabytes], "exchange sync first"), null, Goal.AtMost(400, "under 400 MB"),
            string.Create(CultureInfo.InvariantCulture, $"batchRows and batchBytes; {rows / run.Seconds:N0} rows/s"));
    }

    static string Narrow(string type) => Resource([("name", $"{type}, required: true"), ("kind", "int64")]);

    /// <summary>200 columns: numbers, texts, amounts and days in turn.</summary>
    static string Wide(out string columns)
    {
        (string Item, string Value)[] kinds = [("int64", "g * {0} % 100003"), ("string(40)", "md5((g + {0})::text)"), ("\"decimal(12,2)\"", "((g + {0}) % 99991) / 100.0"), ("date", "date '2020-01-01' + ((g + {0}) % 2000)::int")];
        var further = Enumerable.Range(1, 199).Select(at => (Name: string.Create(CultureInfo.InvariantCulture, $"c{at:000}"), Kind: kinds[at % kinds.Length], At: at)).ToList();
        columns = string.Join(", ", further.Select(column => $"{string.Format(CultureInfo.InvariantCulture, column.Kind.Value, column.At)} AS {column.Name}"));
        return Resource(further.Select(column => (column.Name, column.Kind.Item)));
    }

    /// <summary>A resource with a number as its key.</summary>
    /// <param name="items">Further items, with their types as in a manifest.</param>
    static string Resource(IEnumerable<(string Name, string Type)> items) => $$"""
        ---
        kind: Resource
        metadata: { name: check-action }
        spec:
          provider: market
          key: [id]
          items:
        {{string.Join('\n', items.Prepend(("id", "int64")).Select(item => $"    - {{ name: {item.Item1}, type: {item.Item2} }}"))}}
          source: { connection: source, table: check_action, capture: { mode: snapshot } }

        """;

    static string N(int rows) => rows.ToString("N0", CultureInfo.InvariantCulture);
}
