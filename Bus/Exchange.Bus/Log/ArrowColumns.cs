using Apache.Arrow;
using Exchange.Contracts.Rows;
using Column = Exchange.Contracts.Rows.Column;

namespace Exchange.Bus.Log;

/// <summary>Arrow arrays as columns: the way back from <see cref="ArrowArrays"/>.</summary>
internal static class ArrowColumns
{
    /// <summary>A column of its own with the array's values; the array may be disposed afterwards.</summary>
    /// <exception cref="InvalidDataException">The array is not of the Arrow type that stands for the item type.</exception>
    public static Column Of(string name, ItemType type, IArrowArray array)
    {
        var column = Column.Create(name, type, array.Length);
        switch (column, array)
        {
            case (BytesColumn target, StringArray source) when type.IsText: Fill(target, source); break;
            case (BytesColumn target, BinaryArray source) when type.Kind == ItemKind.Binary: Fill(target, source); break;
            case (DecimalColumn target, Decimal128Array source): Fill(target, source); break;
            case (DoubleColumn target, DoubleArray source): Fill(target, source); break;
            case (LongColumn target, Int32Array source) when type.Kind == ItemKind.Int32: Fill(target, source, source.Values); break;
            case (LongColumn target, Date32Array source) when type.Kind == ItemKind.Date: Fill(target, source, source.Values); break;
            case (LongColumn target, Int64Array source) when type.Kind == ItemKind.Int64: Fill(target, source, source.Values); break;
            case (LongColumn target, TimestampArray source) when type.Kind == ItemKind.Timestamp: Fill(target, source, source.Values); break;
            case (LongColumn target, BooleanArray source) when type.Kind == ItemKind.Boolean: Fill(target, source); break;
            default: throw new InvalidDataException($"Column '{name}' is {array.Data.DataType.Name} where {type} is declared.");
        }

        return column;
    }

    static void Fill(BytesColumn target, BinaryArray source)
    {
        var nullable = source.NullCount > 0;
        for (var row = 0; row < source.Length; row++)
        {
            if (nullable && source.IsNull(row)) target.AppendNull();
            else target.Append(source.GetBytes(row));
        }
    }

    static void Fill(LongColumn target, IArrowArray source, ReadOnlySpan<long> values)
    {
        var nullable = source.NullCount > 0;
        for (var row = 0; row < values.Length; row++)
        {
            if (nullable && source.IsNull(row)) target.AppendNull();
            else target.Append(values[row]);
        }
    }

    static void Fill(LongColumn target, IArrowArray source, ReadOnlySpan<int> values)
    {
        var nullable = source.NullCount > 0;
        for (var row = 0; row < values.Length; row++)
        {
            if (nullable && source.IsNull(row)) target.AppendNull();
            else target.Append((long)values[row]);
        }
    }

    static void Fill(LongColumn target, BooleanArray source)
    {
        for (var row = 0; row < source.Length; row++)
        {
            if (source.GetValue(row) is { } value) target.Append(value ? 1L : 0L);
            else target.AppendNull();
        }
    }

    static void Fill(DoubleColumn target, DoubleArray source)
    {
        var values = source.Values;
        for (var row = 0; row < values.Length; row++)
        {
            if (source.IsNull(row)) target.AppendNull();
            else target.Append(values[row]);
        }
    }

    static void Fill(DecimalColumn target, Decimal128Array source)
    {
        var form = new Decimal128(target.Type.Precision, target.Type.Scale);
        var values = source.ValueBuffer.Span;
        for (var row = 0; row < source.Length; row++)
        {
            if (source.IsNull(row)) target.AppendNull();
            else target.Append(form.Read(values.Slice(row * Decimal128.Width, Decimal128.Width)));
        }
    }
}
