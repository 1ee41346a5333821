using Exchange.Adapters.Database;
using Exchange.Adapters.Database.MySql;
using Exchange.Adapters.Database.PostgreSql;
using Exchange.Adapters.Database.Sqlite;
using Exchange.Adapters.Database.SqlServer;
using Exchange.Adapters.Database.Writing;
using Exchange.Adapters.Files;
using Exchange.Contracts.Files;
using Exchange.Contracts.FrontEnd;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Exchange.Adapters;

/// <summary>The edge to what departments already have.</summary>
public static class AdaptersModule
{
    /// <summary>Registers <see cref="IFrontEndDatabases"/>: PostgreSQL, MariaDB/MySQL, SQL Server and SQLite; <see cref="IFileSources"/> and <see cref="IRefusedRowFiles"/>. Nothing is opened before its first use.</summary>
    public static IServiceCollection AddAdapters(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        return services.AddSingleton<IFileSources, FileSources>().AddSingleton<IRefusedRowFiles, RefusedRowFiles>().AddSingleton<IFrontEndDatabases>(provider =>
        {
            var clock = provider.GetRequiredService<TimeProvider>();
            return new FrontEndDatabases(
                (connection, dialect) => new ErrorTableWriter(EngineOf(dialect, clock), connection),
                (connection, dialect) => new TargetWriter(EngineOf(dialect, clock), connection),
                (connection, dialect) => new AttachmentTableWriter(EngineOf(dialect, clock), connection));
        });
    }

    static TargetEngine EngineOf(SqlDialect dialect, TimeProvider clock) => dialect switch
    {
        PostgreSqlDialect => new PostgreSqlTarget(dialect, clock),
        MySqlDialect => new MySqlTarget(dialect, clock),
        SqlServerDialect => new SqlServerTarget(dialect, clock),
        SqliteDialect => new SqliteTarget(dialect, clock),
        _ => throw new ArgumentException($"No writer for '{dialect.Provider}'.", nameof(dialect)),
    };
}
