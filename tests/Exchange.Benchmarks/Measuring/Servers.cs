using System.Globalization;
using MySqlConnector;
using Npgsql;

namespace Exchange.Benchmarks.Measuring;

/// <summary>Databases of one benchmark on the private servers, removed afterwards, and how other programs reach them.</summary>
internal sealed class Servers : IAsyncDisposable
{
    readonly NpgsqlConnectionStringBuilder _postgreSql;
    readonly MySqlConnectionStringBuilder _mySql;
    readonly string _name = "bench_" + Guid.NewGuid().ToString("N")[..8];

    Servers(BenchmarkSettings settings) => (_postgreSql, _mySql) = (new(settings.PostgreSql), new(settings.MySql));

    /// <summary>Where the hub reads, and where it writes: databases of one server.</summary>
    public NpgsqlDataSource Source { get; private set; } = null!;

    public NpgsqlDataSource Target { get; private set; } = null!;

    public string SourceString => With(_name + "_source");

    public string TargetString => With(_name + "_target");

    public string MySqlString => new MySqlConnectionStringBuilder(_mySql.ConnectionString) { Database = _name, AllowLoadLocalInfile = true }.ConnectionString;

    /// <summary>A PostgreSQL store for a hub.</summary>
    public string StoreUrl => string.Create(CultureInfo.InvariantCulture, $"postgresql://{_postgreSql.Username}@{_postgreSql.Host}:{_postgreSql.Port}/{_name}_store");

    public string PsqlSource => Psql(_name + "_source");

    public string PsqlTarget => Psql(_name + "_target");

    public string Mariadb => string.Create(CultureInfo.InvariantCulture, $"mariadb --no-defaults --local-infile=1 -h {_mySql.Server} -P {_mySql.Port} -u {_mySql.UserID} -p{_mySql.Password} {_name}");

    public string TargetUri => string.Create(CultureInfo.InvariantCulture, $"postgresql://{_postgreSql.Username}@{_postgreSql.Host}:{_postgreSql.Port}/{_name}_target");

    public string MySqlUri => string.Create(CultureInfo.InvariantCulture, $"mysql://{_mySql.UserID}:{_mySql.Password}@{_mySql.Server}:{_mySql.Port}/{_name}");

    public string MySqlDatabase => _name;

    public static async Task<Servers> CreateAsync(BenchmarkSettings settings, CancellationToken cancel)
    {
        var servers = new Servers(settings);
        foreach (var part in new[] { "source", "target", "store" }) await servers.AdminAsync($"CREATE DATABASE {servers._name}_{part}", cancel);
        (servers.Source, servers.Target) = (NpgsqlDataSource.Create(servers.SourceString), NpgsqlDataSource.Create(servers.TargetString));
        if (settings.MySql.Length > 0) await ExecuteMySqlAsync(servers._mySql.ConnectionString, $"CREATE DATABASE {servers._name} DEFAULT CHARACTER SET utf8mb4", cancel);
        return servers;
    }

    /// <summary>Removes what the hub and its peers have left at the target.</summary>
    public async Task EmptyTargetAsync(CancellationToken cancel)
    {
        await ExecuteAsync(Target, "DROP SCHEMA public CASCADE; CREATE SCHEMA public", cancel);
        await ExecuteAsync(Target, "CHECKPOINT", cancel);
    }

    public async Task EmptyMySqlAsync(CancellationToken cancel, params string[] tables)
    {
        foreach (var table in tables) await ExecuteMySqlAsync(MySqlString, $"DROP TABLE IF EXISTS {table}", cancel);
    }

    public static async Task ExecuteAsync(NpgsqlDataSource database, string sql, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancel);
    }

    public static async Task<long> CountAsync(NpgsqlDataSource database, string table, CancellationToken cancel)
    {
        await using var command = database.CreateCommand($"SELECT count(*) FROM {table}");
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }

    public Task ExecuteMySqlAsync(string sql, CancellationToken cancel) => ExecuteMySqlAsync(MySqlString, sql, cancel);

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await Target.DisposeAsync();
        foreach (var part in new[] { "source", "target", "store" }) await AdminAsync($"DROP DATABASE IF EXISTS {_name}_{part} WITH (FORCE)", CancellationToken.None);
        if (_mySql.Server.Length > 0) await ExecuteMySqlAsync(_mySql.ConnectionString, $"DROP DATABASE IF EXISTS {_name}", CancellationToken.None);
    }

    static async Task ExecuteMySqlAsync(string connectionString, string sql, CancellationToken cancel)
    {
        await using var connection = new MySqlConnection(connectionString);
        await connection.OpenAsync(cancel);
        await using var command = new MySqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancel);
    }

    async Task AdminAsync(string sql, CancellationToken cancel)
    {
        await using var connection = new NpgsqlConnection(_postgreSql.ConnectionString);
        await connection.OpenAsync(cancel);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancel);
    }

    string With(string database) => new NpgsqlConnectionStringBuilder(_postgreSql.ConnectionString) { Database = database }.ConnectionString;

    string Psql(string database) => string.Create(CultureInfo.InvariantCulture, $"psql -X -q -v ON_ERROR_STOP=1 -h {_postgreSql.Host} -p {_postgreSql.Port} -U {_postgreSql.Username} -d {database}");
}
