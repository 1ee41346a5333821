using System.Text.Json.Serialization;
using Exchange.Bus.Catalogue;

namespace Exchange.Bus.Intake;

/// <summary>How intake writes and reads its JSON: compiled, because finding it out by reflection is a tenth of what a short command takes. The texts are as reflection writes them.</summary>
[JsonSerializable(typeof(Resource))]
[JsonSerializable(typeof(SourcePosition))]
[JsonSerializable(typeof(IEnumerable<string>))]
internal sealed partial class SourceJson : JsonSerializerContext;
