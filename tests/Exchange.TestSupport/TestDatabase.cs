using System.Data.Common;
using Microsoft.Data.SqlClient;
using Microsoft.Data.Sqlite;
using MySqlConnector;
using Npgsql;

namespace Exchange.TestSupport;

/// <summary>
/// A new, empty database on one of the real servers that <c>./test</c> starts (EXCHANGE_TEST_POSTGRESQL, EXCHANGE_TEST_MYSQL), or a SQLite file; dropped when
/// disposed. A missing server is a failure of the test, never a skip; but a SQL Server (EXCHANGE_TEST_SQLSERVER) can't be installed by <c>./test</c>: tests that need one are reported as
/// not run where there is none.
/// </summary>
public sealed class TestDatabase : IAsyncDisposable
{
    /// <summary>Why tests of SQL Server are not run.</summary>
    public const string NoSqlServer = "no server: EXCHANGE_TEST_SQLSERVER is not set";

    readonly Func<ValueTask> _drop;

    TestDatabase(string provider, string connectionString, Func<ValueTask> drop)
    {
        Provider = provider;
        ConnectionString = connectionString;
        _drop = drop;
    }

    public static bool HasSqlServer => !string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable("EXCHANGE_TEST_SQLSERVER"));

    /// <summary>postgresql, mysql, sqlserver or sqlite, as a Connection manifest says it.</summary>
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
            case "sqlserver":
                // A collation of UTF-8, so that a statement's plain literals hold every character: SQL Server 2019 and later.
                var server = new SqlConnectionStringBuilder(Server("EXCHANGE_TEST_SQLSERVER")) { Pooling = false, InitialCatalog = "master" };
                await RunAsync(new SqlConnection(server.ConnectionString), $"CREATE DATABASE [{name}] COLLATE Latin1_General_100_CI_AS_SC_UTF8");
                var own = new SqlConnectionStringBuilder(Server("EXCHANGE_TEST_SQLSERVER")) { InitialCatalog = name, MaxPoolSize = 20 }.ConnectionString;
                return new TestDatabase(provider, own, async () =>
                {
                    SqlConnection.ClearPool(new SqlConnection(own));
                    await RunAsync(new SqlConnection(server.ConnectionString), $"ALTER DATABASE [{name}] SET SINGLE_USER WITH ROLLBACK IMMEDIATE; DROP DATABASE [{name}]");
                });
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

    /// <summary>The database of a server of the test's own, which removes it.</summary>
    public static TestDatabase On(PrivatePostgreSql server) => new("postgresql", server.ConnectionString, () => ValueTask.CompletedTask);

    public async Task<DbConnection> OpenAsync()
    {
        DbConnection connection = Provider switch
        {
            "postgresql" => new NpgsqlConnection(ConnectionString),
            "mysql" => new MySqlConnection(ConnectionString),
            "sqlserver" => new SqlConnection(ConnectionString),
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
