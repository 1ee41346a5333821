using System.Data.Common;
using Exchange.AcceptanceTests.Hubs;

namespace Exchange.AcceptanceTests.Exchanges;

/// <summary>Applications of a department that write while the hub reads: each its own connection, short and long transactions, some rolled back.</summary>
internal sealed class Writers : IAsyncDisposable
{
    readonly CancellationTokenSource _until = new();
    readonly List<Task> _tasks = [];
    int _committed;

    /// <param name="source">Where they write.</param>
    /// <param name="count">How many.</param>
    /// <param name="write">One transaction's statements, before its commit.</param>
    public Writers(FrontEnd source, int count, Func<FrontEnd, DbConnection, DbTransaction, Random, Task> write)
    {
        for (var writer = 0; writer < count; writer++)
        {
            var random = new Random(writer);
            _tasks.Add(Task.Run(() => WriteAsync(source, random, write)));
        }
    }

    public int Committed => _committed;

    public async Task EndAsync()
    {
        await _until.CancelAsync();
        await Task.WhenAll(_tasks);
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _until.Dispose();
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
                await using var transaction = await connection.BeginTransactionAsync();
                await write(source, connection, transaction, random);
                if (random.Next(10) == 0) continue;
                await transaction.CommitAsync();
                Interlocked.Increment(ref _committed);
            }
            catch (DbException)
            {
                // A deadlock, a busy file or a taken key: the application gives the transaction up.
            }
        }
    }
}
