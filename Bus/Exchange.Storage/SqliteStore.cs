using System.Data;
using System.Data.Common;
using System.Diagnostics;
using Exchange.Contracts.Errors;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Exchange.Storage;

/// <summary>
/// A SQLite file. One writer at a time: within the process they queue without holding threads, between processes SQLite's lock decides, tried again with
/// back-off for a bounded time. Readers see the last commit and wait for nobody (WAL).
/// </summary>
internal sealed partial class SqliteStore : IStore, IStoreSignals
{
    const int Busy = 5, Locked = 6, Corrupt = 11, NotADatabase = 26;
    const int MostAttempts = 6;

    // How long a write waits for other processes, and how much of it the engine itself waits on the calling thread before that is given back.
    static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    const int EngineWaitMilliseconds = 200;
    const int BeginTimeoutSeconds = 1;

    readonly StoreAddress _address;
    readonly string _connectionString;
    readonly ILogger _logger;
    readonly SemaphoreSlim _writer = new(1, 1);
    readonly WriteScope _scope = new();
    readonly Pulses _pulses = new();

    public SqliteStore(StoreAddress address, string dataFolder, ILogger<SqliteStore> logger)
    {
        _address = address;
        _logger = logger;
        DataFolder = dataFolder;
        Storage.DataFolder.Create(Path.GetDirectoryName(address.Target)!);
        Storage.DataFolder.CreateFile(address.Target);
        _connectionString = new SqliteConnectionStringBuilder { DataSource = address.Target, Mode = SqliteOpenMode.ReadWriteCreate, ForeignKeys = true, Pooling = true }.ConnectionString;
    }

    public StoreEngine Engine => StoreEngine.Sqlite;

    public string DataFolder { get; }

    public bool Writing => _scope.Inside;

    public async Task<T> ReadAsync<T>(Func<StoreSession, Task<T>> work, CancellationToken cancel)
    {
        await using var connection = await OpenAsync(cancel);
        try
        {
            return await work(new Session(connection, null));
        }
        catch (SqliteException failed) when (failed.SqliteErrorCode is Corrupt or NotADatabase)
        {
            throw Translate(failed);
        }
    }

    public async Task<T> WriteAsync<T>(Func<StoreSession, Task<T>> work, CancellationToken cancel)
    {
        using var inside = _scope.Enter();
        await _writer.WaitAsync(cancel);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    return await AttemptAsync(work, cancel);
                }
                catch (SqliteException busy) when (busy.SqliteErrorCode is Busy or Locked && attempt < MostAttempts)
                {
                    LogRetry(busy, attempt);
                }
                catch (SqliteException failed) when (failed.SqliteErrorCode is Corrupt or NotADatabase)
                {
                    throw Translate(failed);
                }

                await RetryDelay.WaitAsync(attempt, cancel);
            }
        }
        finally
        {
            _writer.Release();
        }
    }

    public Task RaiseAsync(StoreSession session, string channel, CancellationToken cancel)
    {
        session.AfterCommit(() => _pulses.Raise(channel));
        return Task.CompletedTask;
    }

    public IStoreListener Listen(string channel) => new SqliteListener(OpenAsync, _pulses, channel);

    public ValueTask DisposeAsync()
    {
        using var connection = new SqliteConnection(_connectionString);
        SqliteConnection.ClearPool(connection);
        _writer.Dispose();
        return ValueTask.CompletedTask;
    }

    async Task<T> AttemptAsync<T>(Func<StoreSession, Task<T>> work, CancellationToken cancel)
    {
        await using var connection = await OpenAsync(cancel);
        await using var transaction = await BeginAsync(connection, cancel);
        var session = new Session(connection, transaction);
        var result = await work(session);
        cancel.ThrowIfCancellationRequested();
        if (session.Last is var (sql, parameters)) await session.ExecuteAsync(sql, CancellationToken.None, parameters);
        await transaction.CommitAsync(CancellationToken.None);
        session.RunAfterCommit();
        return result;
    }

    async Task<SqliteTransaction> BeginAsync(SqliteConnection connection, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            var timeout = connection.DefaultTimeout;
            try
            {
                connection.DefaultTimeout = BeginTimeoutSeconds;
                return connection.BeginTransaction(IsolationLevel.Serializable, deferred: false);
            }
            catch (SqliteException busy) when (busy.SqliteErrorCode is Busy or Locked)
            {
                if (Stopwatch.GetElapsedTime(started) > LongestWait)
                {
                    throw new ExchangeException(ErrorCodes.StoreUnreachable, Party.Hub, $"The store {_address.Label} was locked by another process for {LongestWait.TotalSeconds:0} s.",
                        "End the process that holds it (a backup tool, a database browser), then try again.", busy);
                }
            }
            finally
            {
                connection.DefaultTimeout = timeout;
            }

            await RetryDelay.WaitAsync(attempt, cancel);
        }
    }

    async Task<SqliteConnection> OpenAsync(CancellationToken cancel)
    {
        var connection = new SqliteConnection(_connectionString);
        try
        {
            await connection.OpenAsync(cancel);
            await using var command = connection.CreateCommand();
            // synchronous and the wait hold for a connection only; WAL stays with the file. fullfsync: on macOS fsync alone leaves data in the disk's cache.
            command.CommandText = $"PRAGMA busy_timeout = {EngineWaitMilliseconds}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON";
            await command.ExecuteNonQueryAsync(cancel);
            return connection;
        }
        catch (Exception failed)
        {
            await connection.DisposeAsync();
            if (failed is SqliteException { SqliteErrorCode: not (Busy or Locked) } sqlite) throw Translate(sqlite);
            throw;
        }
    }

    ExchangeException Translate(SqliteException failed) => failed.SqliteErrorCode is Corrupt or NotADatabase
        ? new(ErrorCodes.StoreDamaged, Party.Hub, $"The store {_address.Label} is damaged or not a SQLite file: {failed.Message}", "Put a backup of the data folder back, or begin with an empty folder, apply the manifests and run `exchange sync --all --full`.", failed)
        : new(ErrorCodes.StoreUnreachable, Party.Hub, $"The store {_address.Label} can't be opened: {failed.Message}", "Check that the path exists and that this user may write there.", failed);

    [LoggerMessage(1101, LogLevel.Debug, "The store was busy; the write is tried again (attempt {Attempt})")]
    partial void LogRetry(Exception exception, int attempt);

    sealed class Session(SqliteConnection connection, SqliteTransaction? transaction) : StoreSession
    {
        public override StoreEngine Engine => StoreEngine.Sqlite;

        public override DbConnection Connection => connection;

        public override DbTransaction? Transaction => transaction;

        public override bool Writes => transaction is not null;
    }
}
