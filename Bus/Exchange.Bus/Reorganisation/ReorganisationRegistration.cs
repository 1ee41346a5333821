using Exchange.Contracts.Operations;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.Bus.Reorganisation;

internal static class ReorganisationRegistration
{
    public static IServiceCollection AddReorganisation(this IServiceCollection services) => services
        .AddSingleton<ReorganisationBook>()
        .AddSingleton<IReorganisations, Reorganisations>();
}
