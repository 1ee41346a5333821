using Exchange.Bus.Catalogue;
using Exchange.Bus.Transformation.Conversion;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Transformation.Routes;

/// <summary>
/// A target's key columns: for each key item of the resource the column that holds it one to one, and, where several subscriptions write one table, the constant
/// columns that set their rows apart. Nothing else may be in a key: rows would be lost or doubled.
/// </summary>
/// <param name="Columns">Constants first, then the key items in the resource's order.</param>
/// <param name="Scope">The constants' canonical texts.</param>
internal sealed record RouteKey(IReadOnlyList<RouteColumn> Columns, IReadOnlyDictionary<string, string> Scope)
{
    public static RouteKey Resolve(Subscription subscription, Resource resource, CatalogueSnapshot catalogue, IReadOnlyList<RouteColumn> columns, List<string> problems)
    {
        var constants = SharedConstants(subscription, catalogue, columns, problems);
        var key = new List<RouteColumn>(constants);
        foreach (var item in resource.Key)
        {
            if (columns.FirstOrDefault(column => column.KeyItem == item) is { } column) key.Add(column);
            else problems.Add(Missing(item, columns));
        }

        return new RouteKey(key, constants.ToDictionary(column => column.Name, column => column.Text, StringComparer.Ordinal));
    }

    static string Missing(string item, IReadOnlyList<RouteColumn> columns)
    {
        var used = columns.FirstOrDefault(column => column.Items.Contains(item));
        var cure = used switch
        {
            null => $"map it to a column, as in {item}: {item}",
            CodeColumn => $"column '{used.Name}' translates it by a code map in which two codes become one; map the item itself too, or give each code a translation of its own",
            ItemColumn => $"column '{used.Name}' reads the text as another type or writes it in a format that drops a part; map the item itself too",
            _ => $"column '{used.Name}' only computes with it; map the item itself too",
        };
        return $"The target's key needs key item '{item}' one to one: {cure}.";
    }

    /// <summary>Columns that are constant in all subscriptions of the table and not everywhere the same.</summary>
    static List<ConstantColumn> SharedConstants(Subscription subscription, CatalogueSnapshot catalogue, IReadOnlyList<RouteColumn> columns, List<string> problems)
    {
        var others = catalogue.Subscriptions.Values
            .Where(other => other.Name != subscription.Name && SameTable(other.Target, subscription.Target))
            .OrderBy(other => other.Name, StringComparer.Ordinal).ToList();
        if (others.Count == 0) return [];
        var shared = columns.OfType<ConstantColumn>()
            .Where(column => others.All(other => ConstantText(other, column.Name) is not null) && others.Any(other => ConstantText(other, column.Name) != Written(column.Name)))
            .ToList();
        foreach (var other in others)
        {
            if (shared.Any(column => ConstantText(other, column.Name) != Written(column.Name))) continue;
            problems.Add($"Subscription '{other.Name}' writes the same table {subscription.Target.Table} of connection '{subscription.Target.Connection}': each subscription of a table must write its own constant into a common column, as in source: {{ constant: {subscription.Name} }}, or use a table of its own (where two schemas are meant, name the schema in both).");
        }

        return shared;

        string? Written(string column) => ConstantText(subscription, column);
    }

    /// <summary>The constant as the target will hold it, so that '1' and '01' in a column of numbers are one.</summary>
    static string? ConstantText(Subscription subscription, string column)
    {
        var mapped = subscription.Map?.FirstOrDefault(candidate => string.Equals(candidate.Column, column, StringComparison.Ordinal));
        if (mapped?.Constant is not { } text || mapped.Type is not { } type) return mapped?.Constant;
        var value = Column.Create(column, type, 1);
        return TextReading.AppendCanonical(text, value) is null ? value.TextAt(0) : null;
    }

    /// <summary>
    /// Engines fold the case of table names differently; two names that differ in case only are taken for one, and so is a table without a schema and one with:
    /// the connection's own schema is not known here, and taking two subscriptions for strangers would let one delete the other's rows.
    /// </summary>
    static bool SameTable(TableTarget a, TableTarget b) =>
        string.Equals(a.Connection, b.Connection, StringComparison.Ordinal)
        && (a.Table.Schema is null || b.Table.Schema is null || string.Equals(a.Table.Schema, b.Table.Schema, StringComparison.OrdinalIgnoreCase))
        && string.Equals(a.Table.Name, b.Table.Name, StringComparison.OrdinalIgnoreCase);
}
