using Exchange.Bus.Quarantine;

namespace Exchange.Bus.Quality.Rules;

/// <summary>
/// No two rows of the resource hold the same value. Within a page the first good row that holds a value keeps it, unless another row of the resource
/// has held it before and keeps it; a value that its holder gives up in the same page is free.
/// </summary>
internal sealed class UniqueRule(string resource, string item, int ordinal, IKnownValues known) : ResourceRule
{
    readonly int[] _ordinals = [ordinal];

    /// <summary>The set that must be known for this rule.</summary>
    public IReadOnlyList<string> Items { get; } = [item];

    public override async Task JudgeAsync(JudgedRows rows, Findings findings, Dependants dependants, CancellationToken cancel)
    {
        var tuples = new string?[rows.Count];
        for (var row = 0; row < tuples.Length; row++) tuples[row] = rows.Tuple(row, _ordinals);
        var distinct = tuples.OfType<string>().ToHashSet(StringComparer.Ordinal);
        if (distinct.Count == 0) return;
        var found = await known.FindAsync(resource, Items, distinct, cancel);

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
                if (holder == own) continue;
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
        var value = ValueText.At(rows.Rows.Columns[ordinal], row);
        return new BrokenRule(ItemRules.Unique, item, ValueText.Cut(value), $"{ValueText.Quote(value)} must be unique, but {why}.", $"resource/{resource}");
    }
}
