using System.IO.Hashing;
using System.Runtime.InteropServices;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Quality;
using Exchange.Contracts.Files;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Imports;

/// <summary>
/// Finds keys that several rows of a file share, wherever they stand in it: none of those rows is taken, since any choice would be a guess. Keeps 8 bytes a row
/// (XXH64 of the key), so a file has at most <see cref="MostRows"/> rows. Filled by one writer, then safe for concurrent readers.
/// </summary>
internal sealed class SharedKeys(Resource resource, IRowJudge judge)
{
    /// <summary>160 MB of hashes.</summary>
    public const int MostRows = 20_000_000;

    readonly List<ulong> _hashes = [];
    Dictionary<ulong, int> _shared = [];

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
            while (end < all.Length && all[end] == all[start]) end++;
            if (end - start > 1) _shared[all[start]] = end - start;
            start = end;
        }

        _hashes.Clear();
        _hashes.TrimExcess();
    }

    /// <summary>For each row how many rows of the file share its key; null: each stands alone.</summary>
    public IReadOnlyList<int>? Copies(RowBatch items) => _shared.Count == 0 ? null : [.. Hashes(items).Select(hash => hash is { } known ? _shared.GetValueOrDefault(known, 1) : 1)];

    ulong?[] Hashes(RowBatch items)
    {
        var converted = judge.ConvertKeys(items);
        int[] keys = [.. resource.Key.Select(converted.Keys.Ordinal)];
        var hashes = new ulong?[items.Count];
        for (var row = 0; row < hashes.Length; row++)
            if (converted.Places[row] is { } at) hashes[row] = XxHash64.HashToUInt64(MemoryMarshal.AsBytes(RowKey.Text(converted.Keys, keys, at).AsSpan()));
        return hashes;
    }
}
