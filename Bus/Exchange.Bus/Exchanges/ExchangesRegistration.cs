using Exchange.Contracts.Operations;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.Bus.Exchanges;

internal static class ExchangesRegistration
{
    public static IServiceCollection AddExchanges(this IServiceCollection services) => services
        .AddSingleton<HubLoop>()
        .AddSingleton<IHubLoop>(provider => provider.GetRequiredService<HubLoop>())
        .AddSingleton<IExchanges, ExchangeService>()
        .AddSingleton<IExchangeRecords, ExchangeRecords>();
}
