using Exchange.Adapters.Database.PostgreSql;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.FrontEnd;
using Npgsql;
using Npgsql.Replication;

namespace Exchange.Adapters.Database.Wal;

/// <summary>
/// PostgreSQL's logical decoding by its own plugin pgoutput. Publication and slot have one name, made from the owner. Partitions are published each under its own name
/// (publish_via_partition_root off): only so is a TRUNCATE of one of them told.
/// </summary>
internal sealed class WalCapture(FrontEndConnection settings, PostgreSqlDialect dialect, Func<CancellationToken, Task<ReadSession>> open) : IWalCapture
{
    /// <summary>A slot begins only when the transactions that were open have ended.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    readonly CommitVisibility _visibility = new(settings);

    public Task<WalLook> LookAsync(CaptureTarget target, WalPoint? from, CancellationToken cancel) => GuardedAsync(target, "looking at the slot of", async connection =>
    {
        var look = await WalCatalog.LookAsync(connection, Name(target), target.Table, cancel);
        return from is null ? look : look with { Gap = WalCatalog.Gap(look, from) };
    }, cancel);

    public Task<long> FlushedAsync(CancellationToken cancel) => GuardedAsync(null, "looking at the log", async connection =>
    {
        await using var command = new NpgsqlCommand("SELECT (pg_catalog.pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::int8", connection);
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }, cancel);

    public Task<string?> ObstacleAsync(CaptureTarget target, CancellationToken cancel) => GuardedAsync(target, "looking at", connection => ObstacleAsync(connection, target, cancel), cancel);

    public Task<WalPoint> InstallAsync(CaptureTarget target, CancellationToken cancel) => GuardedAsync(target, "installing publication and slot for", async connection =>
    {
        if (await ObstacleAsync(connection, target, cancel) is { } obstacle) throw FaultMessage.Standing(settings, $"following the log of {target.Table}", obstacle, inner: null);
        await DropSlotAsync(connection, target, cancel);
        // A slot can't be read before its publication stood, so that comes first.
        await RunAsync(connection, $"""
            BEGIN; SET LOCAL lock_timeout TO '30s'; DROP PUBLICATION IF EXISTS {dialect.Quote(Name(target))};
            CREATE PUBLICATION {dialect.Quote(Name(target))} FOR TABLE {dialect.Quote(target.Table)} WITH (publish = 'insert, update, delete, truncate'); COMMIT
            """, cancel);
        var position = await CreateSlotAsync(connection, target, cancel);
        var look = await WalCatalog.LookAsync(connection, Name(target), target.Table, cancel);
        return new WalPoint(look.Server, look.Publication ?? throw FaultMessage.Standing(settings, $"following the log of {target.Table}", $"the publication {Name(target)} was changed while it was made", inner: null), position);
    }, cancel);

    public Task RemoveAsync(CaptureTarget target, CancellationToken cancel) => GuardedAsync(target, "removing publication and slot of", async connection =>
    {
        await DropSlotAsync(connection, target, cancel);
        await RunAsync(connection, $"DROP PUBLICATION IF EXISTS {dialect.Quote(Name(target))}", cancel);
        return true;
    }, cancel);

    public async Task<IWalSession> OpenAsync(CaptureTarget target, WalPoint from, bool evict, CancellationToken cancel)
    {
        var look = await LookAsync(target, from, cancel);
        return new WalSession(this, target, from, look, evict);
    }

    /// <summary>Slots take letters, digits and underscores only; a manifest's name has no underscore, so no two of them meet.</summary>
    public string Name(CaptureTarget target) => dialect.GeneratedName($"exchange_{target.Owner!.Replace('-', '_')}");

    /// <summary>A connection that carries replication: outside of any pool, with values in the texts that the reading sessions take back.</summary>
    public async Task<LogicalReplicationConnection> ConnectAsync(bool abrupt, CancellationToken cancel)
    {
        var connection = new LogicalReplicationConnection(new NpgsqlConnectionStringBuilder(PostgreSqlDialect.ConnectionString(settings))
        {
            Options = "-c DateStyle=ISO,YMD -c IntervalStyle=postgres -c extra_float_digits=1 -c bytea_output=hex -c statement_timeout=0",
            // A stream has no end of its own: it is ended by closing it, not by asking the server to.
            CancellationTimeout = abrupt ? -1 : 2_000,
        }.ConnectionString);
        try
        {
            await connection.Open(cancel);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends another's reading, so that this one can begin.</summary>
    public Task EvictAsync(CaptureTarget target, CancellationToken cancel) => GuardedAsync(target, "taking over the slot of", async connection =>
    {
        await EvictAsync(connection, target, cancel);
        return true;
    }, cancel);

    /// <summary>Whether the server has told the slot's reader all there is, and waits for more to be written.</summary>
    public Task<bool> IsIdleAsync(CaptureTarget target, CancellationToken cancel) => GuardedAsync(target, "looking at the slot of", async connection =>
    {
        await using var command = new NpgsqlCommand("SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_replication_slots s JOIN pg_catalog.pg_stat_activity a ON a.pid = s.active_pid WHERE s.slot_name = $1 AND lower(a.wait_event) = 'walsenderwaitforwal')", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Name(target) });
        return (bool)(await command.ExecuteScalarAsync(cancel))!;
    }, cancel);

    /// <summary>Once rows of those transactions can be seen: the keys in natural types.</summary>
    public async Task<Contracts.Rows.RowBatch> KeysAsync(CaptureTarget target, IReadOnlyList<string[]> keys, IReadOnlyCollection<uint> committed, CancellationToken cancel)
    {
        await GuardedAsync(target, "reading", async connection =>
        {
            await _visibility.WaitAsync(connection, committed, cancel);
            return true;
        }, cancel);
        try
        {
            await using var session = await open(cancel);
            return await new WalKeys(settings, dialect).ReadAsync(session, target, keys, cancel);
        }
        catch (Exception exception) when (exception is not OperationCanceledException and not FrontEndException)
        {
            throw dialect.Classify(exception, settings, $"reading changes of {target.Table}");
        }
    }

    public FrontEndException Classify(Exception exception, CaptureTarget target) => dialect.Classify(exception, settings, $"reading the log for {target.Table}");

    static async Task<string?> ObstacleAsync(NpgsqlConnection connection, CaptureTarget target, CancellationToken cancel)
    {
        if (await PostgreSqlDialect.FindAsync(connection, target.Table, cancel) is not var (table, kind)) return $"there is no table {target.Table}, or this login may not see it";
        return kind is "r" or "p" ? await WalCatalog.ObstacleAsync(connection, table, target, cancel) : $"{target.Table} is no table of this server's own, so its changes are not in this log; name its table, or use capture mode cursor or snapshot";
    }

    async Task<long> CreateSlotAsync(NpgsqlConnection connection, CaptureTarget target, CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        await using var replication = await ConnectAsync(abrupt: false, cancel);
        try
        {
            var slot = await replication.CreatePgOutputReplicationSlot(Name(target), slotSnapshotInitMode: LogicalSlotSnapshotInitMode.Export, cancellationToken: either.Token);
            await _visibility.WaitForExportedAsync(connection, slot.SnapshotName!, cancel);
            return (long)(ulong)slot.ConsistentPoint;
        }
        catch (OperationCanceledException exception) when (!cancel.IsCancellationRequested)
        {
            throw FaultMessage.Transient(settings, $"making the slot of {target.Table}", $"a slot begins only when the transactions that were open have ended, and after {Patience.TotalSeconds:0} s one has not (see pg_stat_activity by xact_start, and pg_prepared_xacts)", exception);
        }
    }

    async Task DropSlotAsync(NpgsqlConnection connection, CaptureTarget target, CancellationToken cancel)
    {
        for (var waited = TimeSpan.Zero; ; waited += Pause)
        {
            try
            {
                await EvictAsync(connection, target, cancel);
                await using var drop = new NpgsqlCommand("SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = $1 AND database = current_database()", connection);
                drop.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Name(target) });
                await drop.ExecuteNonQueryAsync(cancel);
                return;
            }
            catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.ObjectInUse && waited < WalSession.Patience)
            {
                await Task.Delay(Pause, cancel);
            }
        }
    }

    async Task EvictAsync(NpgsqlConnection connection, CaptureTarget target, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("SELECT pg_catalog.pg_terminate_backend(active_pid) FROM pg_catalog.pg_replication_slots WHERE slot_name = $1 AND active_pid IS NOT NULL", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Name(target) });
        await command.ExecuteNonQueryAsync(cancel);
    }

    static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }

    async Task<T> GuardedAsync<T>(CaptureTarget? target, string doing, Func<NpgsqlConnection, Task<T>> act, CancellationToken cancel)
    {
        try
        {
            await using var connection = await dialect.OpenPostgresAsync(settings, cancel);
            return await act(connection);
        }
        catch (Exception exception) when (exception is not OperationCanceledException and not FrontEndException)
        {
            throw dialect.Classify(exception, settings, target is null ? doing : $"{doing} {target.Table}");
        }
    }
}
