using Apache.Arrow;
using Exchange.Contracts.Rows;
using Column = Exchange.Contracts.Rows.Column;

namespace Exchange.Bus.Log;

/// <summary>Arrow arrays as columns, buffer by buffer: the way back from <see cref="ArrowArrays"/>.</summary>
internal static class ArrowColumns
{
    /// <summary>A column of its own with the array's values; the array may be disposed afterwards.</summary>
    /// <exception cref="InvalidDataException">The array is not of the Arrow type that stands for the item type, or its offsets are damaged.</exception>
    public static Column Of(string name, ItemType type, IArrowArray array)
    {
        if (array.Data.Offset != 0) throw new InvalidDataException($"Column '{name}' is a slice.");
        var nulls = Nulls(array);
        return (type.Kind, array) switch
        {
            (ItemKind.String or ItemKind.Text, StringArray source) => Bytes(name, type, source, nulls),
            (ItemKind.Binary, BinaryArray source) => Bytes(name, type, source, nulls),
            (ItemKind.Decimal, Decimal128Array source) => Decimals(name, type, source, nulls),
            (ItemKind.Double, DoubleArray source) => new DoubleColumn(name, type, Copy(source.Values), nulls),
            (ItemKind.Int32, Int32Array source) => new LongColumn(name, type, Widen(source.Values), nulls),
            (ItemKind.Date, Date32Array source) => new LongColumn(name, type, Widen(source.Values), nulls),
            (ItemKind.Int64, Int64Array source) => new LongColumn(name, type, Copy(source.Values), nulls),
            (ItemKind.Timestamp, TimestampArray source) => new LongColumn(name, type, Copy(source.Values), nulls),
            (ItemKind.Boolean, BooleanArray source) => new LongColumn(name, type, Flags(source), nulls),
            _ => throw new InvalidDataException($"Column '{name}' is {array.Data.DataType.Name} where {type} is declared."),
        };
    }

    /// <summary>Null where no value is null.</summary>
    static bool[]? Nulls(IArrowArray array)
    {
        if (array.NullCount == 0) return null;
        var valid = array.Data.Buffers[0].Span;
        var nulls = new bool[array.Length];
        for (var row = 0; row < nulls.Length; row++) nulls[row] = (valid[row >> 3] & (1 << (row & 7))) == 0;
        return nulls;
    }

    static BytesColumn Bytes(string name, ItemType type, BinaryArray source, bool[]? nulls)
    {
        var offsets = source.Length == 0 ? [0] : Copy(source.ValueOffsets[..(source.Length + 1)]);
        var data = source.ValueBuffer.Span;
        if (offsets[0] != 0 || offsets[^1] > data.Length) throw new InvalidDataException($"Column '{name}' has offsets outside its data.");
        for (var row = 1; row < offsets.Length; row++)
            if (offsets[row] < offsets[row - 1]) throw new InvalidDataException($"Column '{name}' has offsets that fall.");
        return new BytesColumn(name, type, offsets, Copy(data[..offsets[^1]]), nulls);
    }

    static DecimalColumn Decimals(string name, ItemType type, Decimal128Array source, bool[]? nulls)
    {
        var form = new Decimal128(type.Precision, type.Scale);
        var bytes = source.ValueBuffer.Span;
        var values = new decimal[source.Length];
        for (var row = 0; row < values.Length; row++)
            if (nulls is null || !nulls[row]) values[row] = form.Read(bytes.Slice(row * Decimal128.Width, Decimal128.Width));
        return new DecimalColumn(name, type, values, nulls);
    }

    static long[] Flags(BooleanArray source)
    {
        var bits = source.ValueBuffer.Span;
        var values = new long[source.Length];
        for (var row = 0; row < values.Length; row++) values[row] = (bits[row >> 3] >> (row & 7)) & 1;
        return values;
    }

    static long[] Widen(ReadOnlySpan<int> source)
    {
        var values = GC.AllocateUninitializedArray<long>(source.Length);
        for (var row = 0; row < values.Length; row++) values[row] = source[row];
        return values;
    }

    static T[] Copy<T>(ReadOnlySpan<T> source) where T : unmanaged
    {
        var values = GC.AllocateUninitializedArray<T>(source.Length);
        source.CopyTo(values);
        return values;
    }
}
