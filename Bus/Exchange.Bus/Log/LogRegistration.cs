using Exchange.Bus.Attachments;
using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Exchange.Bus.Log;

/// <summary>Registers the logs of resources.</summary>
internal static class LogRegistration
{
    public static IReadOnlyList<Migration> Migrations { get; } = [.. LogTables.Migrations, .. AttachmentRegistration.Migrations];

    /// <summary><see cref="IResourceLog"/> and <see cref="PayloadSweep"/> as singletons. Needs <see cref="IStore"/>.</summary>
    public static IServiceCollection AddLog(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ArrowCodec>();
        services.AddSingleton<RecentBatches>();
        services.AddSingleton<IPayloadPlace>(provider =>
        {
            var store = provider.GetRequiredService<IStore>();
            return store.Engine == StoreEngine.Sqlite ? new PayloadFiles(store, provider.GetRequiredService<TimeProvider>()) : new PayloadTable(store);
        });
        services.AddSingleton<IResourceLog, ResourceLog>();
        services.AddSingleton<PayloadSweep>();
        return services;
    }
}
