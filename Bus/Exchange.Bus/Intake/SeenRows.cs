using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Intake;

/// <summary>
/// Which rows of the overlap above a safe horizon were taken up already, as (digest of key, digest of row), so that a pass that reads the overlap again
/// appends only what is new. Forgetting costs repetition, never data: at most <see cref="Most"/> rows are remembered. Not safe for concurrent use.
/// </summary>
internal sealed class SeenRows
{
    /// <summary>24 bytes each when stored, about 50 in memory.</summary>
    public const int Most = 500_000;

    const int EntryBytes = 24;

    readonly Dictionary<UInt128, (ulong Row, bool Met)> _rows = [];

    public int Count => _rows.Count;

    public bool Changed { get; private set; }

    /// <summary>
    /// Whether what was stored has been withdrawn, which must be done before anything is appended: a run that is killed after an append would find a row remembered
    /// as it was before that, and pass it over when it is set back.
    /// </summary>
    public bool Withdrawn { get; set; }

    public static SeenRows Restore(byte[]? stored)
    {
        var seen = new SeenRows();
        for (var at = 0; stored is not null && at + EntryBytes <= stored.Length; at += EntryBytes)
        {
            var entry = stored.AsSpan(at, EntryBytes);
            seen._rows[BinaryPrimitives.ReadUInt128LittleEndian(entry)] = (BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]), false);
        }

        return seen;
    }

    /// <summary>Whether the row stood just so when it was last met; remembers it as it is now.</summary>
    public bool Meet(string keyText, RowBatch rows, int row)
    {
        var key = XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(keyText));
        var digest = RowDigest(rows, row);
        var known = _rows.TryGetValue(key, out var before) && before.Row == digest;
        if (!known && _rows.Count >= Most && !_rows.ContainsKey(key)) return false;
        _rows[key] = (digest, true);
        Changed |= !known;
        return known;
    }

    /// <summary>Forgets rows that the pass did not meet: they lie below the horizon now, or are gone.</summary>
    public void ForgetUnmet()
    {
        foreach (var (key, entry) in _rows)
        {
            if (entry.Met) continue;
            _rows.Remove(key);
            Changed = true;
        }
    }

    public byte[] Store()
    {
        var stored = new byte[_rows.Count * EntryBytes];
        var at = 0;
        foreach (var (key, entry) in _rows)
        {
            BinaryPrimitives.WriteUInt128LittleEndian(stored.AsSpan(at), key);
            BinaryPrimitives.WriteUInt64LittleEndian(stored.AsSpan(at + 16), entry.Row);
            at += EntryBytes;
        }

        Changed = false;
        Withdrawn = false;
        return stored;
    }

    /// <summary>A digest over all columns, lengths and nulls told apart.</summary>
    static ulong RowDigest(RowBatch rows, int row)
    {
        var hash = new XxHash64();
        Span<byte> number = stackalloc byte[17];
        foreach (var column in rows.Columns)
        {
            number.Clear();
            if (column.IsNull(row))
            {
                number[16] = 1;
                hash.Append(number);
                continue;
            }

            switch (column)
            {
                case LongColumn longs: BinaryPrimitives.WriteInt64LittleEndian(number, longs[row]); break;
                case DoubleColumn doubles: BinaryPrimitives.WriteDoubleLittleEndian(number, doubles[row]); break;
                case BytesColumn bytes:
                    BinaryPrimitives.WriteInt32LittleEndian(number, bytes[row].Length);
                    hash.Append(bytes[row]);
                    break;
                default:
                    var text = Encoding.UTF8.GetBytes(column.TextAt(row) ?? "");
                    BinaryPrimitives.WriteInt32LittleEndian(number, text.Length);
                    hash.Append(text);
                    break;
            }

            hash.Append(number);
        }

        return hash.GetCurrentHashAsUInt64();
    }
}
