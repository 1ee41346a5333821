using System.Numerics;
using Exchange.Contracts.Files;
using Exchange.Contracts.Rows;
using ParquetSharp;

namespace Exchange.Adapters.Files.Parquet;

/// <summary>The columns of a Parquet file by its schema. A column that holds no single value in each row refuses the file.</summary>
internal static class ParquetSchema
{
    static readonly ItemType Text = new(ItemKind.Text), Whole = new(ItemKind.Int64), Timestamp = new(ItemKind.Timestamp);

    /// <summary>Digits of the greatest number of 64 bits without a sign.</summary>
    const int UnsignedDigits = 20;

    public static List<ParquetColumn> Read(string file, SchemaDescriptor schema)
    {
        var columns = new List<ParquetColumn>();
        var refused = new List<string>();
        for (var at = 0; at < schema.NumColumns; at++)
        {
            var descriptor = schema.Column(at);
            using var path = descriptor.Path;
            var name = path.ToDotString();
            if (descriptor.MaxRepetitionLevel > 0 || descriptor.MaxDefinitionLevel > 1 || path.ToDotVector().Length > 1) refused.Add($"'{name}' is nested");
            else if (Column(descriptor) is { } column) columns.Add(column);
            else refused.Add($"'{name}' is of the type {descriptor.PhysicalType} that the hub has no value for");
        }

        return refused.Count == 0 ? columns : throw new FileFormException($"{file}: the column {string.Join(", the column ", refused)}.",
            "Write the file anew with one plain value a column: flatten structures, give lists a file of their own, leave away what is no item. Nothing was changed.");
    }

    static ParquetColumn? Column(ColumnDescriptor descriptor)
    {
        using var logical = descriptor.LogicalType;
        return descriptor.PhysicalType switch
        {
            PhysicalType.Boolean => new ParquetColumn<bool>(descriptor.Name, new(ItemKind.Boolean), Nullable(descriptor), (page, at, value) => page.Add(at, value ? 1L : 0L)),
            PhysicalType.Int32 => OfInt32(descriptor, logical),
            PhysicalType.Int64 => OfInt64(descriptor, logical),
            PhysicalType.Int96 => new ParquetColumn<Int96>(descriptor.Name, Timestamp, Nullable(descriptor), ParquetValues.Old),
            // The shortest text of a float is what was meant; as a double 0.1f would have digits that nobody wrote.
            PhysicalType.Float => new ParquetColumn<float>(descriptor.Name, new(ItemKind.Double), Nullable(descriptor),
                (page, at, value) => page.Add(at, float.IsFinite(value) ? double.Parse(value.ToString("R", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture) : value)),
            PhysicalType.Double => new ParquetColumn<double>(descriptor.Name, new(ItemKind.Double), Nullable(descriptor), (page, at, value) => page.Add(at, value)),
            PhysicalType.ByteArray => OfBytes<ByteArray>(descriptor, logical, value => ParquetValues.Copy(value.Pointer, value.Length)),
            PhysicalType.FixedLenByteArray => OfFixed(descriptor, logical),
            _ => null,
        };
    }

    static bool Nullable(ColumnDescriptor descriptor) => descriptor.MaxDefinitionLevel > 0;

    static ItemType DecimalType(int precision, int scale)
    {
        var digits = Math.Clamp(precision, 1, ItemType.LargestPrecision);
        return ItemType.Decimal(digits, Math.Clamp(scale, 0, digits));
    }

    static ParquetColumn<int>? OfInt32(ColumnDescriptor descriptor, LogicalType logical)
    {
        ParquetColumn<int> Of(ItemType type, ParquetCell<int> cell) => new(descriptor.Name, type, Nullable(descriptor), cell);
        switch (logical)
        {
            case DateLogicalType: return Of(new(ItemKind.Date), ParquetValues.Date);
            case DecimalLogicalType { Scale: var scale } money: return Of(DecimalType(money.Precision, scale), (page, at, value) => ParquetValues.Decimal(page, at, value, scale));
            case TimeLogicalType { TimeUnit: var unit }: return Of(Text, (page, at, value) => ParquetValues.Time(page, at, value, unit, ParquetTime.OfDay));
            case IntLogicalType { IsSigned: false }: return Of(Whole, (page, at, value) => page.Add(at, (long)(uint)value));
            case IntLogicalType or NoneLogicalType or NullLogicalType: return Of(Whole, (page, at, value) => page.Add(at, (long)value));
            default: return null;
        }
    }

    static ParquetColumn<long>? OfInt64(ColumnDescriptor descriptor, LogicalType logical)
    {
        ParquetColumn<long> Of(ItemType type, ParquetCell<long> cell) => new(descriptor.Name, type, Nullable(descriptor), cell);
        switch (logical)
        {
            case TimestampLogicalType { TimeUnit: var unit, IsAdjustedToUtc: var utc }:
                return Of(utc ? Timestamp : Text, (page, at, value) => ParquetValues.Time(page, at, value, unit, utc ? ParquetTime.Instant : ParquetTime.Local));
            case TimeLogicalType { TimeUnit: var unit }: return Of(Text, (page, at, value) => ParquetValues.Time(page, at, value, unit, ParquetTime.OfDay));
            case DecimalLogicalType { Scale: var scale } money: return Of(DecimalType(money.Precision, scale), (page, at, value) => ParquetValues.Decimal(page, at, value, scale));
            case IntLogicalType { IsSigned: false }: return Of(ItemType.Decimal(UnsignedDigits, 0), (page, at, value) => page.Add(at, (decimal)(ulong)value));
            case IntLogicalType or NoneLogicalType or NullLogicalType: return Of(Whole, (page, at, value) => page.Add(at, value));
            default: return null;
        }
    }

    static ParquetColumn<FixedLenByteArray>? OfFixed(ColumnDescriptor descriptor, LogicalType logical)
    {
        var length = descriptor.TypeLength;
        if (logical is IntervalLogicalType) return null;
        if (logical is UuidLogicalType)
            return new ParquetColumn<FixedLenByteArray>(descriptor.Name, Text, Nullable(descriptor), (page, at, value) => page.Add(at, new Guid(ParquetValues.Copy(value.Pointer, length), bigEndian: true).ToString("D")));
        if (logical is Float16LogicalType)
            return new ParquetColumn<FixedLenByteArray>(descriptor.Name, new(ItemKind.Double), Nullable(descriptor), (page, at, value) => page.Add(at, (double)BitConverter.ToHalf(ParquetValues.Copy(value.Pointer, length))));
        return OfBytes<FixedLenByteArray>(descriptor, logical, value => ParquetValues.Copy(value.Pointer, length));
    }

    static ParquetColumn<T>? OfBytes<T>(ColumnDescriptor descriptor, LogicalType logical, Func<T, byte[]> bytes) where T : unmanaged, IEquatable<T>
    {
        ParquetColumn<T> Of(ItemType type, ParquetCell<T> cell) => new(descriptor.Name, type, Nullable(descriptor), cell);
        switch (logical)
        {
            case StringLogicalType or EnumLogicalType or JsonLogicalType: return Of(Text, (page, at, value) => ParquetValues.Text(page, at, bytes(value)));
            case DecimalLogicalType { Scale: var scale } money: return Of(DecimalType(money.Precision, scale), (page, at, value) => ParquetValues.Decimal(page, at, new BigInteger(bytes(value), isUnsigned: false, isBigEndian: true), scale));
            case NoneLogicalType or NullLogicalType or BsonLogicalType: return Of(new(ItemKind.Binary), (page, at, value) => page.AddBytes(at, bytes(value)));
            default: return null;
        }
    }
}
