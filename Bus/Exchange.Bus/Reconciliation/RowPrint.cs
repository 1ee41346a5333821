using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Reconciliation;

/// <summary>
/// Numbers that stand for keys and rows: XXH3 over the columns' canonical bytes, each value with its length before it, so that no two rows share bytes by where one value ends and the next
/// begins. Equal values have equal bytes whatever engine they came from. Not for hostile collisions: who can choose values to collide can as well write them equal.
/// </summary>
internal sealed class RowPrint
{
    readonly ArrayBufferWriter<byte> _bytes = new(1024);

    /// <summary>Of the row's values in those columns.</summary>
    public UInt128 Key(RowBatch rows, IReadOnlyList<int> columns, int row)
    {
        _bytes.ResetWrittenCount();
        foreach (var at in columns) Write(rows.Columns[at], row);
        return XxHash128.HashToUInt128(_bytes.WrittenSpan);
    }

    /// <summary>Of all the row's values.</summary>
    public ulong Row(RowBatch rows, int row)
    {
        _bytes.ResetWrittenCount();
        foreach (var column in rows.ColumnSpan) Write(column, row);
        return XxHash3.HashToUInt64(_bytes.WrittenSpan);
    }

    /// <summary>The range that a key lies in.</summary>
    public static int RangeOf(UInt128 key) => (int)(ulong)(key >> 64) & (RangeSums.Ranges - 1);

    void Write(Column column, int row)
    {
        if (column.IsNull(row))
        {
            Number(-1);
            return;
        }

        switch (column)
        {
            case LongColumn number:
                Number(sizeof(long));
                Number(number[row]);
                break;
            case DoubleColumn number:
                Number(sizeof(long));
                Number(BitConverter.DoubleToInt64Bits(number[row]));
                break;
            case BytesColumn bytes:
                Bytes(bytes[row]);
                break;
            case DecimalColumn number:
                Decimal(number[row]);
                break;
        }
    }

    /// <summary>1.50 and 1.5 are one number: the trailing zeros go by dividing through one of 28 digits.</summary>
    void Decimal(decimal value)
    {
        const decimal One = 1.0000000000000000000000000000M;
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value == 0 ? 0 : value / One, parts);
        Number(16);
        foreach (var part in parts) Number(part);
    }

    void Number(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.GetSpan(sizeof(long)), value);
        _bytes.Advance(sizeof(long));
    }

    void Bytes(ReadOnlySpan<byte> value)
    {
        Number(value.Length);
        _bytes.Write(value);
    }
}
