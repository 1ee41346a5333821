using Exchange.Bus.Quarantine;

namespace Exchange.Bus.Quality;

/// <summary>
/// The broken rules of one page, by row. Nothing is allocated for good rows. One judging thread fills it. A cell without a value
/// (a fault of the reader, or text that does not convert) is remembered, so that no further rule is judged on what is not there.
/// </summary>
internal sealed class Findings(int rows)
{
    List<BrokenRule>?[]? _byRow;
    HashSet<(int Row, int Item)>? _valueless;

    /// <summary>How many rows broke a rule.</summary>
    public int BrokenRows { get; private set; }

    public bool IsBroken(int row) => _byRow?[row] is not null;

    public bool IsValueless(int row, int item) => _valueless is not null && _valueless.Contains((row, item));

    public IReadOnlyList<BrokenRule> Of(int row) => _byRow?[row] ?? [];

    public void Add(int row, BrokenRule broken)
    {
        _byRow ??= new List<BrokenRule>?[rows];
        if (_byRow[row] is not { } list)
        {
            _byRow[row] = list = [];
            BrokenRows++;
        }

        list.Add(broken);
    }

    public void AddValueless(int row, int item, BrokenRule broken)
    {
        Add(row, broken);
        (_valueless ??= []).Add((row, item));
    }
}

/// <summary>The findings of one item: what its conversion and its rules write to.</summary>
internal readonly struct ItemFindings(Findings findings, string item, int ordinal)
{
    /// <summary>Whether the cell holds no value because it was broken, and so must not be judged again.</summary>
    public bool IsValueless(int row) => findings.IsValueless(row, ordinal);

    /// <summary>The value stands, but breaks a rule.</summary>
    public void Break(int row, string rule, string? value, string message, string? dependsOn = null) =>
        findings.Add(row, new BrokenRule(rule, item, ValueText.Cut(value), message, dependsOn));

    /// <summary>There is no value that further rules could be judged on.</summary>
    public void BreakValue(int row, string rule, string? value, string message) =>
        findings.AddValueless(row, ordinal, new BrokenRule(rule, item, ValueText.Cut(value), message));
}
