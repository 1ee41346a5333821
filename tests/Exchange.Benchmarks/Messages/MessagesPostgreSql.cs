using System.Diagnostics;
using Exchange.Benchmarks.Measuring;
using Npgsql;
using NpgsqlTypes;

namespace Exchange.Benchmarks.Messages;

/// <summary>
/// Messages through the bus on PostgreSQL, a transaction each and many in one, beside bare loops of twenty readers: one that does the same insert in the same transaction, one that only takes.
/// </summary>
internal sealed class MessagesPostgreSql : IBenchmark
{
    const int Count = 30_000;
    const string Claim = "DELETE FROM bare_message WHERE id = (SELECT id FROM bare_message ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, body";
    const string Insert = "INSERT INTO bench_effect (number, done) VALUES ($1, 'yes')";

    static readonly (string Series, int PerWrite, Effect Effect)[] Variants =
    [
        ("single-nothing", 1, Effect.None), ("single-row", 1, Effect.Row), ("group-nothing", 100, Effect.None), ("group-together", 100, Effect.RowTogether), ("group-row", 100, Effect.Row),
    ];

    public string Name => "messages-postgresql";

    public string Title => "Messages through the bus, PostgreSQL";

    public async Task<IReadOnlyList<Comparison>> RunAsync(BenchmarkSettings settings, CancellationToken cancel)
    {
        var figures = await Figures.CollectAsync(settings.Runs, async values =>
        {
            await using (var servers = await Servers.CreateAsync(settings, cancel))
            {
                values.Add("take", await BareAsync(servers.Source, insert: false, cancel));
                values.Add("bare", await BareAsync(servers.Target, insert: true, cancel));
            }

            foreach (var (series, perWrite, effect) in Variants) values.Add(series, await MessageLoad.MeasureAsync(settings, Count, perWrite, effect, cancel));
        });
        var take = figures.Series("take", $"bare Npgsql loop, {MessageLoad.Handlers} readers, no insert", "/s", $"{Claim} (prepared)");
        var bare = figures.Series("bare", $"bare Npgsql loop, {MessageLoad.Handlers} readers, an insert", "/s", $"BEGIN; {Claim}; {Insert}; COMMIT (prepared)");
        Comparison Of(string work, string series, string how, Series beside, Goal? goal, string limit) =>
            new($"{work}, {Count:N0} messages of 1 kB, {MessageLoad.Handlers} handlers", figures.Series(series, how, "/s"), beside, goal, limit);
        return
        [
            Of("handlers that write nothing", "single-nothing", "bus, a transaction a message", take, Goal.AtLeast(0.6, "at least 0.6 ×"), "the inbox note and the claim's write, which the peer does not have"),
            Of("handlers that write a row each", "single-row", "bus, a transaction a message", bare, Goal.AtLeast(0.6, "at least 0.6 ×"), "as above"),
            Of("handlers that write nothing", "group-nothing", "bus, ends gathered (the default)", take, Goal.AtLeast(2, "at least 2 ×"), "processor time of the bus and the server on the same cores"),
            Of("handlers that write their rows in common", "group-together", "bus, ends gathered, FinishTogetherAsync", bare, Goal.AtLeast(2, "at least 2 ×"), "as above"),
            Of("handlers that write a row each", "group-row", "bus, ends gathered (the default)", bare, null, "a round trip for each handler's row"),
        ];
    }

    static async Task<double> BareAsync(NpgsqlDataSource database, bool insert, CancellationToken cancel)
    {
        await Servers.ExecuteAsync(database, "CREATE TABLE bench_effect (number bigint PRIMARY KEY, done text NOT NULL)", cancel);
        await Servers.ExecuteAsync(database, "CREATE TABLE bare_message (id bigserial PRIMARY KEY, body bytea NOT NULL)", cancel);
        await Servers.ExecuteAsync(database, $"INSERT INTO bare_message (body) SELECT convert_to(repeat('x', 1000), 'UTF8') FROM generate_series(1, {Count})", cancel);
        var clock = Stopwatch.StartNew();
        var handled = await Task.WhenAll(Enumerable.Range(0, MessageLoad.Handlers).Select(_ => Task.Run(() => ReadAsync(database, insert, cancel), cancel)));
        var seconds = clock.Elapsed.TotalSeconds;
        return handled.Sum() == Count ? Count / seconds : throw new InvalidOperationException($"The bare loop handled {handled.Sum()} of {Count} messages.");
    }

    static async Task<int> ReadAsync(NpgsqlDataSource database, bool insert, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var command = new NpgsqlCommand(Claim, connection);
        await command.PrepareAsync(cancel);
        await using var effect = new NpgsqlCommand(Insert, connection) { Parameters = { new() { NpgsqlDbType = NpgsqlDbType.Bigint } } };
        await effect.PrepareAsync(cancel);
        for (var handled = 0; ; handled++)
        {
            await using var transaction = insert ? await connection.BeginTransactionAsync(cancel) : null;
            await using (var taken = await command.ExecuteReaderAsync(cancel))
            {
                if (!await taken.ReadAsync(cancel)) return handled;
                effect.Parameters[0].Value = taken.GetInt64(0);
            }

            if (transaction is null) continue;
            await effect.ExecuteNonQueryAsync(cancel);
            await transaction.CommitAsync(cancel);
        }
    }
}
