using Exchange.Bus.Exchanges;
using Exchange.Contracts.Operations;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.Bus.Timeliness;

/// <summary>Registers lights and statistics.</summary>
internal static class TimelinessRegistration
{
    public static IServiceCollection AddTimeliness(this IServiceCollection services) => services
        .AddSingleton<ExchangeHistory>()
        .AddSingleton<LightBook>()
        .AddSingleton<Lights>()
        .AddSingleton<QuietSources>()
        .AddSingleton<ITimeliness, TimelinessRecords>()
        .AddDuty<LightDuty>();
}
