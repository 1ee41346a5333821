using Exchange.Storage;
using Rebus.Subscriptions;

namespace Exchange.Bus.Messaging;

/// <summary>Who wants which topic. One table for all nodes, so a publisher needs to ask nobody.</summary>
internal sealed class SubscriptionStore(IStore store) : ISubscriptionStorage
{
    public bool IsCentralized => true;

    public async Task<IReadOnlyList<string>> GetSubscriberAddresses(string topic) => await store.ReadAsync(session => session.QueryAsync(
        "SELECT subscriber FROM bus_message_subscription WHERE topic = @topic ORDER BY subscriber", row => row.GetString(0), CancellationToken.None, ("@topic", topic)), CancellationToken.None);

    public Task RegisterSubscriber(string topic, string subscriberAddress) => store.WriteAsync(session => session.ExecuteAsync(
        "INSERT INTO bus_message_subscription (topic, subscriber) VALUES (@topic, @subscriber) ON CONFLICT DO NOTHING", CancellationToken.None,
        ("@topic", topic), ("@subscriber", subscriberAddress)), CancellationToken.None);

    public Task UnregisterSubscriber(string topic, string subscriberAddress) => store.WriteAsync(session => session.ExecuteAsync(
        "DELETE FROM bus_message_subscription WHERE topic = @topic AND subscriber = @subscriber", CancellationToken.None,
        ("@topic", topic), ("@subscriber", subscriberAddress)), CancellationToken.None);
}
