using Microsoft.Extensions.DependencyInjection;

namespace Exchange.Bus.Transformation;

/// <summary>Registers expressions and routes. Needs a <see cref="TimeProvider"/>; the zone of expressions is the machine's.</summary>
internal static class TransformationRegistration
{
    public static IServiceCollection AddTransformation(this IServiceCollection services) => services
        .AddSingleton<IExpressionCompiler>(provider => new ExpressionCompiler(provider.GetRequiredService<TimeProvider>(), TimeZoneInfo.Local));
}
