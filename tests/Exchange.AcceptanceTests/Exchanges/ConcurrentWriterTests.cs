using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using Exchange.AcceptanceTests.Hubs;

namespace Exchange.AcceptanceTests.Exchanges;

/// <summary>Increments and fulls while the department's applications go on writing: nothing is lost, nothing undone.</summary>
[TestClass]
public sealed class ConcurrentWriterTests
{
    static readonly FrontTable Table = FrontTable.Of("t", "id", ("id", "int64"), ("name", "string(40)"), ("n", "int32"));

    /// <summary>Syncs go on until the writers have done this many transactions, and at least <see cref="FewestSyncs"/> syncs.</summary>
    const int Transactions = 150;

    const int FewestSyncs = 7;

    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    public static IEnumerable<TestDataRow<(string, string)>> Written =>
        new[] { ("postgresql", "sqlite"), ("mysql", "postgresql"), ("sqlite", "mysql"), ("sqlserver", "postgresql"), ("postgresql", "sqlserver") }.Select(pair => FrontEnd.Row(pair, pair.Item1, pair.Item2));

    public static IEnumerable<TestDataRow<(string, string, string)>> Tracked =>
        from engine in FrontEnd.Engines from column in new[] { ("at", "timestamp"), ("version", "int64") } select FrontEnd.Row((engine, column.Item1, column.Item2), engine);

    [TestMethod]
    [DynamicData(nameof(Written))]
    public async Task Changes_of_a_change_log_arrive_whatever_is_written_meanwhile_and_whatever_full_runs_beside(string sourceEngine, string targetEngine)
    {
        await using var source = await FrontEnd.CreateAsync(sourceEngine);
        await using var target = await FrontEnd.CreateAsync(targetEngine);
        using var hub = new TestHub();
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, Enumerable.Range(1, 300).Select(id => new[] { $"{id}", "first", "0" }));
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, "mode: changelog", "  batchRows: 40"), TestHub.Subscription("s", "r", "copy"));

        await using (var writers = new Writers(source, 3, AnythingAsync))
        {
            await SyncWhileAsync(hub, writers);
            await writers.EndAsync();
            await hub.SyncAsync();
        }

        CollectionAssert.AreEqual(await source.LinesAsync(Table), await target.LinesAsync(Table with { Name = "copy" }));
        Assert.AreEqual(0, await source.NumberAsync("SELECT count(*) FROM exchange_changelog_t"), "left in the change log");
    }

    [TestMethod]
    [DynamicData(nameof(Tracked))]
    public async Task Rows_that_are_committed_late_with_older_values_are_never_passed_over_by_a_cursor(string engine, string column, string type)
    {
        var table = Table with { Columns = [.. Table.Columns, (column, type)] };
        await using var source = await FrontEnd.CreateAsync(engine);
        await using var target = await FrontEnd.CreateAsync("sqlite");
        using var hub = new TestHub();
        await source.CreateAsync(table);
        var clock = new Rising(type);
        await source.InsertAsync(table, Enumerable.Range(1, 200).Select(id => new[] { $"{id}", "first", "0", clock.Next().Text }));
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)),
            TestHub.Resource("r", table, $"mode: cursor, column: {column}, maxLateness: 30s", "  batchRows: 50"), TestHub.Subscription("s", "r", "copy"));

        await using (var writers = new Writers(source, 3, (front, connection, transaction, random) => LateAsync(front, connection, transaction, random, column, clock)))
        {
            await SyncWhileAsync(hub, writers);
            await writers.EndAsync();
            await hub.SyncAsync();
        }

        CollectionAssert.AreEqual(await source.LinesAsync(table), await target.LinesAsync(table with { Name = "copy" }));
        Assert.AreEqual(0, (await hub.SyncAsync())["s"].GetProperty("upserted").GetInt32(), "rows of the overlap that stand as they were taken up are not delivered again");
    }

    [TestMethod]
    public async Task A_transaction_that_is_open_across_a_full_and_several_passes_is_taken_up_once_it_commits()
    {
        var table = Table with { Columns = [.. Table.Columns, ("at", "timestamp")] };
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("postgresql");
        using var hub = new TestHub();
        await source.CreateAsync(table);
        await source.InsertAsync(table, ["1", "first", "0", "2026-07-01T00:00:00Z"]);
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", table, "mode: cursor, column: at, maxLateness: 0s"), TestHub.Subscription("s", "r", "copy"));
        await using var connection = await source.Database.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Writers.RunAsync(connection, transaction, "INSERT INTO t VALUES (2, 'late', 0, '2020-01-01')");
        await hub.SyncAsync();
        for (var pass = 3; pass < 6; pass++)
        {
            await source.InsertAsync(table, [$"{pass}", "early", "0", $"2026-07-0{pass}T00:00:00Z"]);
            await hub.SyncAsync();
        }

        await using var second = await source.Database.OpenAsync();
        await using var later = await second.BeginTransactionAsync();
        await Writers.RunAsync(second, later, "INSERT INTO t VALUES (6, 'late too', 0, '2026-07-05 12:00:00+00')");
        await source.InsertAsync(table, ["7", "early", "0", "2026-07-07T00:00:00Z"]);
        await hub.SyncAsync();
        await transaction.CommitAsync();
        await hub.SyncAsync();
        await hub.SyncAsync();
        await later.CommitAsync();
        await hub.SyncAsync();
        CollectionAssert.AreEqual(await source.LinesAsync(table), await target.LinesAsync(table with { Name = "copy" }));
    }

    /// <summary>Increments, and every third time a full, for as long as it takes the writers to do their share.</summary>
    static async Task SyncWhileAsync(TestHub hub, Writers writers)
    {
        var clock = Stopwatch.StartNew();
        for (var sync = 0; sync < FewestSyncs || writers.Committed < Transactions; sync++)
        {
            Assert.IsLessThan(Deadline, clock.Elapsed, $"{sync} syncs beside {writers.Committed} transactions");
            await hub.SyncAsync(0, sync % 3 == 2 ? ["--full"] : []);
        }
    }

    /// <summary>Up to five inserts, updates, deletions and moved keys.</summary>
    static async Task AnythingAsync(FrontEnd front, DbConnection connection, DbTransaction transaction, Random random)
    {
        for (var statement = random.Next(1, 6); statement > 0; statement--)
        {
            var id = ("@id", (object?)random.Next(1, 400));
            switch (random.Next(6))
            {
                case 0: await Writers.RunAsync(connection, transaction, "DELETE FROM t WHERE id = @id", id); break;
                case 1: await Writers.RunAsync(connection, transaction, "UPDATE t SET id = @to WHERE id = @id", id, ("@to", random.Next(1, 400))); break;
                default:
                    var name = ("@name", (object?)$"名 {random.Next(1000)}");
                    if (await Writers.RunAsync(connection, transaction, "UPDATE t SET name = @name, n = n + 1 WHERE id = @id", id, name) == 0)
                        await Writers.RunAsync(connection, transaction, "INSERT INTO t VALUES (@id, @name, 0)", id, name);
                    break;
            }
        }

        if (front.Provider != "sqlite") await Task.Delay(random.Next(30));
    }

    /// <summary>Takes its value first, then thinks, then writes and thinks again: values are committed out of order.</summary>
    static async Task LateAsync(FrontEnd front, DbConnection connection, DbTransaction transaction, Random random, string column, Rising clock)
    {
        var value = clock.Next();
        // A transaction of SQLite holds the file from its beginning; its application has taken the value, as one does, before.
        if (front.Provider != "sqlite" || random.Next(10) == 0) await Task.Delay(random.Next(60));
        var id = ("@id", (object?)random.Next(1, 400));
        var name = ("@name", (object?)$"名 {random.Next(1000)}");
        var tracked = ("@tracked", front.Provider is "sqlite" or "sqlserver" ? value.Text : value.Value);
        if (await Writers.RunAsync(connection, transaction, $"UPDATE t SET name = @name, n = n + 1, {column} = @tracked WHERE id = @id", id, name, tracked) == 0)
            await Writers.RunAsync(connection, transaction, "INSERT INTO t VALUES (@id, @name, 0, @tracked)", id, name, tracked);
        if (front.Provider != "sqlite") await Task.Delay(random.Next(10) == 0 ? 400 : random.Next(60));
    }

    /// <summary>Values of a rising column: the clock, or a sequence.</summary>
    sealed class Rising(string type)
    {
        long _last;

        public (object? Value, string Text) Next()
        {
            if (type == "int64")
            {
                var next = Interlocked.Increment(ref _last);
                return (next, next.ToString(CultureInfo.InvariantCulture));
            }

            var now = DateTime.UtcNow;
            now = now.AddTicks(-(now.Ticks % 10));
            return (now, now.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture));
        }
    }
}
