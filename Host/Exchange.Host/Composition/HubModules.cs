using Exchange.Adapters;
using Exchange.Bus;
using Exchange.Security;
using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.Host.Composition;

/// <summary>The one list of modules.</summary>
internal static class HubModules
{
    /// <summary>Every module's tables, in the order in which they are made.</summary>
    public static IReadOnlyList<Migration> Migrations { get; } = [.. BusModule.Migrations];

    /// <summary>Registers every module; nothing is opened before its first use.</summary>
    public static IServiceCollection AddHub(this IServiceCollection services, HubOptions options) => services
        .AddStorage(new StoreOptions(options.Store, options.DataFolder))
        .AddSecurity(new SecurityOptions { DataFolder = options.DataFolder, Key = options.Key })
        .AddAdapters()
        .AddBus();
}
