using Exchange.Bus.Messaging;
using Exchange.Contracts.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.Bus.Delivery;

internal static class DeliveryRegistration
{
    public static IServiceCollection AddDelivery(this IServiceCollection services) => services
        .AddSingleton<DeliveryStates>()
        .AddSingleton<RowDelivery>()
        .AddSingleton<MarkDelivery>()
        .AddSingleton<BatchDelivery>()
        .AddSingleton<StagedDelivery>()
        .AddSingleton<SubscriptionDelivery>()
        .AddHandler<ResourceGrown, ResourceGrownHandler>();
}
