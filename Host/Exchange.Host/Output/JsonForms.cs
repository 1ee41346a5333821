using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Exchange.Contracts.Operations;

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
        TypeInfoResolver = JsonTypeInfoResolver.Combine(ResultJson.Default, new DefaultJsonTypeInfoResolver()),
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };
}

/// <summary>The results of the commands that jobs call most, compiled; what else is shown is found out by reflection.</summary>
[JsonSerializable(typeof(IReadOnlyList<SyncResult>))]
[JsonSerializable(typeof(ReconcileResult))]
internal sealed partial class ResultJson : JsonSerializerContext;
