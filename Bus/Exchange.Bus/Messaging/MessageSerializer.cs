using Rebus.Messages;
using Rebus.Serialization;

namespace Exchange.Bus.Messaging;

/// <summary>JSON by the list of known types, in both directions.</summary>
internal sealed class MessageSerializer(MessageTypes types) : ISerializer, IMessageTypeNameConvention
{
    public const string ContentType = "application/json;charset=utf-8";

    public Task<TransportMessage> Serialize(Message message)
    {
        var headers = new Dictionary<string, string>(message.Headers)
        {
            [Headers.Type] = types.NameOf(message.Body.GetType()),
            [Headers.ContentType] = ContentType,
        };
        return Task.FromResult(new TransportMessage(headers, types.Write(message.Body)));
    }

    public Task<Message> Deserialize(TransportMessage message) =>
        Task.FromResult(new Message(new Dictionary<string, string>(message.Headers), types.Read(message.Headers.GetValueOrDefault(Headers.Type), message.Body)));

    public string GetTypeName(Type type) => types.NameOf(type);

    public Type GetType(string name) => types.TypeOf(name);
}
