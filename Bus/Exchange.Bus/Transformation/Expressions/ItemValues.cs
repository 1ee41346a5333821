using Exchange.Contracts.Rows;

namespace Exchange.Bus.Transformation.Expressions;

/// <summary>Items as values: a batch's column by its place, read in its physical form. A missing column is null.</summary>
internal static class ItemValues
{
    public static Func<Binding, Evaluator> Build(string name, ItemType type) => binding =>
    {
        var at = binding.Batch.Ordinal(name);
        var kind = Kinds.Of(type);
        if (at < 0) return CodeGenerator.Null(kind)(binding);
        var column = binding.Batch.Columns[at];
        if (Kinds.Of(column.Type) != kind)
            throw new InvalidOperationException($"Column '{name}' of the batch is {column.Type} where the expression was compiled for {type}; the batch must be brought to the items' types first.");
        return kind switch
        {
            Kind.Boolean => new FlagItem((LongColumn)column),
            Kind.Decimal => new DecimalItem((DecimalColumn)column),
            Kind.Double => new DoubleItem((DoubleColumn)column),
            Kind.Text or Kind.Binary => new BytesItem((BytesColumn)column),
            _ => new LongItem((LongColumn)column),
        };
    };

    sealed class FlagItem(LongColumn column) : Value<bool>
    {
        public override bool TryGet(int row, out bool value)
        {
            value = column[row] != 0;
            return !column.IsNull(row);
        }
    }

    sealed class LongItem(LongColumn column) : Value<long>
    {
        public override bool TryGet(int row, out long value)
        {
            value = column[row];
            return !column.IsNull(row);
        }
    }

    sealed class DecimalItem(DecimalColumn column) : Value<decimal>
    {
        public override bool TryGet(int row, out decimal value)
        {
            value = column[row];
            return !column.IsNull(row);
        }
    }

    sealed class DoubleItem(DoubleColumn column) : Value<double>
    {
        public override bool TryGet(int row, out double value)
        {
            value = column[row];
            return !column.IsNull(row);
        }
    }

    sealed class BytesItem(BytesColumn column) : Value<ReadOnlySpan<byte>>
    {
        public override bool TryGet(int row, out ReadOnlySpan<byte> value)
        {
            value = column[row];
            return !column.IsNull(row);
        }
    }
}
