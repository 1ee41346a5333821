using System.Buffers;
using System.Buffers.Binary;
using Npgsql;

namespace Exchange.Adapters.Database.PostgreSql;

/// <summary>
/// Reads the fields of a binary COPY (PostgreSQL, COPY, "Binary Format") from its bytes, so that no value passes through an object and what a .NET type cannot hold
/// (infinity, NaN, 40 digits) is seen before it fails. One user at a time.
/// </summary>
internal sealed class CopyReader(NpgsqlRawCopyStream stream) : IDisposable
{
    const int BufferBytes = 128 * 1024;

    /// <summary>Rows up to this many bytes are held whole.</summary>
    const int LargestRow = 1024 * 1024;

    /// <summary>Signature (11), flags (4).</summary>
    const int HeaderBytes = 15;

    byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    int _from;
    int _to;

    /// <summary>Whether the row that comes is the end's mark. Two bytes are there.</summary>
    public bool IsEnd => BinaryPrimitives.ReadInt16BigEndian(_buffer.AsSpan(_from)) < 0;

    /// <summary>Waits until the row that comes is there whole, so that its fields can be taken without waiting; false: it is larger than what is held at once.</summary>
    public async ValueTask<bool> HasRowAsync(CancellationToken cancel)
    {
        while (true)
        {
            var missing = Missing();
            if (missing == 0) return true;
            if (_to - _from + missing > LargestRow) return false;
            await FillAsync(_to - _from + missing, cancel);
        }
    }

    /// <summary>How many bytes are known to be missing of the row that comes; 0: none.</summary>
    int Missing()
    {
        var held = _buffer.AsSpan(_from, _to - _from);
        if (held.Length < sizeof(short)) return sizeof(short) - held.Length;
        int fields = BinaryPrimitives.ReadInt16BigEndian(held);
        long at = sizeof(short);
        for (; fields > 0; fields--)
        {
            if (at + sizeof(int) > held.Length) return Bounded(at + ((long)fields * sizeof(int)) - held.Length);
            at += sizeof(int) + Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(held[(int)at..]));
        }

        return at > held.Length ? Bounded(at - held.Length) : 0;
    }

    static int Bounded(long bytes) => (int)Math.Min(bytes, LargestRow + 1);

    /// <summary>Whether so many bytes can be taken without waiting.</summary>
    public bool Has(int bytes) => _to - _from >= bytes;

    /// <summary>Passes the header over.</summary>
    public async ValueTask StartAsync(CancellationToken cancel)
    {
        await FillAsync(HeaderBytes + sizeof(int), cancel);
        _from += HeaderBytes;
        await SkipAsync(Int32(), cancel);
    }

    /// <summary>Waits until so many bytes can be taken.</summary>
    public async ValueTask FillAsync(int bytes, CancellationToken cancel)
    {
        if (Has(bytes)) return;
        if (_buffer.Length - _from < bytes) MakeRoom(bytes);
        while (!Has(bytes))
        {
            var read = await stream.ReadAsync(_buffer.AsMemory(_to), cancel);
            if (read == 0) throw new EndOfStreamException("The copy ended in the middle of a row.");
            _to += read;
        }
    }

    public async ValueTask SkipAsync(long bytes, CancellationToken cancel)
    {
        while (bytes > 0)
        {
            if (!Has(1)) await FillAsync(1, cancel);
            var now = (int)Math.Min(bytes, _to - _from);
            _from += now;
            bytes -= now;
        }
    }

    public short Int16() => BinaryPrimitives.ReadInt16BigEndian(Take(sizeof(short)));

    public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(sizeof(int)));

    /// <summary>Bytes that are there; valid until the next wait.</summary>
    public ReadOnlySpan<byte> Take(int bytes)
    {
        var taken = _buffer.AsSpan(_from, bytes);
        _from += bytes;
        return taken;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    void MakeRoom(int bytes)
    {
        var held = _buffer.AsSpan(_from, _to - _from);
        var target = _buffer;
        if (bytes > _buffer.Length) target = ArrayPool<byte>.Shared.Rent(Math.Max(bytes, _buffer.Length * 2));
        held.CopyTo(target);
        if (target != _buffer) ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _to, _from) = (target, held.Length, 0);
    }
}
