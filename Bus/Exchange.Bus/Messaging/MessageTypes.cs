using System.Text.Json;

namespace Exchange.Bus.Messaging;

/// <summary>A message type and its name on the wire. The name outlives the class: it is never changed once released.</summary>
internal sealed record MessageType(string Name, Type Type);

/// <summary>The types that may travel: nothing else is ever made from what a queue holds.</summary>
internal sealed class MessageTypes
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Skip };

    readonly Dictionary<string, Type> _types;
    readonly Dictionary<Type, string> _names;

    public MessageTypes(IEnumerable<MessageType> types)
    {
        var all = types.Distinct().ToList();
        _types = all.ToDictionary(type => type.Name, type => type.Type, StringComparer.Ordinal);
        _names = all.ToDictionary(type => type.Type, type => type.Name);
    }

    public string NameOf(Type type) => _names.TryGetValue(type, out var name)
        ? name
        : throw new InvalidOperationException($"{type} is no registered message type. Register it with AddMessage<{type.Name}>(\"a-name-on-the-wire\").");

    /// <exception cref="PoisonMessageException">Not on the list.</exception>
    public Type TypeOf(string? name) => name is not null && _types.TryGetValue(name, out var type)
        ? type
        : throw new PoisonMessageException($"The message type '{name}' is not known to this program.");

    public byte[] Write(object message)
    {
        NameOf(message.GetType());
        return JsonSerializer.SerializeToUtf8Bytes(message, message.GetType(), Json);
    }

    /// <exception cref="PoisonMessageException">Not on the list, or the body does not fit the type.</exception>
    public object Read(string? name, ReadOnlySpan<byte> body)
    {
        var type = TypeOf(name);
        try
        {
            return JsonSerializer.Deserialize(body, type, Json) ?? throw new PoisonMessageException($"The body of a message of type '{name}' is null.");
        }
        catch (JsonException unfit)
        {
            throw new PoisonMessageException($"The body of a message of type '{name}' does not fit the type: {unfit.Message}", unfit);
        }
    }
}
