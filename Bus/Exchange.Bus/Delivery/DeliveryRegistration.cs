using Exchange.Contracts.Messages;
using Microsoft.Extensions.DependencyInjection;
using Rebus.Handlers;

namespace Exchange.Bus.Delivery;

internal static class DeliveryRegistration
{
    public static IServiceCollection AddDelivery(this IServiceCollection services) => services
        .AddSingleton<DeliveryStates>()
        .AddSingleton<BatchDelivery>()
        .AddSingleton<SubscriptionDelivery>()
        .AddSingleton<IHandleMessages<ResourceGrown>, ResourceGrownHandler>();
}
