using System.Buffers;
using System.Globalization;
using System.Text;
using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.MySql;

/// <summary>Values as MariaDB reads them from text: of a parameter and of LOAD DATA.</summary>
internal static class MySqlText
{
    const string InstantFormat = "yyyy-MM-dd HH:mm:ss.ffffff";

    public static string Instant(long microseconds, TimeZoneInfo? zone) => LocalTime.From(microseconds, zone).ToString(InstantFormat, CultureInfo.InvariantCulture);

    /// <summary>The value of a row that is not null, binary as hexadecimal.</summary>
    public static string At(Column column, int row, TimeZoneInfo? zone) => column switch
    {
        LongColumn { Type.Kind: ItemKind.Timestamp } instant => Instant(instant[row], zone),
        LongColumn { Type.Kind: ItemKind.Boolean } flag => flag[row] == 0 ? "0" : "1",
        _ => column.TextAt(row)!,
    };

    /// <summary>Rows for LOAD DATA: fields end with a tab, lines with a line feed, a backslash escapes.</summary>
    public static ArrayBufferWriter<byte> Lines(RowSelection rows, IReadOnlyList<TimeZoneInfo?> zones, CancellationToken cancel)
    {
        var buffer = new ArrayBufferWriter<byte>(1 << 16);
        foreach (var row in rows.Rows)
        {
            cancel.ThrowIfCancellationRequested();
            for (var at = 0; at < rows.Ordinals.Count; at++)
            {
                if (at > 0) buffer.Write("\t"u8);
                Field(buffer, rows.Batch.Columns[rows.Ordinals[at]], row, zones[at]);
            }

            buffer.Write("\n"u8);
        }

        return buffer;
    }

    static void Field(ArrayBufferWriter<byte> buffer, Column column, int row, TimeZoneInfo? zone)
    {
        if (column.IsNull(row)) buffer.Write("\\N"u8);
        else if (column is BytesColumn text && column.Type.Kind != ItemKind.Binary) Escaped(buffer, text[row]);
        else if (column is LongColumn { Type.Kind: ItemKind.Int32 or ItemKind.Int64 } number) Number(buffer, number[row]);
        else Encoding.ASCII.GetBytes(At(column, row, zone), buffer);
    }

    static void Number(ArrayBufferWriter<byte> buffer, long value)
    {
        value.TryFormat(buffer.GetSpan(20), out var written, provider: CultureInfo.InvariantCulture);
        buffer.Advance(written);
    }

    /// <summary>In UTF-8 no byte of a longer character looks like one of these.</summary>
    static void Escaped(ArrayBufferWriter<byte> buffer, ReadOnlySpan<byte> text)
    {
        for (int special; (special = text.IndexOfAny((byte)'\\', (byte)'\t', (byte)'\n')) >= 0; text = text[(special + 1)..])
        {
            buffer.Write(text[..special]);
            buffer.Write(text[special] switch { (byte)'\t' => "\\t"u8, (byte)'\n' => "\\n"u8, _ => "\\\\"u8 });
        }

        buffer.Write(text);
    }
}
