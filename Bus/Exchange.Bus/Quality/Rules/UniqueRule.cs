using Exchange.Bus.Quarantine;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality.Rules;

/// <summary>
/// No two rows of the resource hold the same value, or the same values of several items (a business key). Within a page the first good row that holds it keeps it, unless another row of
/// the resource has held it before and keeps it; what its holder gives up in the same page, or by leaving, is free.
/// </summary>
internal sealed class UniqueRule : ResourceRule
{
    /// <summary>The rule's name where it is about the resource's business key.</summary>
    public const string BusinessKey = "business-key";

    readonly string _resource;
    readonly string _name;
    readonly string? _item;
    readonly int[] _ordinals;
    readonly IKnownValues _known;

    /// <param name="resource">The resource.</param>
    /// <param name="items">One item that says `unique`, or those of the business key.</param>
    /// <param name="name">unique or business-key.</param>
    /// <param name="ordinal">An item's place.</param>
    /// <param name="known">Where values are looked up.</param>
    public UniqueRule(string resource, IReadOnlyList<string> items, string name, Func<string, int> ordinal, IKnownValues known)
    {
        _resource = resource;
        _name = name;
        _item = items.Count == 1 ? items[0] : null;
        Items = [.. items.Order(StringComparer.Ordinal)];
        _ordinals = [.. Items.Select(ordinal)];
        _known = known;
    }

    /// <summary>The set that must be known for this rule.</summary>
    public IReadOnlyList<string> Items { get; }

    public override async Task JudgeAsync(JudgedRows rows, Findings findings, Dependants dependants, CancellationToken cancel)
    {
        var tuples = new string?[rows.Count];
        for (var row = 0; row < tuples.Length; row++) tuples[row] = rows.Tuple(row, _ordinals);
        var distinct = tuples.OfType<string>().ToHashSet(StringComparer.Ordinal);
        if (distinct.Count == 0) return;
        var found = await _known.FindAsync(_resource, Items, distinct, own: true, cancel);

        var claimed = new HashSet<string>(distinct.Count, StringComparer.Ordinal);
        for (var row = 0; row < tuples.Length; row++)
        {
            if (tuples[row] is not { } tuple) continue;
            if (claimed.Contains(tuple)) findings.Add(row, Broken(rows, row, "another row that came with it holds it too"));
            else if (found.TryGetValue(tuple, out var holders) && IsHeldByAnother(row, tuple, holders)) findings.Add(row, Held(rows, row));
            else if (!findings.IsBroken(row)) claimed.Add(tuple);
        }

        bool IsHeldByAnother(int row, string tuple, IReadOnlyList<string> holders)
        {
            if (rows.KeyDigest(row) is not { } own) return false; // the row is broken anyhow, and may be the holder itself
            foreach (var holder in holders)
            {
                if (holder == own || rows.IsLeaving(holder)) continue;
                var givesUp = rows.TryFindRow(holder, out var other) && tuples[other] != tuple && !findings.IsBroken(other);
                if (!givesUp) return true;
                dependants.Add(other, row, () => Held(rows, row));
            }

            return false;
        }
    }

    BrokenRule Held(JudgedRows rows, int row) => Broken(rows, row, "another row of the resource holds it");

    BrokenRule Broken(JudgedRows rows, int row, string why)
    {
        var value = _item is null ? RowKey.Text(rows.Rows, _ordinals, row) : ValueText.At(rows.Rows.Columns[_ordinals[0]], row);
        return new BrokenRule(_name, _item, ValueText.Cut(value), $"{ValueText.Quote(value)} must be unique, but {why}.", $"resource/{_resource}");
    }
}
