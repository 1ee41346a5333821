using Exchange.Contracts.Operations;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.Bus.Reconciliation;

internal static class ReconciliationRegistration
{
    public static IServiceCollection AddReconciliation(this IServiceCollection services) => services
        .AddSingleton<Traffic>()
        .AddSingleton<IReconciliation, ReconciliationService>();
}
