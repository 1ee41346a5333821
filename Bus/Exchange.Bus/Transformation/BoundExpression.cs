using Exchange.Bus.Transformation.Conversion;
using Exchange.Bus.Transformation.Expressions;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Transformation;

/// <summary>An expression's evaluators over one batch.</summary>
internal sealed class BoundExpression(ItemType type, Evaluator evaluator, Fault fault) : IBoundExpression
{
    /// <summary>What could not be computed counts as null, inside the expression too: 1 / 0 == 1 or true is true.</summary>
    /// <exception cref="InvalidOperationException">The expression is no condition.</exception>
    public bool? Test(int row)
    {
        if (evaluator is not Value<bool> condition) throw new InvalidOperationException($"An expression of type {type} is no condition.");
        fault.Clear();
        return condition.TryGet(row, out var holds) ? holds : null;
    }

    public string? AppendTo(Column column, int row)
    {
        fault.Clear();
        var wrong = evaluator switch
        {
            Value<long> value => Append(value, (LongColumn)column, row),
            Value<bool> value => Append(value, (LongColumn)column, row),
            Value<decimal> value => Append(value, (DecimalColumn)column, row),
            Value<double> value => Append(value, (DoubleColumn)column, row),
            Value<ReadOnlySpan<byte>> value => Append(value, (BytesColumn)column, row),
            _ => throw new InvalidOperationException("An evaluator of no physical form."),
        };
        if (wrong is not null) column.AppendNull();
        return wrong;
    }

    /// <summary>A fault anywhere on the way makes the whole value null, even where coalesce hid it: a computed value is either right or refused.</summary>
    string? Append(Value<long> value, LongColumn column, int row)
    {
        var known = value.TryGet(row, out var result);
        if (fault.Text is not null) return fault.Text;
        if (known) column.Append(result);
        else column.AppendNull();
        return null;
    }

    string? Append(Value<bool> value, LongColumn column, int row)
    {
        var known = value.TryGet(row, out var result);
        if (fault.Text is not null) return fault.Text;
        if (known) column.Append(result ? 1 : 0);
        else column.AppendNull();
        return null;
    }

    /// <summary>Rounded, away from zero at the half, to the digits that the type keeps.</summary>
    string? Append(Value<decimal> value, DecimalColumn column, int row)
    {
        var known = value.TryGet(row, out var result);
        if (fault.Text is not null) return fault.Text;
        if (!known) column.AppendNull();
        else if (!DecimalRange.TryFit(result, type.Precision, type.Scale, out var fitted)) return Operators.Overflow;
        else column.Append(fitted);
        return null;
    }

    string? Append(Value<double> value, DoubleColumn column, int row)
    {
        var known = value.TryGet(row, out var result);
        if (fault.Text is not null) return fault.Text;
        if (known) column.Append(result);
        else column.AppendNull();
        return null;
    }

    string? Append(Value<ReadOnlySpan<byte>> value, BytesColumn column, int row)
    {
        var known = value.TryGet(row, out var result);
        if (fault.Text is not null) return fault.Text;
        if (known) column.Append(result);
        else column.AppendNull();
        return null;
    }
}
