using System.Globalization;
using Exchange.Adapters.Database;
using Exchange.Adapters.Database.MySql;
using Exchange.Adapters.Database.PostgreSql;
using Exchange.Adapters.Database.Sqlite;
using Exchange.Adapters.Database.SqlServer;
using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Exchange.TestSupport;

namespace Exchange.IntegrationTests.Database;

/// <summary>What the suites of writing share: a database of the test's own, a target in it, rows, and a look at what stands there by the plain driver.</summary>
public abstract class TargetSuite(string provider)
{
    private protected static readonly ItemType Text = new(ItemKind.Text);
    private protected static readonly ItemType Int32 = new(ItemKind.Int32);
    private protected static readonly ItemType Int64 = new(ItemKind.Int64);
    private protected static readonly ItemType Boolean = new(ItemKind.Boolean);
    private protected static readonly ItemType Date = new(ItemKind.Date);
    private protected static readonly ItemType Timestamp = new(ItemKind.Timestamp);

    public TestContext TestContext { get; set; } = null!;

    private protected TestDatabase Database { get; private set; } = null!;

    private protected CancellationToken Cancel => TestContext.CancellationToken;

    private protected FrontEndConnection Connection => new() { Name = "front", Provider = provider, ConnectionString = Database.ConnectionString, TimeZone = TimeZone };

    private protected string TimeZone { get; set; } = "UTC";

    private protected bool IsPostgres => provider == "postgresql";

    private protected bool IsMySql => provider == "mysql";

    private protected bool IsSqlite => provider == "sqlite";

    private protected bool IsSqlServer => provider == "sqlserver";

    /// <summary>A text column of n characters, and one that may be a key: compared by code point.</summary>
    private protected string Chars(int length) => IsSqlServer ? $"nvarchar({length})" : $"varchar({length})";

    private protected string KeyChars(int length) => Chars(length) + (IsMySql ? " CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin" : IsSqlServer ? " COLLATE Latin1_General_100_BIN2" : "");

    private protected TargetEngine Engine(TimeProvider? clock = null) => provider switch
    {
        "postgresql" => new PostgreSqlTarget(new PostgreSqlDialect(), clock ?? TimeProvider.System),
        "mysql" => new MySqlTarget(new MySqlDialect(), clock ?? TimeProvider.System),
        "sqlserver" => new SqlServerTarget(new SqlServerDialect(), clock ?? TimeProvider.System),
        _ => new SqliteTarget(new SqliteDialect(), clock ?? TimeProvider.System),
    };

    private protected TargetWriter Writer(TimeProvider? clock = null) => new(Engine(clock), Connection);

    private protected SqlDialect Dialect => Engine().Dialect;

    [TestInitialize]
    public async Task CreateAsync() => Database = await TestDatabase.CreateAsync(provider);

    [TestCleanup]
    public async Task DropAsync() => await Database.DisposeAsync();

    /// <summary>id, name, amount under a key of id.</summary>
    private protected static TargetTable People(DeletePolicy deletes = DeletePolicy.Apply) => new()
    {
        Subscription = "people-to-centre",
        Table = new TableName(null, "people"),
        Columns = [new("id", ItemType.String(20), true, "编号"), new("name", ItemType.String(10), false, "姓名 'n\\'"), new("amount", ItemType.Decimal(12, 2), false, null)],
        Key = ["id"],
        Deletes = deletes,
        Title = "人员",
    };

    private protected static RowBatch Batch(TargetTable target, params IEnumerable<string?[]> rows)
    {
        var batch = RowBatch.Empty(target.Columns.Select(column => (column.Name, column.Type)));
        foreach (var row in rows) Append(batch, row, RowOperation.Upsert);
        return batch;
    }

    private protected static RowBatch Deletes(TargetTable target, params IEnumerable<string?[]> keys)
    {
        var batch = RowBatch.Empty(target.Columns.Select(column => (column.Name, column.Type)));
        foreach (var key in keys) Append(batch, [.. target.Columns.Select(column => target.Key.ToList().IndexOf(column.Name) is var at and >= 0 ? key[at] : null)], RowOperation.Delete);
        return batch;
    }

    private protected static RowBatch Keys(TargetTable target, params IEnumerable<string?[]> keys)
    {
        var batch = RowBatch.Empty(target.Key.Select(key => (key, target.Columns.First(column => column.Name == key).Type)));
        foreach (var key in keys) Append(batch, key, RowOperation.Upsert);
        return batch;
    }

    private protected static void Append(RowBatch batch, IReadOnlyList<string?> row, RowOperation operation)
    {
        for (var at = 0; at < row.Count; at++) Append(batch.Columns[at], row[at]);
        batch.EndRow(operation);
    }

    static void Append(Column column, string? text)
    {
        if (text is null) column.AppendNull();
        else if (column is BytesColumn { Type.Kind: ItemKind.Binary } bytes) bytes.Append((ReadOnlySpan<byte>)Convert.FromHexString(text));
        else if (column is BytesColumn characters) characters.Append(text);
        else if (column is DecimalColumn number) number.Append(decimal.Parse(text, CultureInfo.InvariantCulture));
        else if (column is DoubleColumn real) real.Append(double.Parse(text, CultureInfo.InvariantCulture));
        else if (column is LongColumn integer) integer.Append(Number(column.Type.Kind, text));
    }

    static long Number(ItemKind kind, string text) => kind switch
    {
        ItemKind.Boolean => text == "true" ? 1 : 0,
        ItemKind.Date => Temporal.Days(DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture)),
        ItemKind.Timestamp => Temporal.Microseconds(DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal)),
        _ => long.Parse(text, CultureInfo.InvariantCulture),
    };

    /// <summary>Ensures the target and applies, all in one committed transaction.</summary>
    private protected async Task<ApplyCount> WriteAsync(TargetTable target, params RowBatch[] batches)
    {
        var writer = Writer();
        Assert.IsEmpty(await writer.EnsureAsync(target, create: true, Cancel));
        await using var transaction = await writer.BeginAsync(target, Cancel);
        var (upserted, deleted) = (0L, 0L);
        foreach (var batch in batches)
        {
            var count = await transaction.ApplyAsync(batch, Cancel);
            (upserted, deleted) = (upserted + count.Upserted, deleted + count.Deleted);
        }

        await transaction.CommitAsync(Cancel);
        return new ApplyCount(upserted, deleted);
    }

    /// <summary>What stands in the target's columns as canonical text, one line a row, columns by |, sorted by code point.</summary>
    private protected async Task<string[]> StandingAsync(TargetTable target)
    {
        var rows = await Database.QueryAsync($"SELECT {string.Join(", ", target.Columns.Select(column => Dialect.Quote(column.Name)))} FROM {Dialect.Quote(target.Table)}");
        return [.. rows.Select(row => string.Join('|', row.Select((value, at) => Canonical(value, target.Columns[at].Type)))).Order(StringComparer.Ordinal)];
    }

    private protected async Task StandsAsync(TargetTable target, params string[] lines) => CollectionAssert.AreEqual(lines, await StandingAsync(target));

    private protected async Task<long> NumberAsync(string sql) => Convert.ToInt64((await Database.QueryAsync(sql))[0][0], CultureInfo.InvariantCulture);

    private protected string Q(string name) => Dialect.Quote(name);

    private protected static LedgerEntry Entry(long batch) => new(batch, "snapshot", 3, 1, $"digest-{batch}", new DateTimeOffset(2026, 7, 1, 8, 0, 0, TimeSpan.Zero).AddTicks(1234560));

    private protected static async Task<FrontEndException> RefusedAsync(FrontEndFault fault, Func<Task> action)
    {
        var exception = await Assert.ThrowsExactlyAsync<FrontEndException>(action);
        Assert.AreEqual(fault, exception.Fault, exception.Message);
        return exception;
    }

    /// <summary>Ends a session's connection as an administrator would.</summary>
    private protected async Task KillOthersAsync()
    {
        if (IsPostgres) await Database.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        else if (IsSqlServer)
            foreach (var row in await Database.QueryAsync("SELECT session_id FROM sys.dm_exec_sessions WHERE database_id = DB_ID() AND session_id <> @@SPID"))
                await Database.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"KILL {row[0]}"));
        else
            foreach (var row in await Database.QueryAsync("SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"))
                await Database.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"KILL {row[0]}"));
    }

    static string Canonical(object? value, ItemType type) => (value, type.Kind) switch
    {
        (null, _) => "∅",
        (_, ItemKind.Boolean) => Convert.ToBoolean(value, CultureInfo.InvariantCulture) ? "true" : "false",
        (DateTime date, ItemKind.Date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        (DateOnly date, _) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        (DateTime instant, _) => Temporal.TimestampText(Temporal.Microseconds(new DateTimeOffset(DateTime.SpecifyKind(instant, DateTimeKind.Utc)))),
        (string text, ItemKind.Decimal) => decimal.Parse(text, CultureInfo.InvariantCulture).ToString("0.############################", CultureInfo.InvariantCulture),
        (decimal number, _) => number.ToString("0.############################", CultureInfo.InvariantCulture),
        (double number, _) => number.ToString("R", CultureInfo.InvariantCulture),
        (byte[] bytes, _) => Convert.ToHexStringLower(bytes),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
