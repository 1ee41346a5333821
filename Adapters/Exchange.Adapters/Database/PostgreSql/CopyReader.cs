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

    /// <summary>Signature (11), flags (4).</summary>
    const int HeaderBytes = 15;

    byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    int _from;
    int _to;

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
