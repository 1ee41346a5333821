using System.Security.Cryptography;
using System.Text.Json;
using Exchange.Bus.Catalogue;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Transformation.Routes;

/// <summary>
/// SHA-256 over a canonical JSON text of everything that decides what stands at a target. Not in it: titles, passwords, schedules, whether the table may be created.
/// Items that the route does not read do not count either. Order of the map and of a CodeMap's entries does not count, so that an export applied again changes nothing.
/// </summary>
internal static class RouteFingerprint
{
    /// <summary>Raise it when the same manifests come to mean something else: everything is then delivered anew.</summary>
    const int Meaning = 1;

    public static string Of(Subscription subscription, Resource resource, IReadOnlyList<(string Name, ItemType Type)> items, CatalogueSnapshot catalogue, TargetTable target, TimeZoneInfo zone)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteNumber("meaning", Meaning);
            json.WriteString("resource", resource.Name);
            json.WriteString("zone", zone.Id);
            json.WriteString("filter", subscription.Filter);
            Strings(json, "resourceKey", resource.Key);
            json.WriteStartObject("items");
            foreach (var (name, type) in items.OrderBy(item => item.Name, StringComparer.Ordinal)) json.WriteString(name, type.ToString());
            json.WriteEndObject();
            Target(json, subscription, target);
            Map(json, subscription, catalogue);
            json.WriteEndObject();
        }

        return Convert.ToHexStringLower(SHA256.HashData(text.GetBuffer().AsSpan(0, (int)text.Length)));
    }

    static void Target(Utf8JsonWriter json, Subscription subscription, TargetTable target)
    {
        json.WriteString("connection", subscription.Target.Connection);
        json.WriteString("schema", target.Table.Schema);
        json.WriteString("table", target.Table.Name);
        json.WriteString("deletes", target.Deletes.ToString());
        Strings(json, "key", target.Key);
        json.WriteStartObject("scope");
        foreach (var (column, value) in target.Scope.OrderBy(entry => entry.Key, StringComparer.Ordinal)) json.WriteString(column, value);
        json.WriteEndObject();
        json.WriteStartObject("columns");
        foreach (var column in target.Columns.OrderBy(column => column.Name, StringComparer.Ordinal)) json.WriteString(column.Name, column.Type.ToString());
        json.WriteEndObject();
    }

    static void Map(Utf8JsonWriter json, Subscription subscription, CatalogueSnapshot catalogue)
    {
        json.WriteStartArray("map");
        foreach (var mapped in (subscription.Map ?? []).OrderBy(mapped => mapped.Column, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("column", mapped.Column);
            json.WriteString("from", mapped.From);
            json.WriteString("expression", mapped.Expression);
            json.WriteString("constant", mapped.Constant);
            json.WriteString("type", mapped.Type?.ToString());
            json.WriteString("format", mapped.Format);
            if (mapped.CodeMap is { } name && catalogue.CodeMaps.TryGetValue(name, out var map))
            {
                json.WriteStartObject("codes");
                foreach (var (code, translation) in map.Map.OrderBy(entry => entry.Key, StringComparer.Ordinal)) json.WriteString(code, translation);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteBoolean("everything", subscription.Map is null);
    }

    static void Strings(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
