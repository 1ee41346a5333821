using Exchange.Bus.Exchanges;
using Exchange.Contracts.Messages;
using Rebus.Handlers;

namespace Exchange.Bus.Delivery;

/// <summary>Starts the deliveries of a resource whose log has grown. Returns once they are started: what fails there is tried again by the hub's own rhythm, not by the queue's.</summary>
internal sealed class ResourceGrownHandler(DeliveryDuty deliveries) : IHandleMessages<ResourceGrown>
{
    public Task Handle(ResourceGrown message) => deliveries.WakeAsync(message.Resource);
}
