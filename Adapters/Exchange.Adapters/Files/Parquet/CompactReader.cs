namespace Exchange.Adapters.Files.Parquet;

/// <summary>Types of Thrift's compact protocol.</summary>
internal enum CompactType
{
    Stop, True, False, Byte, Int16, Int32, Int64, Double, Binary, List, Set, Map, Struct,
}

/// <summary>
/// Reads a part of a file as Thrift's compact protocol (thrift-compact-protocol.md of Apache Thrift), in which Parquet keeps its footer and the heads of its pages. Holds a few kilobytes, whatever is
/// said about sizes there: texts and lists are passed over, not held. For one reader.
/// </summary>
internal sealed class CompactReader
{
    /// <summary>Structures within structures; Parquet has six.</summary>
    const int Deepest = 32;

    /// <summary>Bytes of the longest number.</summary>
    const int LongestNumber = 10;

    readonly byte[] _buffer = new byte[4096];
    readonly Stream _file;
    readonly long _from;
    readonly long _end;
    long _bufferStart;
    int _at;
    int _held;

    /// <param name="file">Seekable.</param>
    /// <param name="from">Where the part begins.</param>
    /// <param name="end">Where it ends; nothing is read beyond.</param>
    public CompactReader(Stream file, long from, long end) => (_file, _from, _end, _bufferStart) = (file, from, end, from);

    /// <summary>The next byte's place in the file.</summary>
    public long Position => _bufferStart + _at;

    /// <summary>Goes to another place of the same part.</summary>
    public void Seek(long position)
    {
        if (position < _from || position > _end) throw Broken("points outside of itself");
        if (position >= _bufferStart && position <= _bufferStart + _held) _at = (int)(position - _bufferStart);
        else (_bufferStart, _at, _held) = (position, 0, 0);
    }

    /// <summary>The next field of the structure that is being read.</summary>
    /// <param name="field">The number of the one before, 0 at first; becomes this one's.</param>
    /// <param name="type">Its type; a Boolean's is its value.</param>
    /// <returns>False: the structure ends.</returns>
    public bool Next(ref int field, out CompactType type)
    {
        var head = Byte();
        type = Type(head & 0x0F);
        if (type == CompactType.Stop) return false;
        var before = field;
        field = head >> 4 is var step and > 0 ? field + step : (short)Number();
        // Readers differ in which of two they keep: what was looked at here might not be what is read.
        if (field <= before) throw Broken("repeats a field, or has them out of order");
        return true;
    }

    /// <summary>A whole number of the type that the format has there: a reader passes over any other, and would not see what was looked at here.</summary>
    public long Number(CompactType type, CompactType expected) => type == expected ? Number() : throw Broken($"has another thing where a {expected} should be");

    /// <summary>The head of a list.</summary>
    /// <returns>How many elements follow; never more than bytes are left.</returns>
    public int List(CompactType type, out CompactType elements)
    {
        if (type is not (CompactType.List or CompactType.Set)) throw Broken("has another thing where a list should be");
        var head = Byte();
        elements = Type(head & 0x0F);
        return Counted(head >> 4 is var few and < 15 ? (ulong)few : Unsigned());
    }

    public static void Expect(CompactType type, CompactType expected)
    {
        if (type != expected) throw Broken($"has another thing where a {expected} should be");
    }

    /// <summary>Passes over a value.</summary>
    public void Skip(CompactType type) => Skip(type, 0, inList: false);

    /// <summary>Passes over a text.</summary>
    /// <returns>Its bytes.</returns>
    public long SkipText()
    {
        var length = Counted(Unsigned());
        Seek(Position + length);
        return length;
    }

    /// <summary>The bytes of a text, if it has no more than so many; else its beginning.</summary>
    public byte[] Text(int most)
    {
        var length = Counted(Unsigned());
        var text = new byte[Math.Min(length, most)];
        for (var at = 0; at < text.Length; at++) text[at] = Byte();
        Seek(Position + length - text.Length);
        return text;
    }

    void Skip(CompactType type, int depth, bool inList)
    {
        if (depth > Deepest) throw Broken("is nested too deeply");
        switch (type)
        {
            case CompactType.True or CompactType.False when !inList: break;
            case CompactType.True or CompactType.False or CompactType.Byte: Byte(); break;
            case CompactType.Int16 or CompactType.Int32 or CompactType.Int64: Number(); break;
            case CompactType.Double: Seek(Position + sizeof(double)); break;
            case CompactType.Binary: SkipText(); break;
            case CompactType.List or CompactType.Set:
                for (var left = List(type, out var elements); left > 0; left--) Skip(elements, depth + 1, inList: true);
                break;
            case CompactType.Map: SkipMap(depth); break;
            case CompactType.Struct:
                for (var field = 0; Next(ref field, out var inner);) Skip(inner, depth + 1, inList: false);
                break;
            default: throw Broken("has a value of no type");
        }
    }

    void SkipMap(int depth)
    {
        var left = Counted(Unsigned());
        if (left == 0) return;
        var types = Byte();
        for (; left > 0; left--)
        {
            Skip(Type(types >> 4), depth + 1, inList: true);
            Skip(Type(types & 0x0F), depth + 1, inList: true);
        }
    }

    byte Byte()
    {
        if (_at == _held) Fill();
        return _buffer[_at++];
    }

    void Fill()
    {
        (_bufferStart, _at, _held) = (Position, 0, 0);
        _file.Seek(_bufferStart, SeekOrigin.Begin);
        _held = _file.Read(_buffer, 0, (int)Math.Min(_buffer.Length, _end - _bufferStart));
        if (_held == 0) throw Broken("breaks off");
    }

    ulong Unsigned()
    {
        var number = 0UL;
        for (var at = 0; at < LongestNumber; at++)
        {
            var part = Byte();
            number |= (ulong)(part & 0x7F) << (7 * at);
            if (part < 0x80) return number;
        }

        throw Broken("has a number without an end");
    }

    long Number() => Unsigned() is var folded ? (long)(folded >> 1) ^ -(long)(folded & 1) : 0;

    /// <summary>What is counted takes at least a byte each.</summary>
    int Counted(ulong count) => count <= (ulong)(_end - Position) && count <= int.MaxValue ? (int)count : throw Broken("says that something is larger than all that is left of it");

    static CompactType Type(int code) => code <= (int)CompactType.Struct ? (CompactType)code : throw Broken("has a value of no type");

    static InvalidDataException Broken(string what) => new(what);
}
