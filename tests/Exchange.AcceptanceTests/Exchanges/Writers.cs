using System.Data.Common;
using Exchange.AcceptanceTests.Hubs;

namespace Exchange.AcceptanceTests.Exchanges;

/// <summary>Applications of a department that write while the hub reads: each its own connection, short and long transactions, some rolled back.</summary>
internal sealed class Writers : IAsyncDisposable
{
    readonly CancellationTokenSource _until = new();
    readonly List<Task> _tasks = [];
    readonly SemaphoreSlim? _allowed;
    int _committed;

    /// <param name="source">Where they write.</param>
    /// <param name="count">How many.</param>
    /// <param name="write">One transaction's statements, before its commit.</param>
    /// <param name="allowed">Transactions until <see cref="Allow"/> is called, so that a hub on a slow machine need not run after writers that are faster; null: as many as they can.</param>
    public Writers(FrontEnd source, int count, Func<FrontEnd, DbConnection, DbTransaction, Random, Task> write, int? allowed = null)
    {
        _allowed = allowed is { } most ? new SemaphoreSlim(most) : null;
        for (var writer = 0; writer < count; writer++)
        {
            var random = new Random(writer);
            _tasks.Add(Task.Run(() => WriteAsync(source, random, write)));
        }
    }

    public int Committed => _committed;

    /// <summary>Lets them write so many transactions more.</summary>
    public void Allow(int transactions) => _allowed!.Release(transactions);

    public async Task EndAsync()
    {
        await _until.CancelAsync();
        await Task.WhenAll(_tasks);
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _until.Dispose();
        _allowed?.Dispose();
    }

    public static async Task<int> RunAsync(DbConnection connection, DbTransaction transaction, string sql, params (string Name, object? Value)[] parameters)
    {
        await using var command = connection.CreateCommand();
        (command.CommandText, command.Transaction) = (sql, transaction);
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value ?? DBNull.Value);
            command.Parameters.Add(parameter);
        }

        return await command.ExecuteNonQueryAsync();
    }

    async Task WriteAsync(FrontEnd source, Random random, Func<FrontEnd, DbConnection, DbTransaction, Random, Task> write)
    {
        await using var connection = await source.Database.OpenAsync();
        while (!_until.IsCancellationRequested)
        {
            // One writer at a time in a file: a pause outside of its transactions lets others at it.
            if (source.Provider == "sqlite") await Task.Delay(random.Next(30));
            try
            {
                if (_allowed is not null) await _allowed.WaitAsync(_until.Token);
                await using var transaction = await connection.BeginTransactionAsync();
                await write(source, connection, transaction, random);
                if (random.Next(10) == 0) continue;
                await transaction.CommitAsync();
                Interlocked.Increment(ref _committed);
            }
            catch (OperationCanceledException) when (_until.IsCancellationRequested)
            {
                return;
            }
            catch (DbException)
            {
                // A deadlock, a busy file or a taken key: the application gives the transaction up.
            }
        }
    }
}
