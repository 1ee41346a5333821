using Microsoft.Extensions.DependencyInjection;

namespace Exchange.Adapters;

/// <summary>The edge to what departments already have.</summary>
public static class AdaptersModule
{
    public static IServiceCollection AddAdapters(this IServiceCollection services) => services;
}
