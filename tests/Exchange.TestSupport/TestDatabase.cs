using System.Data.Common;
using Microsoft.Data.Sqlite;
using MySqlConnector;
using Npgsql;

namespace Exchange.TestSupport;

/// <summary>
/// A new, empty database on one of the real servers that <c>./test</c> starts (EXCHANGE_TEST_POSTGRESQL, EXCHANGE_TEST_MYSQL), or a SQLite file; dropped when
/// disposed. A missing server is a failure of the test, never a skip.
/// </summary>
public sealed class TestDatabase : IAsyncDisposable
{
    readonly Func<ValueTask> _drop;

    TestDatabase(string provider, string connectionString, Func<ValueTask> drop)
    {
        Provider = provider;
        ConnectionString = connectionString;
        _drop = drop;
    }

    /// <summary>postgresql, mysql or sqlite, as a Connection manifest says it.</summary>
    public string Provider { get; }

    public string ConnectionString { get; }

    public static async Task<TestDatabase> CreateAsync(string provider)
    {
        var name = "t" + Guid.NewGuid().ToString("N")[..20];
        switch (provider)
        {
            case "postgresql":
                var postgres = new NpgsqlConnectionStringBuilder(Server("EXCHANGE_TEST_POSTGRESQL")) { Pooling = false };
                await RunAsync(new NpgsqlConnection(postgres.ConnectionString), $"CREATE DATABASE \"{name}\"");
                return new TestDatabase(provider, new NpgsqlConnectionStringBuilder(Server("EXCHANGE_TEST_POSTGRESQL")) { Database = name, MaxPoolSize = 20 }.ConnectionString,
                    async () => await RunAsync(new NpgsqlConnection(postgres.ConnectionString), $"DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"));
            case "mysql":
                var mysql = new MySqlConnectionStringBuilder(Server("EXCHANGE_TEST_MYSQL")) { Pooling = false };
                await RunAsync(new MySqlConnection(mysql.ConnectionString), $"CREATE DATABASE `{name}` CHARACTER SET utf8mb4");
                return new TestDatabase(provider, new MySqlConnectionStringBuilder(Server("EXCHANGE_TEST_MYSQL")) { Database = name, MaximumPoolSize = 20 }.ConnectionString,
                    async () => await RunAsync(new MySqlConnection(mysql.ConnectionString), $"DROP DATABASE IF EXISTS `{name}`"));
            case "sqlite":
                var folder = Directory.CreateTempSubdirectory("exchange-test-");
                return new TestDatabase(provider, new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder.FullName, name + ".db") }.ConnectionString, () =>
                {
                    SqliteConnection.ClearAllPools();
                    folder.Delete(recursive: true);
                    return ValueTask.CompletedTask;
                });
            default:
                throw new ArgumentException($"No test server for '{provider}'.", nameof(provider));
        }
    }

    public async Task<DbConnection> OpenAsync()
    {
        DbConnection connection = Provider switch
        {
            "postgresql" => new NpgsqlConnection(ConnectionString),
            "mysql" => new MySqlConnection(ConnectionString),
            _ => new SqliteConnection(ConnectionString),
        };
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Runs statements.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>All rows as the driver gives them; NULL as null.</summary>
    public async Task<List<object?[]>> QueryAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<object?[]>();
        while (await reader.ReadAsync())
        {
            var row = new object?[reader.FieldCount];
            for (var at = 0; at < row.Length; at++) row[at] = await reader.IsDBNullAsync(at) ? null : reader.GetValue(at);
            rows.Add(row);
        }

        return rows;
    }

    public ValueTask DisposeAsync() => _drop();

    static string Server(string variable) => Environment.GetEnvironmentVariable(variable)
        ?? throw new InvalidOperationException($"{variable} is not set: run the tests with ./test, or `tests/servers.sh start DIR && . DIR/env`.");

    static async Task RunAsync(DbConnection connection, string sql)
    {
        await using (connection)
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync();
        }
    }
}
