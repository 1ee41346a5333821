using Exchange.Contracts.Rows;

namespace Exchange.Bus.Reconciliation;

/// <summary>Rows of one side, as the target holds or should hold them.</summary>
/// <param name="Rows">In the target's columns and types.</param>
/// <param name="Naturals">For each row the key as the source itself has it (<see cref="RowKey"/> text), to read it anew by; null: not of the source.</param>
/// <param name="Misfits">Keys of the target whose rows can't be told in the target's types: they are there, and equal nothing.</param>
/// <param name="Refused">Keys of the target whose rows the rules or the map refuse: they are not compared.</param>
internal sealed record SideRows(RowBatch Rows, IReadOnlyList<string>? Naturals, RowBatch? Misfits, RowBatch? Refused);

/// <summary>Keys that are not compared.</summary>
internal sealed class LeftOut
{
    readonly HashSet<UInt128> _keys = [];
    readonly RowPrint _print = new();

    public int Count => _keys.Count;

    public bool Has(UInt128 key) => _keys.Contains(key);

    public void Add(RowBatch? keys)
    {
        if (keys is null) return;
        int[] all = [.. Enumerable.Range(0, keys.Columns.Count)];
        for (var row = 0; row < keys.Count; row++) _keys.Add(_print.Key(keys, all, row));
    }
}
