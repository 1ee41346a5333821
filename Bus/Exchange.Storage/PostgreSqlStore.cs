using System.Data;
using System.Data.Common;
using Exchange.Contracts.Errors;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Exchange.Storage;

/// <summary>A PostgreSQL database. Writes are READ COMMITTED; what must exclude others takes row locks.</summary>
internal sealed partial class PostgreSqlStore : IStore, IStoreSignals
{
    const int MostAttempts = 8;

    /// <summary>A process that is frozen inside a transaction would hold its locks for ever; no write of a living one pauses so long.</summary>
    const int LongestPauseMilliseconds = 5_000;

    /// <summary>For each connection; the least recently used one goes first.</summary>
    const int StatementsPlanned = 100;

    /// <summary>idle_in_transaction_session_timeout.</summary>
    const string PausedTooLong = "25P03";

    /// <summary>statement_completion_unknown.</summary>
    const string StatementCompletionUnknown = "40003";

    readonly StoreAddress _address;
    readonly NpgsqlDataSource _source;
    readonly NpgsqlDataSource _listeners;
    readonly ILogger _logger;
    readonly WriteScope _scope = new();

    public PostgreSqlStore(StoreAddress address, string dataFolder, ILogger<PostgreSqlStore> logger)
    {
        _address = address;
        _logger = logger;
        DataFolder = dataFolder;
        var target = new NpgsqlConnectionStringBuilder(address.Target);
        target.Options = $"-c idle_in_transaction_session_timeout={LongestPauseMilliseconds} {target.Options}".TrimEnd();
        // A listener's session ends with it. The others' have no state of their own (what a write sets, it sets for itself), so nothing is to be put back when one is taken
        // from the pool, and their statements, of which the hub has few, stay planned.
        _listeners = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(target.ConnectionString) { Pooling = false }.ConnectionString);
        target.NoResetOnClose = true;
        var given = new DbConnectionStringBuilder { ConnectionString = address.Target };
        if (!given.ContainsKey("Max Auto Prepare") && !given.ContainsKey("MaxAutoPrepare")) target.MaxAutoPrepare = StatementsPlanned;
        _source = NpgsqlDataSource.Create(target.ConnectionString);
    }

    public StoreEngine Engine => StoreEngine.PostgreSql;

    public string DataFolder { get; }

    public bool Writing => _scope.Inside;

    public async Task<T> ReadAsync<T>(Func<StoreSession, Task<T>> work, CancellationToken cancel)
    {
        await using var connection = await OpenAsync(_source, cancel);
        return await work(new ReadSession(connection));
    }

    public async Task<T> WriteAsync<T>(Func<StoreSession, Task<T>> work, CancellationToken cancel)
    {
        using var inside = _scope.Enter();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await AttemptAsync(work, cancel);
            }
            catch (Exception failed) when (attempt < MostAttempts && !cancel.IsCancellationRequested && IsTransient(failed))
            {
                LogRetry(failed, attempt);
            }

            await RetryDelay.WaitAsync(attempt, cancel);
        }
    }

    /// <summary>The server sends equal notifications of one transaction once.</summary>
    public Task RaiseAsync(StoreSession session, string channel, CancellationToken cancel) =>
        session.ExecuteAsync("SELECT pg_notify(@channel, '')", cancel, ("@channel", PostgreSqlListener.ChannelName(channel)));

    public IStoreListener Listen(string channel) => new PostgreSqlListener(cancel => OpenAsync(_listeners, cancel), channel);

    public async ValueTask DisposeAsync()
    {
        await _listeners.DisposeAsync();
        await _source.DisposeAsync();
    }

    async Task<T> AttemptAsync<T>(Func<StoreSession, Task<T>> work, CancellationToken cancel)
    {
        await using var connection = await OpenAsync(_source, cancel);
        await using var session = new WriteSession(connection);
        var result = await work(session);
        cancel.ThrowIfCancellationRequested();
        try
        {
            await session.CommitAsync();
        }
        catch (NpgsqlException lost) when (!IsRefusedByServer(lost))
        {
            throw new CommitUnknownException($"The connection to the store {_address.Label} was lost during a commit; whether it was done is not known.", lost);
        }

        session.RunAfterCommit();
        return result;
    }

    async Task<NpgsqlConnection> OpenAsync(NpgsqlDataSource source, CancellationToken cancel)
    {
        try
        {
            return await source.OpenConnectionAsync(cancel);
        }
        catch (NpgsqlException failed)
        {
            throw new ExchangeException(ErrorCodes.StoreUnreachable, Party.Hub, $"The store {_address.Label} can't be reached: {failed.Message}",
                failed.SqlState switch
                {
                    PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => "Check user and password of --store, and the server's pg_hba.conf.",
                    PostgresErrorCodes.InvalidCatalogName => "Create the database first (createdb), then run exchange setup.",
                    _ => "Check that the server runs and that its address and port are right.",
                }, failed);
        }
    }

    static bool IsTransient(Exception failed)
    {
        for (var at = failed; at is not null; at = at.InnerException)
        {
            if (at is CommitUnknownException or OperationCanceledException) return false;
            if (at is PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PausedTooLong } or NpgsqlException { IsTransient: true }) return true;
        }

        return false;
    }

    // An ERROR undoes the transaction, whether a last statement, a deferred constraint or the commit itself met it; what goes wrong after the commit has been written is a WARNING, or ends the session (FATAL, PANIC).
    static bool IsRefusedByServer(NpgsqlException failed) => failed is PostgresException { InvariantSeverity: "ERROR", SqlState: not StatementCompletionUnknown };

    [LoggerMessage(1102, LogLevel.Debug, "The store failed for a moment; the write is tried again (attempt {Attempt})")]
    partial void LogRetry(Exception exception, int attempt);

    /// <summary>Never retried: the work might be done twice. Every step of the hub recognises itself when its caller repeats it.</summary>
    sealed class CommitUnknownException(string message, Exception inner)
        : ExchangeException(ErrorCodes.StoreUnreachable, Party.Hub, message, "Check the server; the step is repeated and recognises what was done.", inner);

    sealed class ReadSession(NpgsqlConnection connection) : StoreSession
    {
        public override StoreEngine Engine => StoreEngine.PostgreSql;

        public override DbConnection Connection => connection;

        public override DbTransaction? Transaction => null;

        public override bool Writes => false;
    }

    /// <summary>Its transaction begins with its first statement, and travels with it.</summary>
    sealed class WriteSession(NpgsqlConnection connection) : StoreSession, IAsyncDisposable
    {
        NpgsqlTransaction? _transaction;
        bool _ended;

        public override StoreEngine Engine => StoreEngine.PostgreSql;

        public override DbConnection Connection
        {
            get
            {
                _ = Begun;
                return connection;
            }
        }

        public override DbTransaction? Transaction => Begun;

        public override bool Writes => true;

        /// <summary>The driver uses its transactions again for whoever has the connection next: one that is kept past its write must not be used.</summary>
        NpgsqlTransaction Begun
        {
            get
            {
                ObjectDisposedException.ThrowIf(_ended, this);
                return _transaction ??= connection.BeginTransaction(IsolationLevel.ReadCommitted);
            }
        }

        /// <summary>Not cancelled: a commit that is given up half way may have happened.</summary>
        public async Task CommitAsync()
        {
            if (Last is not var (sql, parameters))
            {
                if (_transaction is not null) await _transaction.CommitAsync(CancellationToken.None);
                return;
            }

            // The statement and the commit go one way there and back; when the statement fails the server passes over the commit. A statement alone commits by itself.
            await using var batch = new NpgsqlBatch(connection, _transaction);
            var last = new NpgsqlBatchCommand(sql);
            foreach (var (name, value) in parameters) last.Parameters.Add(new NpgsqlParameter(name, Value(value)));
            batch.BatchCommands.Add(last);
            if (_transaction is not null) batch.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
            await batch.ExecuteNonQueryAsync(CancellationToken.None);
        }

        public ValueTask DisposeAsync()
        {
            _ended = true;
            return _transaction?.DisposeAsync() ?? ValueTask.CompletedTask;
        }
    }
}
