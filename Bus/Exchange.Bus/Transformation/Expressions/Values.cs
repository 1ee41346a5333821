namespace Exchange.Bus.Transformation.Expressions;

/// <summary>What an evaluation could not compute; the first thing counts. One for each bound expression.</summary>
internal sealed class Fault
{
    public string? Text { get; private set; }

    public void Clear() => Text = null;

    /// <returns>False: the value is null.</returns>
    public bool Raise(string text)
    {
        Text ??= text;
        return false;
    }
}

/// <summary>A part of a bound expression.</summary>
internal abstract class Evaluator
{
}

/// <summary>
/// A part that gives values of a physical form: <see cref="bool"/>, <see cref="long"/>, <see cref="decimal"/>, <see cref="double"/> or UTF-8 (text, binary).
/// Nothing is boxed and, for spans, nothing copied that need not be. A span is valid until the same part is evaluated again.
/// </summary>
internal abstract class Value<T> : Evaluator where T : allows ref struct
{
    /// <returns>False: null.</returns>
    public abstract bool TryGet(int row, out T value);
}

internal delegate bool Operation<TA, TR>(TA a, Scratch scratch, out TR result) where TA : allows ref struct where TR : allows ref struct;

internal delegate bool Operation<TA, TB, TR>(TA a, TB b, Scratch scratch, out TR result)
    where TA : allows ref struct where TB : allows ref struct where TR : allows ref struct;

internal delegate bool Operation<TA, TB, TC, TR>(TA a, TB b, TC c, Scratch scratch, out TR result)
    where TA : allows ref struct where TB : allows ref struct where TC : allows ref struct where TR : allows ref struct;

/// <summary>Null when its operand is, as are the others.</summary>
internal sealed class Unary<TA, TR>(Value<TA> a, Operation<TA, TR> operation, Scratch scratch) : Value<TR>
    where TA : allows ref struct where TR : allows ref struct
{
    public override bool TryGet(int row, out TR value)
    {
        if (a.TryGet(row, out var first)) return operation(first, scratch, out value);
        value = default!;
        return false;
    }
}

internal sealed class Binary<TA, TB, TR>(Value<TA> a, Value<TB> b, Operation<TA, TB, TR> operation, Scratch scratch) : Value<TR>
    where TA : allows ref struct where TB : allows ref struct where TR : allows ref struct
{
    public override bool TryGet(int row, out TR value)
    {
        if (a.TryGet(row, out var first) && b.TryGet(row, out var second)) return operation(first, second, scratch, out value);
        value = default!;
        return false;
    }
}

internal sealed class Ternary<TA, TB, TC, TR>(Value<TA> a, Value<TB> b, Value<TC> c, Operation<TA, TB, TC, TR> operation, Scratch scratch) : Value<TR>
    where TA : allows ref struct where TB : allows ref struct where TC : allows ref struct where TR : allows ref struct
{
    public override bool TryGet(int row, out TR value)
    {
        if (a.TryGet(row, out var first) && b.TryGet(row, out var second) && c.TryGet(row, out var third))
            return operation(first, second, third, scratch, out value);
        value = default!;
        return false;
    }
}

internal sealed class Constant<T>(T constant) : Value<T>
{
    public override bool TryGet(int row, out T value)
    {
        value = constant;
        return true;
    }
}

internal sealed class TextConstant(byte[] constant) : Value<ReadOnlySpan<byte>>
{
    public override bool TryGet(int row, out ReadOnlySpan<byte> value)
    {
        value = constant;
        return true;
    }
}

internal sealed class NullValue<T> : Value<T> where T : allows ref struct
{
    public override bool TryGet(int row, out T value)
    {
        value = default!;
        return false;
    }
}

/// <summary>Operands from left to right until one is false; else unknown if any was unknown.</summary>
internal sealed class AndValue(Value<bool>[] operands) : Value<bool>
{
    public override bool TryGet(int row, out bool value)
    {
        var known = true;
        foreach (var operand in operands)
        {
            if (!operand.TryGet(row, out value)) known = false;
            else if (!value) return true;
        }

        value = known;
        return known;
    }
}

/// <summary>Operands from left to right until one is true; else unknown if any was unknown.</summary>
internal sealed class OrValue(Value<bool>[] operands) : Value<bool>
{
    public override bool TryGet(int row, out bool value)
    {
        var known = true;
        foreach (var operand in operands)
        {
            if (!operand.TryGet(row, out value)) known = false;
            else if (value) return true;
        }

        value = false;
        return known;
    }
}

/// <summary>Never unknown.</summary>
internal sealed class IsNullValue<T>(Value<T> operand, bool negated) : Value<bool> where T : allows ref struct
{
    public override bool TryGet(int row, out bool value)
    {
        value = operand.TryGet(row, out _) == negated;
        return true;
    }
}

/// <summary>The second when the condition is true, the third when it is false or unknown; the other one is not evaluated.</summary>
internal sealed class IfValue<T>(Value<bool> condition, Value<T> then, Value<T> otherwise) : Value<T> where T : allows ref struct
{
    public override bool TryGet(int row, out T value) =>
        condition.TryGet(row, out var holds) && holds ? then.TryGet(row, out value) : otherwise.TryGet(row, out value);
}

internal sealed class CoalesceValue<T>(Value<T>[] choices) : Value<T> where T : allows ref struct
{
    public override bool TryGet(int row, out T value)
    {
        foreach (var choice in choices)
            if (choice.TryGet(row, out value)) return true;
        value = default!;
        return false;
    }
}

/// <summary>The first, or null when it equals the second.</summary>
internal sealed class NullIfValue<T>(Value<T> first, Value<T> second, Operation<T, T, bool> same, Scratch scratch) : Value<T> where T : allows ref struct
{
    public override bool TryGet(int row, out T value)
    {
        if (!first.TryGet(row, out value)) return false;
        return !(second.TryGet(row, out var other) && same(value, other, scratch, out var equal) && equal);
    }
}

/// <summary>Remembers the value of the row that was asked for last.</summary>
internal sealed class OnceValue<T>(Value<T> operand) : Value<T>
{
    int _row = -1;
    bool _known;
    T _value = default!;

    public override bool TryGet(int row, out T value)
    {
        if (_row != row)
        {
            _known = operand.TryGet(row, out _value);
            _row = row;
        }

        value = _value;
        return _known;
    }
}

/// <summary>As <see cref="OnceValue{T}"/>, for texts.</summary>
internal sealed class OnceText(Value<ReadOnlySpan<byte>> operand, Scratch scratch) : Value<ReadOnlySpan<byte>>
{
    int _row = -1;
    bool _known;

    public override bool TryGet(int row, out ReadOnlySpan<byte> value)
    {
        if (_row != row)
        {
            scratch.Start();
            _known = operand.TryGet(row, out var text) && scratch.Add(text);
            _row = row;
        }

        value = scratch.Text;
        return _known;
    }
}
