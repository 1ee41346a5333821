using System.Text.Encodings.Web;
using System.Text.Json;

namespace Exchange.Host.Output;

/// <summary>JSON on standard output.</summary>
internal static class JsonForms
{
    /// <summary>Indented, Chinese as it is.</summary>
    public static JsonSerializerOptions Readable { get; } = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
