using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Exchange.Host.Output;

/// <summary>JSON on standard output.</summary>
internal static class JsonForms
{
    /// <summary>Indented, Chinese as it is, names and words as in manifests and in the HTTP interface: `deletedAtTarget`, `doneWithRejects`.</summary>
    public static JsonSerializerOptions Readable { get; } = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };
}
