using System.Text;
using Exchange.Bus.Catalogue;

namespace Exchange.Bus.Imports;

/// <summary>
/// Which item the name of a column means: its name, or its title; a name goes before a title. Blanks at the ends, byte order marks, full width and letter case do not count.
/// Immutable, safe for concurrent callers.
/// </summary>
internal sealed class ItemNames
{
    readonly Dictionary<string, Item> _items = new(StringComparer.Ordinal);

    public ItemNames(Resource resource)
    {
        foreach (var item in resource.Items) _items.TryAdd(Plain(item.Name), item);
        foreach (var item in resource.Items)
            if (item.Title is { } title) _items.TryAdd(Plain(title), item);
        Needed = [.. resource.Items.Where(item => item.Required || resource.Key.Contains(item.Name))];
    }

    /// <summary>Items that every row needs.</summary>
    public IReadOnlyList<Item> Needed { get; }

    /// <summary>Null: the name of no item.</summary>
    public Item? Find(string column) => _items.GetValueOrDefault(Plain(column));

    static string Plain(string name)
    {
        try
        {
            return name.Trim('\uFEFF').Normalize(NormalizationForm.FormKC).Trim().ToUpperInvariant();
        }
        catch (ArgumentException)
        {
            // Half of a surrogate pair has no form: no item is called so.
            return name;
        }
    }
}
