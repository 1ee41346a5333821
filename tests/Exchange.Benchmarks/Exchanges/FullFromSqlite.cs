using System.Globalization;
using Exchange.Benchmarks.Data;
using Exchange.Benchmarks.Measuring;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Exchange.Benchmarks.Exchanges;

/// <summary>A full from SQLite to PostgreSQL beside pgloader.</summary>
internal sealed class FullFromSqlite : IBenchmark
{
    public string Name => "full-sqlite-postgresql";

    public string Title => "Full, SQLite to PostgreSQL";

    public async Task<IReadOnlyList<Comparison>> RunAsync(BenchmarkSettings settings, CancellationToken cancel)
    {
        await using var servers = await Servers.CreateAsync(settings, cancel);
        await CheckActions.FillAsync(servers.Source, CheckActions.Table, settings.Rows, cancel);
        var file = Path.Combine(settings.Folder, "source.db");
        await FillAsync(servers.Source, file, cancel);
        await Servers.ExecuteAsync(servers.Source, "DROP TABLE check_action", cancel);
        var round = 0;
        var figures = await Figures.CollectAsync(settings.Runs, async values =>
        {
            await servers.EmptyTargetAsync(cancel);
            await Servers.ExecuteAsync(servers.Target, CheckActions.PostgreSql(CheckActions.Table), cancel);
            values.Add("peer", await Pgloader.RunAsync(settings.Folder, "sqlite://" + file, "", servers, cancel));
            await Complete.CheckAsync(servers.Target, "check_action", settings.Rows, cancel);
            await servers.EmptyTargetAsync(cancel);
            var hub = new HubUnderTest(Path.Combine(settings.Folder, $"{Name}-{++round}"));
            await hub.ApplyAsync(HubUnderTest.Connections(("source", "sqlite", $"Data Source={file}"), ("target", "postgresql", servers.TargetString)) +
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
                figures.Series("peer", await Pgloader.VersionAsync(), "s", Pgloader.Shown), Goal.AtMost(1 / 1.2, "at least 1.2 × as fast"), "processor: the target's upsert, SQLite's rows"),
            new("peak memory of the hub", figures.Series("peak", "exchange sync", "MB"), null, Goal.AtMost(400, "under 400 MB"), "pages, batches and encodings in flight"),
        ];
    }

    /// <summary>The same rows in a file of SQLite.</summary>
    public static async Task FillAsync(NpgsqlDataSource from, string file, CancellationToken cancel)
    {
        await using var to = new SqliteConnection($"Data Source={file};Pooling=False");
        await to.OpenAsync(cancel);
        await using (var create = new SqliteCommand(CheckActions.Sqlite(CheckActions.Table), to)) await create.ExecuteNonQueryAsync(cancel);
        await using var transaction = (SqliteTransaction)await to.BeginTransactionAsync(cancel);
        await using var insert = new SqliteCommand($"INSERT INTO check_action VALUES ({string.Join(", ", CheckActions.Columns.Select(column => "$" + column.Name))})", to, transaction);
        foreach (var column in CheckActions.Columns) insert.Parameters.Add(new SqliteParameter("$" + column.Name, DBNull.Value));
        await using var connection = await from.OpenConnectionAsync(cancel);
        using var copy = await connection.BeginTextExportAsync(CheckActions.Copy(CheckActions.Table), cancel);
        while (await copy.ReadLineAsync(cancel) is { } line)
        {
            var cells = line.Split('\t');
            for (var at = 0; at < cells.Length; at++) insert.Parameters[at].Value = cells[at] == "\\N" ? DBNull.Value : CheckActions.Columns[at].Item.StartsWith("decimal", StringComparison.Ordinal) ? double.Parse(cells[at], CultureInfo.InvariantCulture) : cells[at];
            await insert.ExecuteNonQueryAsync(cancel);
        }

        await transaction.CommitAsync(cancel);
    }
}
