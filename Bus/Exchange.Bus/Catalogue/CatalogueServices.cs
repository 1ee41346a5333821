using Exchange.Bus.Catalogue.Checks;
using Exchange.Bus.Catalogue.Registry;
using Exchange.Contracts.Catalogue;
using Exchange.Contracts.FrontEnd;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Exchange.Bus.Catalogue;

internal static class CatalogueServices
{
    /// <summary>Registers the registry. Needs the store and the secret protector; looks at front-end databases where the adapters run.</summary>
    public static IServiceCollection AddCatalogue(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(new CatalogueOptions());
        services.AddSingleton<ManifestStore>();
        services.AddSingleton<ICatalogue, StoreCatalogue>();
        services.AddSingleton<IManifests, Manifests>();
        services.AddSingleton(provider => new FrontEndLook(provider.GetService<IFrontEndDatabases>(), provider.GetRequiredService<TimeProvider>()));
        // All run at every apply.
        services.AddSingleton<IManifestCheck, DepartmentCheck>();
        services.AddSingleton<IManifestCheck, CodeMapCheck>();
        services.AddSingleton<IManifestCheck, ResourceCheck>();
        services.AddSingleton<IManifestCheck, CaptureCheck>();
        services.AddSingleton<IManifestCheck, SubscriptionCheck>();
        services.AddSingleton<IManifestCheck, QualityRulesCheck>();
        services.AddSingleton<IManifestCheck, RoutesCheck>();
        return services;
    }
}
