using Exchange.Bus.Imports;
using Exchange.Bus.Limits;
using Exchange.Contracts.Operations;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.Bus.Exchanges;

internal static class ExchangesRegistration
{
    public static IServiceCollection AddExchanges(this IServiceCollection services) => services
        .AddSingleton<NodePlaces>()
        .AddSingleton<ConnectionTurns>()
        .AddSingleton<ConnectionWaits>()
        .AddSingleton<WorkBoard>()
        .AddSingleton<SourceWatch>()
        .AddSingleton<RealTimeReading>()
        .AddDuty<ChangeDuty>()
        .AddDuty<WalDuty>()
        .AddDuty<SlotDuty>()
        .AddDuty<DeliveryDuty>()
        .AddDuty<LostRunsDuty>()
        .AddDuty<TidyDuty>()
        .AddSingleton<IHubLoop, HubLoop>()
        .AddSingleton<ResourceExchange>()
        .AddSingleton<IExchanges, ExchangeService>()
        .AddSingleton<FileIntake>()
        .AddSingleton<IImports, ImportService>()
        .AddSingleton<IExchangeRecords, ExchangeRecords>();

    /// <summary>Adds something that every running hub does, also resolvable by its own type.</summary>
    public static IServiceCollection AddDuty<T>(this IServiceCollection services) where T : class, IHubDuty => services
        .AddSingleton<T>()
        .AddSingleton<IHubDuty>(provider => provider.GetRequiredService<T>());
}
