using Exchange.Contracts.Errors;
using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Events;

namespace Exchange.Host.Composition;

/// <summary>A hub opened for one command: all modules over a store whose tables are as the program needs them.</summary>
internal sealed class Hub : IAsyncDisposable
{
    readonly ServiceProvider _services;

    Hub(ServiceProvider services) => _services = services;

    public T Get<T>() where T : notnull => _services.GetRequiredService<T>();

    /// <summary>Opens the hub. A SQLite store is made and migrated; a PostgreSQL one must have been set up.</summary>
    /// <exception cref="ExchangeException">The store cannot be reached, is newer than the program or was not set up.</exception>
    public static async Task<Hub> OpenAsync(HubOptions options, CancellationToken cancel)
    {
        var hub = Build(options);
        try
        {
            if (hub.Get<IStore>().Engine == StoreEngine.Sqlite) await hub.Get<IMigrations>().MigrateAsync(HubModules.Migrations, cancel);
            else await hub.Get<IMigrations>().CheckAsync(HubModules.Migrations, cancel);
            return hub;
        }
        catch
        {
            await hub.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes or migrates the store, whatever its engine.</summary>
    /// <returns>What was applied.</returns>
    public static async Task<IReadOnlyList<Migration>> SetUpAsync(HubOptions options, CancellationToken cancel)
    {
        await using var hub = Build(options);
        return await hub.Get<IMigrations>().MigrateAsync(HubModules.Migrations, cancel);
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    static Hub Build(HubOptions options) => new(new ServiceCollection().AddLogging(Log).AddHub(options).BuildServiceProvider());

    /// <summary>Warnings and worse on standard error: standard output is for results.</summary>
    static void Log(ILoggingBuilder logging) => logging.AddSerilog(new LoggerConfiguration()
        .MinimumLevel.Is(Environment.GetEnvironmentVariable("EXCHANGE_DEBUG") is { Length: > 0 } ? LogEventLevel.Debug : LogEventLevel.Warning)
        .WriteTo.Console(
            outputTemplate: "{Level:w}: {Message:lj}{NewLine}",
            standardErrorFromLevel: LogEventLevel.Verbose,
            formatProvider: System.Globalization.CultureInfo.InvariantCulture,
            theme: Serilog.Sinks.SystemConsole.Themes.ConsoleTheme.None)
        .CreateLogger(), dispose: true);
}
