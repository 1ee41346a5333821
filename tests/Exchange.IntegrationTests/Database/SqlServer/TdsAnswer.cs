using System.Buffers;
using System.Buffers.Binary;
using System.Data.SqlTypes;
using System.Text;

namespace Exchange.IntegrationTests.Database.SqlServer;

/// <summary>A column of an answer: its name and its type as T-SQL spells it.</summary>
internal sealed record TdsColumn(string Name, string Type);

/// <summary>The tokens of an answer (MS-TDS, 2.2.7), put together one after the other.</summary>
internal sealed class TdsAnswer
{
    const ushort Final = 0, Erroneous = 2, Counted = 0x10, More = 1, WasStopped = 0x20;
    const byte Descriptor = 8;

    readonly ArrayBufferWriter<byte> _tokens = new();
    bool _failed;

    public byte[] Bytes => _tokens.WrittenSpan.ToArray();

    public bool Waits { get; private init; }

    public bool Cuts { get; private init; }

    /// <summary>Never answers by itself.</summary>
    public static TdsAnswer Waiting => new() { Waits = true };

    /// <summary>The connection is cut instead of an answer.</summary>
    public static TdsAnswer Cut => new() { Cuts = true };

    public TdsAnswer LoggedIn() => Token(0xE3, body => body.U8(7).U8(5).Raw(TdsBytes.Collation).U8(0)).Token(0xAD, body => body.U8(1).Raw([0x74, 0, 0, 4]).Name("Microsoft SQL Server").Raw([15, 0, 7, 0xD0]));

    /// <summary>A result set; more may follow.</summary>
    public TdsAnswer Rows(IReadOnlyList<TdsColumn> columns, params IEnumerable<object?[]> rows)
    {
        var body = new TdsBytes(_tokens).U8(0x81).U16((ushort)columns.Count);
        foreach (var column in columns) body.U32(0).U16(1).Type(column.Type).Name(column.Name);
        var count = 0UL;
        foreach (var row in rows)
        {
            body.U8(0xD1);
            for (var at = 0; at < row.Length; at++) body.Value(columns[at].Type, row[at]);
            count++;
        }

        body.U8(0xFD).U16(Counted | More).U16(0xC1).U64(count);
        return this;
    }

    public TdsAnswer Value(string type, object? value) => Rows([new TdsColumn("", type)], [value]);

    public TdsAnswer Error(int number, byte severity = 16, string message = "refused")
    {
        _failed = true;
        return Token(0xAA, body => body.U32((uint)number).U8(1).U8(severity).Text(message).Name("tds").Name("").U32(1));
    }

    public TdsAnswer Began() => Token(0xE3, body => body.U8(8).U8(Descriptor).U64(1).U8(0));

    public TdsAnswer Committed() => Token(0xE3, body => body.U8(9).U8(0).U8(Descriptor).U64(1));

    public TdsAnswer RolledBack() => Token(0xE3, body => body.U8(10).U8(0).U8(Descriptor).U64(1));

    /// <summary>An output parameter.</summary>
    public TdsAnswer Output(string name, long value)
    {
        new TdsBytes(_tokens).U8(0xAC).U16(0).Name(name).U8(1).U32(0).U16(1).Type("bigint").Value("bigint", value);
        return this;
    }

    public TdsAnswer Done(long count = -1)
    {
        new TdsBytes(_tokens).U8(0xFD).U16((ushort)((_failed ? Erroneous : Final) | (count >= 0 ? Counted : 0))).U16(0xC3).U64((ulong)Math.Max(count, 0));
        return this;
    }

    public TdsAnswer Stopped()
    {
        new TdsBytes(_tokens).U8(0xFD).U16(WasStopped).U16(0).U64(0);
        return this;
    }

    TdsAnswer Token(byte token, Func<TdsBytes, TdsBytes> body)
    {
        var inside = new ArrayBufferWriter<byte>();
        body(new TdsBytes(inside));
        new TdsBytes(_tokens).U8(token).U16((ushort)inside.WrittenCount).Raw(inside.WrittenSpan);
        return this;
    }
}

/// <summary>The protocol's ways to write a number, a name, a type and a value.</summary>
internal readonly struct TdsBytes(ArrayBufferWriter<byte> to)
{
    public static ReadOnlySpan<byte> Collation => [9, 4, 0xD0, 0, 0x34];

    public TdsBytes Raw(ReadOnlySpan<byte> bytes)
    {
        to.Write(bytes);
        return this;
    }

    public TdsBytes U8(byte value) => Raw([value]);

    public TdsBytes U16(ushort value) => Raw(BitConverter.GetBytes(value));

    public TdsBytes U32(uint value) => Raw(BitConverter.GetBytes(value));

    public TdsBytes U64(ulong value) => Raw(BitConverter.GetBytes(value));

    public TdsBytes Name(string text) => U8((byte)text.Length).Raw(Encoding.Unicode.GetBytes(text));

    public TdsBytes Text(string text) => U16((ushort)text.Length).Raw(Encoding.Unicode.GetBytes(text));

    public TdsBytes Type(string type)
    {
        var (name, first, second) = Parts(type);
        return name switch
        {
            "tinyint" => U8(0x26).U8(1),
            "smallint" => U8(0x26).U8(2),
            "int" => U8(0x26).U8(4),
            "bigint" => U8(0x26).U8(8),
            "bit" => U8(0x68).U8(1),
            "real" => U8(0x6D).U8(4),
            "float" => U8(0x6D).U8(8),
            "money" => U8(0x6E).U8(8),
            "datetime" => U8(0x6F).U8(8),
            "smalldatetime" => U8(0x6F).U8(4),
            "decimal" or "numeric" => U8((byte)(name == "decimal" ? 0x6A : 0x6C)).U8(17).U8((byte)first).U8((byte)second),
            "date" => U8(0x28),
            "datetime2" => U8(0x2A).U8((byte)first),
            "datetimeoffset" => U8(0x2B).U8((byte)first),
            "uniqueidentifier" => U8(0x24).U8(16),
            "nvarchar" => U8(0xE7).U16(first < 0 ? ushort.MaxValue : (ushort)(first * 2)).Raw(Collation),
            "varchar" => U8(0xA7).U16(first < 0 ? ushort.MaxValue : (ushort)first).Raw(Collation),
            "varbinary" => U8(0xA5).U16(first < 0 ? ushort.MaxValue : (ushort)first),
            _ => throw new ArgumentException($"No type {type} here.", nameof(type)),
        };
    }

    public TdsBytes Value(string type, object? value)
    {
        var (name, first, _) = Parts(type);
        if (name is "nvarchar" or "varchar" or "varbinary")
        {
            var bytes = value switch { null => null, byte[] raw => raw, string text when name == "nvarchar" => Encoding.Unicode.GetBytes(text), _ => Encoding.Latin1.GetBytes((string)value) };
            if (first >= 0) return bytes is null ? U16(ushort.MaxValue) : U16((ushort)bytes.Length).Raw(bytes);
            return bytes is null ? U64(ulong.MaxValue) : Chunks(bytes);
        }

        return value is null ? U8(0) : Fixed(name, first, value);
    }

    TdsBytes Chunks(byte[] bytes)
    {
        U64((ulong)bytes.Length);
        if (bytes.Length > 0) U32((uint)bytes.Length).Raw(bytes);
        return U32(0);
    }

    TdsBytes Fixed(string name, int scale, object value)
    {
        switch (value)
        {
            case bool flag: return U8(1).U8(flag ? (byte)1 : (byte)0);
            case Guid guid: return U8(16).Raw(guid.ToByteArray());
            case float number: return U8(4).Raw(BitConverter.GetBytes(number));
            case double number: return U8(8).Raw(BitConverter.GetBytes(number));
            case decimal number when name == "money":
                var money = (long)(number * 10_000);
                return U8(8).U32((uint)(money >> 32)).U32((uint)money);
            case decimal number:
                var bits = new SqlDecimal(number);
                return U8(17).U8(bits.IsPositive ? (byte)1 : (byte)0).Raw(System.Runtime.InteropServices.MemoryMarshal.AsBytes(bits.Data.AsSpan()));
            case DateTime date when name == "date": return U8(3).Days(date);
            case DateTime at when name == "datetime":
                var sql = new SqlDateTime(at);
                return U8(8).U32((uint)sql.DayTicks).U32((uint)sql.TimeTicks);
            case DateTime at when name == "smalldatetime": return U8(4).U16((ushort)(at.Date - new DateTime(1900, 1, 1)).Days).U16((ushort)at.TimeOfDay.TotalMinutes);
            case DateTime at: return U8(8).Clock(at).Days(at);
            case DateTimeOffset at: return U8(10).Clock(at.UtcDateTime).Days(at.UtcDateTime).U16((ushort)(short)at.Offset.TotalMinutes);
            default:
                var whole = BitConverter.GetBytes(Convert.ToInt64(value, null));
                var size = name switch { "tinyint" => 1, "smallint" => 2, "int" => 4, _ => 8 };
                return U8((byte)size).Raw(whole.AsSpan(0, size));
        }
    }

    /// <summary>Only the seven digits of scale 6 and 7 are used here, in five bytes.</summary>
    TdsBytes Clock(DateTime at) => Raw(BitConverter.GetBytes(at.TimeOfDay.Ticks).AsSpan(0, 5));

    TdsBytes Days(DateTime at)
    {
        Span<byte> days = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(days, (int)(at.Ticks / TimeSpan.TicksPerDay));
        return Raw(days[..3]);
    }

    static (string Name, int First, int Second) Parts(string type)
    {
        var open = type.IndexOf('(', StringComparison.Ordinal);
        if (open < 0) return (type, 0, 0);
        var numbers = type[(open + 1)..^1].Split(',').Select(number => number == "max" ? -1 : int.Parse(number, System.Globalization.CultureInfo.InvariantCulture)).ToList();
        return (type[..open], numbers[0], numbers.ElementAtOrDefault(1));
    }
}
