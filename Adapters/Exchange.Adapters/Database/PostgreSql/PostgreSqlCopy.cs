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
        var buffer = new ArrayBufferWriter<byte>(Chunk + 4096);
        buffer.Write(Header);
        await using var stream = await connection.BeginRawBinaryCopyAsync($"COPY {into} FROM STDIN (FORMAT BINARY)", cancel);
        try
        {
            foreach (var row in rows.Rows)
            {
                Int16(buffer, checked((short)(rows.Ordinals.Count + trailer.Fields)));
                for (var at = 0; at < rows.Ordinals.Count; at++) Field(buffer, rows.Batch.Columns[rows.Ordinals[at]], row, zones[at]);
                buffer.Write(trailer.Bytes);
                if (buffer.WrittenCount < Chunk) continue;
                await stream.WriteAsync(buffer.WrittenMemory, cancel);
                buffer.ResetWrittenCount();
            }

            Int16(buffer, -1);
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

    static void Field(ArrayBufferWriter<byte> buffer, Column column, int row, TimeZoneInfo? zone)
    {
        if (column.IsNull(row))
        {
            Int32(buffer, -1);
            return;
        }

        switch (column)
        {
            case BytesColumn bytes:
                Int32(buffer, bytes[row].Length);
                buffer.Write(bytes[row]);
                break;
            case LongColumn number: Number(buffer, column.Type.Kind, number[row], zone); break;
            case DoubleColumn number:
                Int32(buffer, 8);
                Int64(buffer, BitConverter.DoubleToInt64Bits(number[row]));
                break;
            case DecimalColumn number: Numeric(buffer, number[row], column.Type.Scale); break;
        }
    }

    static void Number(ArrayBufferWriter<byte> buffer, ItemKind kind, long value, TimeZoneInfo? zone)
    {
        switch (kind)
        {
            case ItemKind.Boolean:
                Int32(buffer, 1);
                buffer.Write([(byte)value]);
                break;
            case ItemKind.Int32 or ItemKind.Date:
                Int32(buffer, 4);
                Int32(buffer, checked((int)(kind == ItemKind.Date ? value - DaysTo2000 : value)));
                break;
            case ItemKind.Timestamp:
                Int32(buffer, 8);
                Int64(buffer, (zone is null ? value : (LocalTime.From(value, zone).Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond) - MicrosecondsTo2000);
                break;
            default:
                Int32(buffer, 8);
                Int64(buffer, value);
                break;
        }
    }

    /// <summary>
    /// numeric: groups of four decimal digits, most significant first; weight is the first group's power of 10,000. Shown with the type's digits after the point, however many
    /// the value carries: 1.5 and 1.50 must not stand differently in a column without a scale.
    /// </summary>
    static void Numeric(ArrayBufferWriter<byte> buffer, decimal value, int shown)
    {
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value, parts);
        var magnitude = new UInt128((uint)parts[2], ((ulong)(uint)parts[1] << 32) | (uint)parts[0]);
        var scale = value.Scale;
        for (var digit = scale; digit % 4 != 0; digit++) magnitude *= 10; // whole groups after the point
        Span<short> groups = stackalloc short[12];
        var count = 0;
        for (; magnitude != 0; magnitude /= 10_000) groups[count++] = (short)(magnitude % 10_000);
        var last = 0;
        while (last < count && groups[last] == 0) last++;
        Int32(buffer, 8 + ((count - last) * 2));
        Int16(buffer, (short)(count - last));
        Int16(buffer, (short)(count == 0 ? 0 : count - 1 - ((scale + 3) / 4)));
        Int16(buffer, (short)(value < 0 ? 0x4000 : 0));
        Int16(buffer, (short)shown);
        for (var at = count - 1; at >= last; at--) Int16(buffer, groups[at]);
    }

    static void Int16(ArrayBufferWriter<byte> buffer, short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(buffer.GetSpan(2), value);
        buffer.Advance(2);
    }

    static void Int32(ArrayBufferWriter<byte> buffer, int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(buffer.GetSpan(4), value);
        buffer.Advance(4);
    }

    static void Int64(ArrayBufferWriter<byte> buffer, long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(buffer.GetSpan(8), value);
        buffer.Advance(8);
    }
}
