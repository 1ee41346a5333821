using Exchange.Storage;
using Rebus.Extensions;
using Rebus.Messages;

namespace Exchange.Bus.Messaging;

internal sealed class MessageSender(MessageQueue queue, MessageTypes types, MessagingOptions options, TimeProvider time) : IMessageSender
{
    public Task SendAsync(StoreSession session, object message, CancellationToken cancel, TimeSpan delay = default, string? mergeKey = null)
    {
        var headers = new Dictionary<string, string>
        {
            [Headers.MessageId] = Guid.NewGuid().ToString(),
            [Headers.Type] = types.NameOf(message.GetType()),
            [Headers.ContentType] = MessageSerializer.ContentType,
            [Headers.SentTime] = time.GetUtcNow().ToIso8601DateTimeOffset(),
            [Headers.Intent] = Headers.IntentOptions.PointToPoint,
            [Headers.ReturnAddress] = options.Queue,
        };
        return queue.InsertAsync(session, new QueuedMessage(options.Queue, headers, types.Write(message), delay, mergeKey), cancel);
    }
}
