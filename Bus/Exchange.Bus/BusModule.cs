using Exchange.Bus.Catalogue;
using Exchange.Bus.Catalogue.Registry;
using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.Bus;

/// <summary>The bus: catalogue, intake, quality, log, transformation, delivery, quarantine, messaging.</summary>
public static class BusModule
{
    /// <summary>The module's tables, in the order in which they are made.</summary>
    public static IReadOnlyList<Migration> Migrations { get; } = [.. CatalogueMigrations.All];

    /// <summary>Registers the module. Needs <see cref="IStore"/>, <see cref="ILeases"/>, the front-end databases and the secrets from their modules.</summary>
    public static IServiceCollection AddBus(this IServiceCollection services) => services.AddCatalogue();
}
