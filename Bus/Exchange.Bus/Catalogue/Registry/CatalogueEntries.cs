namespace Exchange.Bus.Catalogue.Registry;

/// <summary>Makes a picture of the whole catalogue from its definitions.</summary>
internal static class CatalogueEntries
{
    public static CatalogueSnapshot Snapshot(IReadOnlyCollection<object> definitions) => new()
    {
        Departments = definitions.OfType<Department>().ToDictionary(entry => entry.Name, StringComparer.Ordinal),
        Connections = definitions.OfType<Connection>().ToDictionary(entry => entry.Name, StringComparer.Ordinal),
        CodeSets = definitions.OfType<CodeSet>().ToDictionary(entry => entry.Name, StringComparer.Ordinal),
        CodeMaps = definitions.OfType<CodeMap>().ToDictionary(entry => entry.Name, StringComparer.Ordinal),
        Resources = definitions.OfType<Resource>().ToDictionary(entry => entry.Name, StringComparer.Ordinal),
        Subscriptions = definitions.OfType<Subscription>().ToDictionary(entry => entry.Name, StringComparer.Ordinal),
    };

    public static object WithGeneration(object definition, int generation) => definition is Resource resource ? resource with { Generation = generation } : definition;

    /// <summary>Whether what was exchanged before still fits: keys stay, items stay as they are, new ones may be null.</summary>
    /// <returns>Null, or what no longer fits.</returns>
    public static string? Breach(Resource before, Resource after)
    {
        if (!before.Key.SequenceEqual(after.Key, StringComparer.Ordinal)) return $"the key was {string.Join(", ", before.Key)}";
        foreach (var item in before.Items)
        {
            if (after.FindItem(item.Name) is not { } now) return $"the item '{item.Name}' is gone";
            if (now.Type != item.Type) return $"the item '{item.Name}' was {item.Type}";
            if (now.Required != item.Required) return $"the item '{item.Name}' was {(item.Required ? "" : "not ")}required";
        }

        return after.Items.FirstOrDefault(item => item.Required && before.FindItem(item.Name) is null) is { } added ? $"the new item '{added.Name}' is required" : null;
    }
}
