using System.Diagnostics;
using Exchange.Benchmarks.Measuring;
using Microsoft.Data.Sqlite;

namespace Exchange.Benchmarks.Messages;

/// <summary>Messages through the bus on SQLite, beside a bare loop that leases and deletes one row at a time on a file with synchronous=FULL.</summary>
internal sealed class MessagesSqlite : IBenchmark
{
    const int Count = 2_000;
    const string Lease = "UPDATE bare_message SET lease_until = 1 WHERE id = (SELECT id FROM bare_message WHERE lease_until = 0 ORDER BY id LIMIT 1) RETURNING id, body";
    const string Acknowledge = "DELETE FROM bare_message WHERE id = @id";

    public string Name => "messages-sqlite";

    public string Title => "Messages through the bus, SQLite";

    public async Task<IReadOnlyList<Comparison>> RunAsync(BenchmarkSettings settings, CancellationToken cancel)
    {
        var round = 0;
        var figures = await Figures.CollectAsync(settings.Runs, async values =>
        {
            var folder = Directory.CreateDirectory(Path.Combine(settings.Folder, $"{Name}-{++round}")).FullName;
            values.Add("bare", Bare(Path.Combine(folder, "bare.db")));
            await using var load = await MessageLoad.CreateAsync("sqlite:" + Path.Combine(folder, "hub.db"), folder, cancel);
            values.Add("bus", await load.DrainAsync(Count, cancel));
        });
        return
        [
            new($"{Count:N0} messages of 1 kB, {MessageLoad.Handlers} handlers that write one row each through the inbox", figures.Series("bus", "bus", "/s"),
                figures.Series("bare", "bare lease loop, WAL, synchronous=FULL", "/s", $"{Lease}; {Acknowledge}"), Goal.AtLeast(0.8, "at least 0.8 ×"),
                "synced commits, shared by messages that end at the same time"),
        ];
    }

    static double Bare(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        Command("PRAGMA journal_mode = WAL").ExecuteNonQuery();
        Command("PRAGMA synchronous = FULL").ExecuteNonQuery();
        Command("CREATE TABLE bare_message (id INTEGER PRIMARY KEY, lease_until INTEGER NOT NULL, body BLOB NOT NULL)").ExecuteNonQuery();
        Command("CREATE INDEX ix_bare_message ON bare_message (lease_until, id)").ExecuteNonQuery();
        Command($"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Count}) INSERT INTO bare_message SELECT i, 0, zeroblob(1000) FROM n").ExecuteNonQuery();
        using var lease = Command(Lease);
        using var acknowledge = Command(Acknowledge);
        var id = acknowledge.Parameters.Add("@id", SqliteType.Integer);
        var handled = 0;
        var clock = Stopwatch.StartNew();
        while (lease.ExecuteScalar() is long claimed)
        {
            id.Value = claimed;
            handled += acknowledge.ExecuteNonQuery();
        }

        return handled == Count ? Count / clock.Elapsed.TotalSeconds : throw new InvalidOperationException($"The bare loop handled {handled} of {Count} messages.");

        SqliteCommand Command(string sql)
        {
            var command = connection.CreateCommand();
            command.CommandText = sql;
            return command;
        }
    }
}
