using System.Diagnostics;
using Exchange.Benchmarks.Data;
using Exchange.Benchmarks.Measuring;
using Microsoft.Data.Sqlite;
using MySqlConnector;
using Npgsql;
using System.Data.Common;

namespace Exchange.Benchmarks.Exchanges;

/// <summary>What the triggers of `changelog` cost whoever writes: an UPDATE of 20,000 rows with them and without.</summary>
internal sealed class TriggerCost : IBenchmark
{
    const int Rows = 100_000, Changed = 20_000;

    public string Name => "trigger-cost";

    public string Title => "Triggers of changelog: an UPDATE of 20,000 of 100,000 rows";

    public async Task<IReadOnlyList<Comparison>> RunAsync(BenchmarkSettings settings, CancellationToken cancel)
    {
        await using var servers = await Servers.CreateAsync(settings, cancel);
        await CheckActions.FillAsync(servers.Source, CheckActions.Table, Rows, cancel);
        await servers.ExecuteMySqlAsync(CheckActions.MySql(CheckActions.Table), cancel);
        await Shell.RunAsync($"{servers.PsqlSource} -c \"{CheckActions.Copy(CheckActions.Table)}\" | {servers.Mariadb} -e \"LOAD DATA LOCAL INFILE '/dev/stdin' INTO TABLE check_action CHARACTER SET utf8mb4\"", cancel);
        var file = Path.Combine(settings.Folder, "trigger-cost.db");
        await FullFromSqlite.FillAsync(servers.Source, file, cancel);
        return
        [
            await MeasureAsync(settings, "postgresql", "PostgreSQL (statement triggers)", servers.SourceString, () => new NpgsqlConnection(servers.SourceString), Goal.AtMost(1.5, "at most 1.5 ×"), cancel),
            await MeasureAsync(settings, "mysql", "MariaDB (row triggers)", servers.MySqlString, () => new MySqlConnection(servers.MySqlString), null, cancel),
            await MeasureAsync(settings, "sqlite", "SQLite (row triggers)", $"Data Source={file}", () => new SqliteConnection($"Data Source={file};Pooling=False"), null, cancel),
        ];
    }

    static async Task<Comparison> MeasureAsync(BenchmarkSettings settings, string provider, string title, string connectionString, Func<DbConnection> open, Goal? goal, CancellationToken cancel)
    {
        var hub = new HubUnderTest(Path.Combine(settings.Folder, $"trigger-cost-{provider}"));
        await hub.ApplyAsync(HubUnderTest.Connections(("source", provider, connectionString)) + CheckActions.Resource("mode: changelog"), cancel);
        var figures = await Figures.CollectAsync(settings.Runs, async values =>
        {
            values.Add("without", await UpdateAsync(open, cancel));
            await hub.RunAsync(cancel, "capture", "install", "check-action");
            values.Add("with", await UpdateAsync(open, cancel));
            await hub.RunAsync(cancel, "capture", "remove", "check-action");
        });
        Directory.Delete(hub.Folder, recursive: true);
        return new(title, figures.Series("with", "with the triggers", "s"), figures.Series("without", "without", "s"), goal, "the change log's inserts, in the writer's transaction");
    }

    static async Task<double> UpdateAsync(Func<DbConnection> open, CancellationToken cancel)
    {
        await using var connection = open();
        await connection.OpenAsync(cancel);
        await using var command = connection.CreateCommand();
        if (connection is NpgsqlConnection)
        {
            // Each side finds the table as the other did: without the dead rows of the update before, and with its writes on the disk.
            foreach (var tidying in new[] { "VACUUM check_action", "CHECKPOINT" })
            {
                command.CommandText = tidying;
                await command.ExecuteNonQueryAsync(cancel);
            }
        }

        command.CommandText = $"UPDATE check_action SET personnel = 'changed' WHERE check_action_code <= 'JC{Changed:0000000000}'";
        var clock = Stopwatch.StartNew();
        await command.ExecuteNonQueryAsync(cancel);
        return clock.Elapsed.TotalSeconds;
    }
}
