using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Exchange.Bus.Quality;

/// <summary>The judge of rows. Needs an expression compiler and the known values from their own registrations.</summary>
internal static class QualityRegistration
{
    public static IServiceCollection AddQuality(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IRowJudgeFactory, RowJudgeFactory>();
        return services;
    }
}
