using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Apache.Arrow;
using Apache.Arrow.Types;
using Exchange.Contracts.Rows;
using Column = Exchange.Contracts.Rows.Column;

namespace Exchange.Bus.Log;

/// <summary>Columns as Arrow arrays: text and binary data are wrapped as they lie, the rest is copied buffer by buffer, never value by value through a builder.</summary>
internal static class ArrowArrays
{
    public static IArrowType TypeOf(ItemType type) => type.Kind switch
    {
        ItemKind.String or ItemKind.Text => StringType.Default,
        ItemKind.Binary => BinaryType.Default,
        ItemKind.Int32 => Int32Type.Default,
        ItemKind.Int64 => Int64Type.Default,
        ItemKind.Decimal => new Decimal128Type(type.Precision, type.Scale),
        ItemKind.Double => DoubleType.Default,
        ItemKind.Boolean => BooleanType.Default,
        ItemKind.Date => Date32Type.Default,
        ItemKind.Timestamp => new TimestampType(TimeUnit.Microsecond, "UTC"),
        _ => throw new InvalidOperationException($"No Arrow type stands for {type}."),
    };

    /// <summary>The column as an array. Valid while the column is not changed.</summary>
    /// <exception cref="OverflowException">A value does not fit the column's item type.</exception>
    public static IArrowArray Of(Column column)
    {
        var validity = Validity(column, out var nulls);
        ArrowBuffer[] buffers = column switch
        {
            BytesColumn bytes => [validity, Copy(bytes.Offsets.Span), new ArrowBuffer(bytes.Data)],
            LongColumn numbers => [validity, Numbers(numbers)],
            DoubleColumn doubles => [validity, Doubles(doubles)],
            DecimalColumn decimals => [validity, Decimals(decimals)],
            _ => throw new InvalidOperationException($"Column '{column.Name}' has no Arrow form."),
        };
        return ArrowArrayFactory.BuildArray(new ArrayData(TypeOf(column.Type), column.Count, nulls, 0, buffers));
    }

    /// <summary>The operations as uint8.</summary>
    public static IArrowArray Of(IReadOnlyList<RowOperation> operations)
    {
        var values = new byte[operations.Count];
        for (var row = 0; row < values.Length; row++) values[row] = (byte)operations[row];
        return ArrowArrayFactory.BuildArray(new ArrayData(UInt8Type.Default, values.Length, 0, 0, [ArrowBuffer.Empty, new ArrowBuffer(values)]));
    }

    static ArrowBuffer Validity(Column column, out int nulls)
    {
        nulls = 0;
        if (!column.HasNulls) return ArrowBuffer.Empty;
        var bits = new byte[Bytes(column.Count)];
        for (var row = 0; row < column.Count; row++)
        {
            if (column.IsNull(row)) nulls++;
            else bits[row >> 3] |= (byte)(1 << (row & 7));
        }

        return new ArrowBuffer(bits);
    }

    static ArrowBuffer Numbers(LongColumn column) => column.Type.Kind switch
    {
        ItemKind.Boolean => Bits(column.Values),
        ItemKind.Int32 or ItemKind.Date => Narrow(column.Values),
        _ => Copy(column.Values),
    };

    static ArrowBuffer Bits(ReadOnlySpan<long> values)
    {
        var bits = new byte[Bytes(values.Length)];
        for (var row = 0; row < values.Length; row++)
            if (values[row] != 0) bits[row >> 3] |= (byte)(1 << (row & 7));
        return new ArrowBuffer(bits);
    }

    static ArrowBuffer Narrow(ReadOnlySpan<long> values)
    {
        var bytes = new byte[values.Length * sizeof(int)];
        for (var row = 0; row < values.Length; row++) BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(row * sizeof(int)), checked((int)values[row]));
        return new ArrowBuffer(bytes);
    }

    static ArrowBuffer Doubles(DoubleColumn column)
    {
        var bytes = new byte[column.Count * sizeof(double)];
        for (var row = 0; row < column.Count; row++) BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(row * sizeof(double)), column[row]);
        return new ArrowBuffer(bytes);
    }

    static ArrowBuffer Decimals(DecimalColumn column)
    {
        var form = new Decimal128(column.Type.Precision, column.Type.Scale);
        var bytes = new byte[column.Count * Decimal128.Width];
        for (var row = 0; row < column.Count; row++)
            if (!column.IsNull(row)) form.Write(column[row], bytes.AsSpan(row * Decimal128.Width, Decimal128.Width));
        return new ArrowBuffer(bytes);
    }

    static ArrowBuffer Copy<T>(ReadOnlySpan<T> values) where T : unmanaged => new(MemoryMarshal.AsBytes(values).ToArray());

    static int Bytes(int bits) => (bits + 7) >> 3;
}
