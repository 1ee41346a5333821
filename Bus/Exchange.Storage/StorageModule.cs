using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Exchange.Storage;

/// <summary>The hub's store: SQLite or PostgreSQL behind one port, with migrations and leases.</summary>
public static class StorageModule
{
    /// <summary>
    /// Registers <see cref="IStore"/>, <see cref="IStoreSignals"/>, <see cref="IMigrations"/> and <see cref="ILeases"/> as singletons. Nothing is opened before the first use. A wrong address
    /// is refused when the store is resolved.
    /// </summary>
    public static IServiceCollection AddStorage(this IServiceCollection services, StoreOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IStore>(provider => Open(options, provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance));
        services.AddSingleton(provider => (IStoreSignals)provider.GetRequiredService<IStore>());
        services.AddSingleton<IMigrations, MigrationRunner>();
        services.AddSingleton<ILeases, StoreLeases>();
        return services;
    }

    static IStore Open(StoreOptions options, ILoggerFactory loggers)
    {
        var address = StoreAddress.Parse(options);
        DataFolder.Create(options.DataFolder);
        return address.Engine == StoreEngine.Sqlite
            ? new SqliteStore(address, Path.GetFullPath(options.DataFolder), loggers.CreateLogger<SqliteStore>())
            : new PostgreSqlStore(address, Path.GetFullPath(options.DataFolder), loggers.CreateLogger<PostgreSqlStore>());
    }
}
