using Exchange.Bus.Catalogue;
using Exchange.Bus.Quarantine;

namespace Exchange.Bus.Quality.Rules;

/// <summary>
/// The row's items must stand in another resource; a NULL in any of them passes, as a foreign key does. When the other resource is the row's own,
/// good rows of the same page count too, so that parents and children may come together.
/// </summary>
internal sealed class ReferenceRule : ResourceRule
{
    readonly RowRule _rule;
    readonly Reference _reference;
    readonly IKnownValues _known;
    readonly string[] _there;
    readonly int[] _here;
    readonly int[]? _ownThere;

    /// <param name="rule">The rule as written; it has a reference.</param>
    /// <param name="owner">The resource that the rule belongs to.</param>
    /// <param name="known">Where values are looked up.</param>
    public ReferenceRule(RowRule rule, Resource owner, IKnownValues known)
    {
        _rule = rule;
        _reference = rule.Reference ?? throw new ArgumentException($"The rule {rule.Name} has no reference.", nameof(rule));
        _known = known;
        var pairs = _reference.Items.OrderBy(pair => pair.Value, StringComparer.Ordinal).ToArray();
        _there = [.. pairs.Select(pair => pair.Value)];
        _here = [.. pairs.Select(pair => Ordinal(owner, pair.Key))];
        if (_reference.Resource == owner.Name) _ownThere = [.. _there.Select(name => Ordinal(owner, name))];
    }

    public bool IsToOwnResource => _ownThere is not null;

    public override async Task JudgeAsync(JudgedRows rows, Findings findings, Dependants dependants, CancellationToken cancel)
    {
        var byTuple = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        for (var row = 0; row < rows.Count; row++)
        {
            if (rows.Tuple(row, _here) is not { } tuple) continue; // cells without a value are null too
            if (!byTuple.TryGetValue(tuple, out var list)) byTuple[tuple] = list = [];
            list.Add(row);
        }

        if (byTuple.Count == 0) return;
        var found = await _known.FindAsync(_reference.Resource, _there, byTuple.Keys, own: false, cancel);
        var own = found.Count < byTuple.Count ? OwnRows(rows) : [];
        foreach (var (tuple, needing) in byTuple)
        {
            if (found.TryGetValue(tuple, out var holders) && holders.Count > 0) continue;
            foreach (var row in needing)
                if (Judge(tuple, row) is { } problem) findings.Add(row, problem);
        }

        BrokenRule? Judge(string tuple, int row)
        {
            if (own.TryGetValue(tuple, out var holders))
                foreach (var holder in holders)
                {
                    if (holder == row) return null;
                    if (findings.IsBroken(holder)) continue;
                    dependants.Add(holder, row, () => Judge(tuple, row));
                    return null;
                }

            return Broken(rows, row);
        }
    }

    Dictionary<string, List<int>> OwnRows(JudgedRows rows)
    {
        var own = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        if (_ownThere is null) return own;
        for (var row = 0; row < rows.Count; row++)
        {
            if (rows.Tuple(row, _ownThere) is not { } tuple) continue;
            if (!own.TryGetValue(tuple, out var list)) own[tuple] = list = [];
            list.Add(row);
        }

        return own;
    }

    BrokenRule Broken(JudgedRows rows, int row)
    {
        var values = string.Join(", ", _here.Select((ordinal, at) => $"{_there[at]} = {ValueText.Quote(ValueText.At(rows.Rows.Columns[ordinal], row))}"));
        var item = _here.Length == 1 ? rows.Rows.Columns[_here[0]].Name : null;
        var value = _here.Length == 1 ? ValueText.At(rows.Rows.Columns[_here[0]], row) : values;
        return new BrokenRule(_rule.Name, item, ValueText.Cut(value), _rule.Message ?? $"The resource {_reference.Resource} has no row with {values}.", $"resource/{_reference.Resource}");
    }

    static int Ordinal(Resource owner, string item)
    {
        for (var at = 0; at < owner.Items.Count; at++)
            if (owner.Items[at].Name == item) return at;
        throw new ArgumentException($"The resource {owner.Name} has no item '{item}'.", nameof(owner));
    }
}
