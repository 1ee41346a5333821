using System.Data.Common;

namespace Exchange.Adapters.Database.Writing;

/// <summary>Statements on an open connection.</summary>
internal static class Statements
{
    public static DbCommand Command(this DbConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = TargetEngine.StatementSeconds;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }

        return command;
    }

    public static async Task<int> RunAsync(this DbConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = connection.Command(sql);
        return await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Runs what tidies up after a failure: the failure itself is what the caller hears of, and a session that can't even do this is dropped.</summary>
    /// <returns>Whether it was done.</returns>
    public static async Task<bool> TryAsync(this DbConnection connection, string sql)
    {
        try
        {
            await connection.RunAsync(sql, CancellationToken.None);
            return true;
        }
        catch (Exception exception) when (exception is DbException or InvalidOperationException or IOException)
        {
            return false;
        }
    }
}
