using System.IO.Hashing;
using System.Runtime.InteropServices;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Quality;
using Exchange.Contracts.Files;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Imports;

/// <summary>
/// Finds keys that several rows of a file share, wherever they stand in it: none of those rows is taken, since any choice would be a guess. Keeps 8 bytes a row
/// (63 bits of XXH64 of the key in item types, and whether it stands otherwise in the file), so a file has at most <see cref="MostRows"/> rows. Filled by one writer, then safe for concurrent readers.
/// </summary>
internal sealed class SharedKeys(Resource resource, IRowJudge judge)
{
    /// <summary>160 MB of hashes.</summary>
    public const int MostRows = 20_000_000;

    readonly List<ulong> _hashes = [];
    readonly Dictionary<ulong, (int Rows, bool Merged)> _shared = [];

    public long Rows { get; private set; }

    public void Add(RowBatch items, string file)
    {
        Rows += items.Count;
        if (Rows > MostRows) throw new FileFormException($"{file} has more than {MostRows} rows.", "Split it, and import the parts one after the other. Nothing was changed.");
        foreach (var hash in Hashes(items))
            if (hash is { } known) _hashes.Add(known);
    }

    /// <summary>All rows were added.</summary>
    public void Close()
    {
        _hashes.Sort();
        var all = CollectionsMarshal.AsSpan(_hashes);
        for (var start = 0; start < all.Length;)
        {
            var end = start + 1;
            while (end < all.Length && Key(all[end]) == Key(all[start])) end++;
            // Sorted, those that stand otherwise come last.
            if (end - start > 1) _shared[Key(all[start])] = (end - start, all[end - 1] != Key(all[start]));
            start = end;
        }

        _hashes.Clear();
        _hashes.TrimExcess();
    }

    /// <summary>Null: each row stands alone.</summary>
    public SharedRows? Of(RowBatch items)
    {
        if (_shared.Count == 0) return null;
        var shared = Hashes(items).Select(hash => hash is { } known && _shared.TryGetValue(Key(known), out var rows) ? rows : (Rows: 1, Merged: false)).ToList();
        return new SharedRows([.. shared.Select(row => row.Rows)], [.. shared.Select(row => row.Merged)]);
    }

    static ulong Key(ulong hash) => hash & ~1UL;

    ulong?[] Hashes(RowBatch items)
    {
        var converted = judge.ConvertKeys(items);
        int[] keys = [.. resource.Key.Select(converted.Keys.Ordinal)], given = [.. resource.Key.Select(items.Ordinal)];
        var hashes = new ulong?[items.Count];
        for (var row = 0; row < hashes.Length; row++)
            if (converted.Places[row] is { } at)
                hashes[row] = Key(XxHash64.HashToUInt64(MemoryMarshal.AsBytes(RowKey.Text(converted.Keys, keys, at).AsSpan()))) | (StandsOtherwise(row, at) ? 1UL : 0);
        return hashes;

        bool StandsOtherwise(int row, int at) => given.Zip(keys).Any(key => items.Columns[key.First].TextAt(row) != converted.Keys.Columns[key.Second].TextAt(at));
    }
}

/// <param name="Copies">For each row how many rows of the file share its key in item types, 1: it stands alone.</param>
/// <param name="Merged">Whether one of those keys stands otherwise in the file.</param>
internal sealed record SharedRows(IReadOnlyList<int> Copies, IReadOnlyList<bool> Merged);
