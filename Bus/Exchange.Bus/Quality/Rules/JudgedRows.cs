using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality.Rules;

/// <summary>A page in item types, as rules of the whole row see it. Key texts and digests are made only when a rule asks. One judging thread uses it.</summary>
internal sealed class JudgedRows(RowBatch rows, IReadOnlyList<int> keyOrdinals, Findings findings, IReadOnlySet<string>? leaving = null)
{
    string?[]? _digests;
    Dictionary<string, int>? _byDigest;

    public RowBatch Rows => rows;

    public int Count => rows.Count;

    /// <summary>Whether any of the items is without a value because it was broken: a rule that reads them is not judged.</summary>
    public bool IsValueless(int row, IReadOnlyList<int> items)
    {
        foreach (var item in items)
            if (findings.IsValueless(row, item)) return true;
        return false;
    }

    /// <summary>Null when a key item is NULL, '' or has no value in its type. A value that breaks another rule still names its row.</summary>
    public string? KeyText(int row)
    {
        foreach (var ordinal in keyOrdinals)
        {
            var column = rows.Columns[ordinal];
            if (column.IsNull(row) || (column is BytesColumn bytes && bytes[row].IsEmpty)) return null;
        }

        return RowKey.Text(rows, keyOrdinals, row);
    }

    public string? KeyDigest(int row)
    {
        _digests ??= new string?[Count];
        return _digests[row] ??= KeyText(row) is { } text ? RowKey.Digest(text) : null;
    }

    /// <summary>Whether the row of that key is deleted together with what is judged.</summary>
    public bool IsLeaving(string digest) => leaving is not null && leaving.Contains(digest);

    /// <summary>The row of this page that has that key; the last when several have.</summary>
    public bool TryFindRow(string digest, out int row)
    {
        if (_byDigest is null)
        {
            _byDigest = new Dictionary<string, int>(Count, StringComparer.Ordinal);
            for (var at = 0; at < Count; at++)
                if (KeyDigest(at) is { } known) _byDigest[known] = at;
        }

        return _byDigest.TryGetValue(digest, out row);
    }

    /// <summary>The values' tuple as <see cref="IKnownValues"/> keeps it; null when one of them is null.</summary>
    public string? Tuple(int row, IReadOnlyList<int> items)
    {
        foreach (var item in items)
            if (rows.Columns[item].IsNull(row)) return null;
        return RowKey.Text(rows, items, row);
    }
}
