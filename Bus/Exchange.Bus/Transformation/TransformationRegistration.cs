using Exchange.Bus.Transformation.Routes;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.Bus.Transformation;

/// <summary>Registers expressions and routes. Needs a <see cref="TimeProvider"/>, whose local zone is the zone of expressions.</summary>
internal static class TransformationRegistration
{
    public static IServiceCollection AddTransformation(this IServiceCollection services) => services
        .AddSingleton<IExpressionCompiler>(static provider =>
        {
            var time = provider.GetRequiredService<TimeProvider>();
            return new ExpressionCompiler(time, time.LocalTimeZone);
        })
        .AddSingleton<IRouteFactory>(static provider =>
            new RouteFactory(provider.GetRequiredService<IExpressionCompiler>(), provider.GetRequiredService<TimeProvider>().LocalTimeZone));
}
