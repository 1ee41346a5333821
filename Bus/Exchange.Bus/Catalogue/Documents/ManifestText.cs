using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Exchange.Bus.Catalogue.Documents;

/// <summary>
/// Writes canonical nodes (see <c>Shape.Canonical</c>) as YAML and JSON. A scalar that is quoted there is text; one that is not is a number or true/false.
/// Text stands unquoted only where every YAML reader, 1.1 ones too, takes it for text.
/// </summary>
internal static partial class ManifestText
{
    /// <summary>Widest line on which a record or list without records inside is written in one piece.</summary>
    const int Widest = 140;

    static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Yaml(MapNode document)
    {
        var text = new StringBuilder();
        foreach (var entry in document.Entries) Entry(text, entry, 0, firstOnLine: true);
        return text.ToString();
    }

    public static string Json(MapNode document)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Indented)) Json(writer, document);
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    static void Entry(StringBuilder text, MapEntry entry, int indent, bool firstOnLine)
    {
        if (firstOnLine) text.Append(' ', indent);
        text.Append(Scalar(entry.Key)).Append(':');
        if (Flow(entry.Value) is { } flow && (entry.Value.Height <= 2 || flow.Length <= 2) && indent + entry.Key.Length + flow.Length < Widest && !IsBlock(entry))
        {
            text.Append(' ').Append(flow).Append('\n');
            return;
        }

        if (entry.Value is ScalarNode scalar)
        {
            text.Append(' ').Append(Scalar(scalar)).Append('\n');
            return;
        }

        text.Append('\n');
        Block(text, entry.Value, indent + 2);
    }

    /// <summary>The spec itself is always written line by line.</summary>
    static bool IsBlock(MapEntry entry) => entry is { Key: "spec", Value: MapNode { Entries.Count: > 0 } };

    static void Block(StringBuilder text, ManifestNode node, int indent)
    {
        if (node is MapNode map)
        {
            foreach (var entry in map.Entries) Entry(text, entry, indent, firstOnLine: true);
            return;
        }

        foreach (var item in ((ListNode)node).Items)
        {
            text.Append(' ', indent).Append("- ");
            if (item is ScalarNode || (item.Height <= 3 && Flow(item) is { } flow && flow.Length + indent < Widest))
                text.Append(Flow(item)).Append('\n');
            else if (item is MapNode inner)
                for (var at = 0; at < inner.Entries.Count; at++) Entry(text, inner.Entries[at], indent + 2, firstOnLine: at > 0);
            else
                text.Append(Flow(item)).Append('\n');
        }
    }

    static string Flow(ManifestNode node) => node switch
    {
        ScalarNode scalar => Scalar(scalar),
        ListNode list => $"[{string.Join(", ", list.Items.Select(Flow))}]",
        MapNode { Entries.Count: 0 } => "{}",
        MapNode map => $"{{ {string.Join(", ", map.Entries.Select(entry => $"{Scalar(entry.Key)}: {Flow(entry.Value)}"))} }}",
        _ => throw new ArgumentException($"No form for {node.GetType().Name}.", nameof(node)),
    };

    static string Scalar(ScalarNode scalar) => scalar.Quoted ? Scalar(scalar.Raw) : scalar.Raw;

    static string Scalar(string text) => Plain().IsMatch(text) && !ReadOtherwise().IsMatch(text) ? text : Quote(text);

    static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var letter in text)
        {
            _ = letter switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append("\\\\"),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                // Control characters, line separators and the byte order mark would be lost or refused.
                < ' ' or '\u007f' or '\u0085' or '\u2028' or '\u2029' or '\uFEFF' or (> '\u007f' and < '\u00a0') =>
                    quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}"),
                _ => quoted.Append(letter),
            };
        }

        return quoted.Append('"').ToString();
    }

    static void Json(Utf8JsonWriter writer, ManifestNode node)
    {
        switch (node)
        {
            case MapNode map:
                writer.WriteStartObject();
                foreach (var entry in map.Entries)
                {
                    writer.WritePropertyName(entry.Key);
                    Json(writer, entry.Value);
                }

                writer.WriteEndObject();
                break;
            case ListNode list:
                writer.WriteStartArray();
                foreach (var item in list.Items) Json(writer, item);
                writer.WriteEndArray();
                break;
            case ScalarNode { Quoted: false } scalar:
                writer.WriteRawValue(scalar.Raw);
                break;
            case ScalarNode scalar:
                writer.WriteStringValue(scalar.Raw);
                break;
        }
    }

    [GeneratedRegex(@"^[\p{L}_/][\p{L}\p{M}\p{Nd}_./()+*=-]*( [\p{L}\p{Nd}_./()+*=-]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();

    [GeneratedRegex(@"^(y|yes|n|no|true|false|on|off|null|nan|inf)\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ReadOtherwise();
}
