using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.SqlClient;

namespace Exchange.Adapters.Database.SqlServer;

/// <summary>
/// A connection that is written to. The driver's bulk copy asks for the driver's own transaction object, and with that every command must name it: here each command does by itself.
/// A transaction that the server has ended (by a COMMIT or ROLLBACK statement, an error or a trigger) is no longer named. One user at a time.
/// </summary>
internal sealed class SqlServerSession(SqlConnection inner) : DbConnection
{
    SqlTransaction? _transaction;

    public SqlConnection Inner => inner;

    /// <summary>The transaction that is open as far as the driver was told.</summary>
    public SqlTransaction? Transaction => _transaction is { Connection: null } ? _transaction = null : _transaction;

    [AllowNull]
    public override string ConnectionString
    {
        get => inner.ConnectionString;
        set => inner.ConnectionString = value;
    }

    public override string Database => inner.Database;

    public override string DataSource => inner.DataSource;

    public override string ServerVersion => inner.ServerVersion;

    public override ConnectionState State => inner.State;

    /// <summary>Each statement sees what was committed before it, so that a session that waited for a lock reads the ledger as it is then.</summary>
    public async Task BeginAsync(CancellationToken cancel) => _transaction = (SqlTransaction)await inner.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancel);

    public override void Open() => inner.Open();

    public override Task OpenAsync(CancellationToken cancellationToken) => inner.OpenAsync(cancellationToken);

    public override void Close() => inner.Close();

    public override void ChangeDatabase(string databaseName) => inner.ChangeDatabase(databaseName);

    public override async ValueTask DisposeAsync()
    {
        if (_transaction is not null) await _transaction.DisposeAsync();
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _transaction?.Dispose();
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => _transaction = inner.BeginTransaction(isolationLevel);

    protected override DbCommand CreateDbCommand()
    {
        var command = inner.CreateCommand();
        command.Transaction = Transaction;
        return command;
    }
}
