using Exchange.Contracts.Messages;
using Exchange.Contracts.Operations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Rebus.Handlers;

namespace Exchange.Bus.Messaging;

internal static class MessagingServices
{
    /// <summary>
    /// Registers sending, the inbox, the error queue and the bus, which receives nothing before <see cref="IMessageBus.StartAsync"/>. Handlers are registered as
    /// <c>IHandleMessages&lt;T&gt;</c>, their message types with <see cref="AddMessage"/>. Needs the store, its signals and logging.
    /// </summary>
    public static IServiceCollection AddMessaging(this IServiceCollection services, MessagingOptions? options = null)
    {
        services.TryAddSingleton(options ?? new MessagingOptions());
        services.TryAddSingleton(TimeProvider.System);
        services.AddMessage<ResourceGrown>("resource-grown");
        services.AddSingleton<MessageTypes>();
        services.AddSingleton<MessageQueue>();
        services.AddSingleton<MessageEndings>();
        services.AddSingleton<FailedMessageWriter>();
        services.AddSingleton<SubscriptionStore>();
        services.AddSingleton<Inbox>();
        services.AddSingleton<IInbox>(provider => provider.GetRequiredService<Inbox>());
        services.AddSingleton<IMessageSender, MessageSender>();
        services.AddSingleton<IFailedMessages, FailedMessages>();
        services.AddSingleton<MessageBus>();
        services.AddSingleton<IMessageBus>(provider => provider.GetRequiredService<MessageBus>());
        return services;
    }

    /// <summary>Lets a type travel under a name that stays when the class is renamed.</summary>
    public static IServiceCollection AddMessage<T>(this IServiceCollection services, string name) => services.AddSingleton(new MessageType(name, typeof(T)));

    /// <summary>Lets a class handle messages of a type.</summary>
    public static IServiceCollection AddHandler<TMessage, THandler>(this IServiceCollection services) where THandler : class, IHandleMessages<TMessage> =>
        services.AddSingleton<IHandleMessages<TMessage>, THandler>();
}
