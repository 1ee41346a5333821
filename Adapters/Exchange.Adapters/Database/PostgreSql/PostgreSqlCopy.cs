using System.Buffers;
using System.Buffers.Binary;
using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.Rows;
using Npgsql;

namespace Exchange.Adapters.Database.PostgreSql;

/// <summary>
/// Sends rows by COPY in PostgreSQL's binary form, encoded here from the columns' own memory: text goes from batch to socket without a string
/// between. The server either takes all rows or none.
/// </summary>
internal static class PostgreSqlCopy
{
    const int Chunk = 1 << 16;
    const int DaysTo2000 = 10_957; // the engine counts dates and instants from 2000-01-01
    const long MicrosecondsTo2000 = DaysTo2000 * Temporal.DayMicroseconds;

    /// <summary>Signature, no flags, no header extension: the file format of COPY … (FORMAT BINARY).</summary>
    static ReadOnlySpan<byte> Header => [(byte)'P', (byte)'G', (byte)'C', (byte)'O', (byte)'P', (byte)'Y', (byte)'\n', 0xFF, (byte)'\r', (byte)'\n', 0, 0, 0, 0, 0, 0, 0, 0, 0];

    /// <param name="connection">Within its transaction.</param>
    /// <param name="into">Table and column list.</param>
    /// <param name="rows">What is sent.</param>
    /// <param name="zones">For each column the zone whose local time it keeps, or null.</param>
    /// <param name="trailer">Bytes of further fields that follow each row's own, and how many fields they are.</param>
    /// <param name="cancel">Stops; nothing stays.</param>
    public static async Task SendAsync(NpgsqlConnection connection, string into, RowSelection rows, IReadOnlyList<TimeZoneInfo?> zones, (byte[] Bytes, int Fields) trailer, CancellationToken cancel)
    {
        var fields = new Field[rows.Ordinals.Count];
        for (var at = 0; at < fields.Length; at++) fields[at] = new Field(rows.Batch.Columns[rows.Ordinals[at]], zones[at]);
        var buffer = new ArrayBufferWriter<byte>(Chunk + 4096);
        buffer.Write(Header);
        await using var stream = await connection.BeginRawBinaryCopyAsync($"COPY {into} FROM STDIN (FORMAT BINARY)", cancel);
        try
        {
            foreach (var row in rows.Rows)
            {
                Row(buffer, fields, row, trailer);
                if (buffer.WrittenCount < Chunk) continue;
                await stream.WriteAsync(buffer.WrittenMemory, cancel);
                buffer.ResetWrittenCount();
            }

            BinaryPrimitives.WriteInt16BigEndian(buffer.GetSpan(sizeof(short)), -1);
            buffer.Advance(sizeof(short));
            await stream.WriteAsync(buffer.WrittenMemory, cancel);
        }
        catch
        {
            await AbandonAsync(stream);
            throw;
        }
    }

    /// <summary>A boolean field that is false and a null one: a row without tombstone.</summary>
    public static (byte[] Bytes, int Fields) NoTombstone { get; } = ([0, 0, 0, 1, 0, 0xFF, 0xFF, 0xFF, 0xFF], 2);

    /// <summary>Disposing would complete the COPY with the rows sent so far.</summary>
    static async Task AbandonAsync(NpgsqlRawCopyStream stream)
    {
        try
        {
            await stream.CancelAsync();
        }
        catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException or IOException or ObjectDisposedException)
        {
            // The server ended the COPY itself; the first fault tells more.
        }
    }

    /// <summary>A column that is sent.</summary>
    /// <param name="column">Its values.</param>
    /// <param name="zone">The zone whose local time the target keeps, or null.</param>
    sealed class Field(Column column, TimeZoneInfo? zone)
    {
        /// <summary>Length and longest value of all kinds but text and binary: a numeric of 28 digits.</summary>
        const int MostBytes = 48;

        readonly BytesColumn? _bytes = column as BytesColumn;

        /// <summary>Room that the row's value needs at most, its length included.</summary>
        public int Room(int row) => _bytes is null ? MostBytes : sizeof(int) + _bytes[row].Length;

        /// <summary>Writes length and value; answers how many bytes.</summary>
        public int Write(Span<byte> target, int row)
        {
            if (column.IsNull(row))
            {
                BinaryPrimitives.WriteInt32BigEndian(target, -1);
                return sizeof(int);
            }

            var value = target[sizeof(int)..];
            var length = column switch
            {
                BytesColumn bytes => Bytes(value, bytes[row]),
                LongColumn number => Number(value, column.Type.Kind, number[row], zone),
                DoubleColumn number => Int64(value, BitConverter.DoubleToInt64Bits(number[row])),
                DecimalColumn number => Numeric(value, number[row], column.Type.Scale),
                _ => throw new InvalidOperationException($"A column of {column.Type} has no binary form."),
            };
            BinaryPrimitives.WriteInt32BigEndian(target, length);
            return sizeof(int) + length;
        }
    }

    static void Row(ArrayBufferWriter<byte> buffer, Field[] fields, int row, (byte[] Bytes, int Fields) trailer)
    {
        var room = sizeof(short) + trailer.Bytes.Length;
        foreach (var field in fields) room += field.Room(row);
        var target = buffer.GetSpan(room);
        BinaryPrimitives.WriteInt16BigEndian(target, checked((short)(fields.Length + trailer.Fields)));
        var at = sizeof(short);
        foreach (var field in fields) at += field.Write(target[at..], row);
        trailer.Bytes.CopyTo(target[at..]);
        buffer.Advance(at + trailer.Bytes.Length);
    }

    static int Number(Span<byte> target, ItemKind kind, long value, TimeZoneInfo? zone)
    {
        switch (kind)
        {
            case ItemKind.Boolean:
                target[0] = (byte)value;
                return 1;
            case ItemKind.Int32 or ItemKind.Date:
                BinaryPrimitives.WriteInt32BigEndian(target, checked((int)(kind == ItemKind.Date ? value - DaysTo2000 : value)));
                return sizeof(int);
            case ItemKind.Timestamp:
                return Int64(target, (zone is null ? value : (LocalTime.From(value, zone).Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond) - MicrosecondsTo2000);
            default:
                return Int64(target, value);
        }
    }

    /// <summary>
    /// numeric: groups of four decimal digits, most significant first; weight is the first group's power of 10,000. Shown with the type's digits after the point, however many
    /// the value carries: 1.5 and 1.50 must not stand differently in a column without a scale.
    /// </summary>
    static int Numeric(Span<byte> target, decimal value, int shown)
    {
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value, parts);
        var magnitude = new UInt128((uint)parts[2], ((ulong)(uint)parts[1] << 32) | (uint)parts[0]);
        var scale = value.Scale;
        for (var digit = scale; digit % 4 != 0; digit++) magnitude *= 10; // whole groups after the point
        Span<short> groups = stackalloc short[12];
        var count = 0;
        for (; magnitude > ulong.MaxValue; magnitude /= 10_000) groups[count++] = (short)(magnitude % 10_000);
        for (var small = (ulong)magnitude; small != 0; small /= 10_000) groups[count++] = (short)(small % 10_000);
        var last = 0;
        while (last < count && groups[last] == 0) last++;
        BinaryPrimitives.WriteInt16BigEndian(target, (short)(count - last));
        BinaryPrimitives.WriteInt16BigEndian(target[2..], (short)(count == 0 ? 0 : count - 1 - ((scale + 3) / 4)));
        BinaryPrimitives.WriteInt16BigEndian(target[4..], (short)(value < 0 ? 0x4000 : 0));
        BinaryPrimitives.WriteInt16BigEndian(target[6..], (short)shown);
        var length = 8;
        for (var at = count - 1; at >= last; at--, length += 2) BinaryPrimitives.WriteInt16BigEndian(target[length..], groups[at]);
        return length;
    }

    static int Bytes(Span<byte> target, ReadOnlySpan<byte> value)
    {
        value.CopyTo(target);
        return value.Length;
    }

    static int Int64(Span<byte> target, long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(target, value);
        return sizeof(long);
    }
}
