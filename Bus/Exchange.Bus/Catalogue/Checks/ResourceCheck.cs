using Exchange.Bus.Catalogue.Documents;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Catalogue.Checks;

/// <summary>Items, key and source of each resource fit together. Rules and expressions are checked by quality.</summary>
internal sealed class ResourceCheck : IManifestCheck
{
    public IEnumerable<ManifestFinding> Check(CatalogueSnapshot catalogue) =>
        catalogue.Resources.Values.SelectMany(resource => Items(resource).Concat(Attachments(resource)).Concat(Key(resource)).Concat(Names(resource))
            .Select(found => new ManifestFinding(ManifestKind.Resource, resource.Name, found.Path, found.Message)))
        .Concat(ErrorTables(catalogue));

    static IEnumerable<(string Path, string Message)> Items(Resource resource)
    {
        // MySQL and SQLite take names that differ in case alone for one.
        var seen = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (var at = 0; at < resource.Items.Count; at++)
        {
            var name = resource.Items[at].Name;
            if (seen.TryGetValue(name, out var first))
                yield return ($"items[{at}].name", first == name ? $"the item '{name}' stands twice" : $"the items '{first}' and '{name}' differ only in letter case, which some engines take for one");
            else seen.Add(name, name);
        }

        var rules = new HashSet<string>(StringComparer.Ordinal);
        for (var at = 0; at < resource.Rules.Count; at++)
            if (!rules.Add(resource.Rules[at].Name)) yield return ($"rules[{at}].name", $"the rule '{resource.Rules[at].Name}' stands twice");
    }

    /// <summary>Contents are read by the key of one row of a table; what rows hold of them is a digest, which no rule on values is about.</summary>
    static IEnumerable<(string Path, string Message)> Attachments(Resource resource)
    {
        for (var at = 0; at < resource.Items.Count; at++)
        {
            var (item, place) = (resource.Items[at], $"items[{at}]");
            if (!item.Type.IsAttachment)
            {
                if (item.MaxAttachmentBytes is not null) yield return ($"{place}.maxAttachmentBytes", $"the item '{item.Name}' is {item.Type}, no attachment; cells are limited by the resource's maxCellBytes");
                continue;
            }

            if (item.CodeSet is not null) yield return ($"{place}.codeSet", $"the item '{item.Name}' is an attachment: it has no codes");
            if (item.Rules.Count > 0) yield return ($"{place}.rules", $"the item '{item.Name}' is an attachment: it takes no rules but required");
            if (item.Normalize.Count > 0) yield return ($"{place}.normalize", $"the item '{item.Name}' is an attachment: its contents are carried as they are");
            if (resource.DeduplicateBy.Contains(item.Name)) yield return ("deduplicate.latest", $"the item '{item.Name}' is an attachment and has no order");
            if (resource.BusinessKey.Contains(item.Name)) yield return ("businessKey", $"the item '{item.Name}' is an attachment: people do not tell rows apart by it");
            if (Unreadable(resource.Source, item) is { } why) yield return (place, $"the item '{item.Name}' is an attachment, {why}");
        }
    }

    static string? Unreadable(TableSource? source, Item item) => source switch
    {
        null => "which is read from a source; a resource that is fed by push or import has none",
        { Table: null } => "whose contents are read by the key of a table; a query has none: name the table",
        { Mode: CaptureMode.Control } => "whose contents are read by the key; in capture mode control several rows share it: use changelog, wal, cursor or snapshot",
        _ when source.CursorColumn == source.Columns.GetValueOrDefault(item.Name, item.Name) => "by which no cursor can go",
        _ => null,
    };

    static IEnumerable<(string Path, string Message)> Key(Resource resource)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var at = 0; at < resource.Key.Count; at++)
        {
            var name = resource.Key[at];
            if (!seen.Add(name)) yield return ($"key[{at}]", $"the key item '{name}' stands twice");
            else if (resource.FindItem(name) is not { } item) yield return ($"key[{at}]", Unknown(resource, name, "key"));
            else if (item.Type.IsAttachment || item.Type.Kind is ItemKind.Double or ItemKind.Binary)
                yield return ($"key[{at}]", $"the key item '{name}' is {item.Type}: a key must compare exactly on every engine; use string(n), int64, decimal, date or timestamp");
        }
    }

    static IEnumerable<(string Path, string Message)> Names(Resource resource)
    {
        for (var at = 0; at < resource.DeduplicateBy.Count; at++)
            if (resource.FindItem(resource.DeduplicateBy[at]) is null) yield return ($"deduplicate.latest[{at}]", Unknown(resource, resource.DeduplicateBy[at], "deduplicate.latest"));
        foreach (var item in resource.Source?.Columns.Keys ?? [])
            if (resource.FindItem(item) is null) yield return ($"source.columns.{item}", Unknown(resource, item, "source.columns"));
    }

    static string Unknown(Resource resource, string name, string place) =>
        $"{place} names '{name}', which is no item{NearestName.Hint(name, [.. resource.Items.Select(item => item.Name)])}";

    /// <summary>Two resources that push back into one table would close each other's errors.</summary>
    static IEnumerable<ManifestFinding> ErrorTables(CatalogueSnapshot catalogue) =>
        from resource in catalogue.Resources.Values
        let source = resource.Source
        where source is { PushBack: true } && (source.ErrorTable ?? source.Table) is not null
        let table = source.ErrorTable ?? new Contracts.FrontEnd.TableName(source.Table!.Schema, source.Table.Name + "_error")
        orderby resource.Name
        group resource by (source.Connection, table) into users
        from second in users.Skip(1)
        select new ManifestFinding(ManifestKind.Resource, second.Name, "source.errors",
            $"the error table {users.Key.table} on '{users.Key.Connection}' is already that of the resource '{users.First().Name}'; give each its own by source.errors.table, or `errors: none`");
}
