using Microsoft.Extensions.DependencyInjection;
using Rebus.Activation;
using Rebus.Handlers;
using Rebus.Transport;

namespace Exchange.Bus.Messaging;

/// <summary>Handlers from the container, in a scope that lives as long as the delivery.</summary>
internal sealed class HandlerActivator(IServiceScopeFactory scopes) : IHandlerActivator
{
    public Task<IEnumerable<IHandleMessages<TMessage>>> GetHandlers<TMessage>(TMessage message, ITransactionContext transactionContext)
    {
        var scope = scopes.CreateScope();
        transactionContext.OnDisposed(_ => scope.Dispose());
        var handlers = scope.ServiceProvider.GetServices<IHandleMessages<TMessage>>().ToList();
        if (Delivery.Of(transactionContext) is { } delivery) delivery.Handlers += handlers.Count;
        return Task.FromResult<IEnumerable<IHandleMessages<TMessage>>>(handlers);
    }
}
