using System.Globalization;
using System.Text;

namespace Exchange.Contracts.Rows;

/// <summary>int32, int64, boolean, date and timestamp; see <see cref="Column"/> for what the number means.</summary>
public sealed class LongColumn : Column
{
    long[] _values;

    public LongColumn(string name, ItemType type, int capacity = 16) : base(name, type, capacity) => _values = new long[Math.Max(capacity, 4)];

    /// <summary>A filled column over arrays that the caller gives away.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its type.</param>
    /// <param name="values">One for each row; 0 where it is null.</param>
    /// <param name="nulls">Which are null; null: none.</param>
    public LongColumn(string name, ItemType type, long[] values, bool[]? nulls) : base(name, type, values.Length, nulls) => _values = values;

    LongColumn(string name, ItemType type, LongColumn values) : base(name, type, values) => _values = values._values;

    public override long MemoryBytes => (long)_values.Length * (sizeof(long) + 1);

    public override long DataBytes => (long)Count * sizeof(long);

    public override Column As(string name, ItemType type) => new LongColumn(name, type, this);

    public long this[int row] => _values[row];

    /// <summary>The values so far; a null row holds 0.</summary>
    public ReadOnlySpan<long> Values => _values.AsSpan(0, Count);

    public void Append(long value)
    {
        Next(isNull: false);
        Grow(ref _values, Count);
        _values[Count - 1] = value;
    }

    public void Append(DateOnly value) => Append(Temporal.Days(value));

    public void Append(DateTimeOffset value) => Append(Temporal.Microseconds(value));

    protected override void AppendEmpty() => Grow(ref _values, Count);

    protected override void AppendValue(Column source, int row) => Append(((LongColumn)source)[row]);

    protected override bool Same(int row, Column other, int otherRow) => other is LongColumn column && _values[row] == column[otherRow];

    protected override string Format(int row) => Type.Kind switch
    {
        ItemKind.Boolean => _values[row] == 0 ? "false" : "true",
        ItemKind.Date => Temporal.DateText(_values[row]),
        ItemKind.Timestamp => Temporal.TimestampText(_values[row]),
        _ => _values[row].ToString(CultureInfo.InvariantCulture),
    };
}

/// <summary>decimal(p,s).</summary>
public sealed class DecimalColumn : Column
{
    decimal[] _values;

    public DecimalColumn(string name, ItemType type, int capacity = 16) : base(name, type, capacity) => _values = new decimal[Math.Max(capacity, 4)];

    /// <inheritdoc cref="LongColumn(string, ItemType, long[], bool[])"/>
    public DecimalColumn(string name, ItemType type, decimal[] values, bool[]? nulls) : base(name, type, values.Length, nulls) => _values = values;

    DecimalColumn(string name, ItemType type, DecimalColumn values) : base(name, type, values) => _values = values._values;

    /// <summary>The values so far; a null row holds 0.</summary>
    public ReadOnlySpan<decimal> Values => _values.AsSpan(0, Count);

    public override long MemoryBytes => (long)_values.Length * (sizeof(decimal) + 1);

    public override long DataBytes => (long)Count * sizeof(decimal);

    public override Column As(string name, ItemType type) => new DecimalColumn(name, type, this);

    public decimal this[int row] => _values[row];

    public void Append(decimal value)
    {
        Next(isNull: false);
        Grow(ref _values, Count);
        _values[Count - 1] = value;
    }

    protected override void AppendEmpty() => Grow(ref _values, Count);

    protected override void AppendValue(Column source, int row) => Append(((DecimalColumn)source)[row]);

    protected override bool Same(int row, Column other, int otherRow) => other is DecimalColumn column && _values[row] == column[otherRow];

    /// <summary>Trailing zeros carry no meaning: 1.50 and 1.5 have one text.</summary>
    protected override string Format(int row)
    {
        var text = _values[row].ToString(CultureInfo.InvariantCulture);
        if (text.Contains('.', StringComparison.Ordinal)) text = text.TrimEnd('0').TrimEnd('.');
        return text == "-0" ? "0" : text;
    }
}

/// <summary>double; finite values only (NaN and infinities are error rows at the edge).</summary>
public sealed class DoubleColumn : Column
{
    double[] _values;

    public DoubleColumn(string name, ItemType type, int capacity = 16) : base(name, type, capacity) => _values = new double[Math.Max(capacity, 4)];

    /// <inheritdoc cref="LongColumn(string, ItemType, long[], bool[])"/>
    public DoubleColumn(string name, ItemType type, double[] values, bool[]? nulls) : base(name, type, values.Length, nulls) => _values = values;

    DoubleColumn(string name, ItemType type, DoubleColumn values) : base(name, type, values) => _values = values._values;

    /// <summary>The values so far; a null row holds 0.</summary>
    public ReadOnlySpan<double> Values => _values.AsSpan(0, Count);

    public override long MemoryBytes => (long)_values.Length * (sizeof(double) + 1);

    public override long DataBytes => (long)Count * sizeof(double);

    public override Column As(string name, ItemType type) => new DoubleColumn(name, type, this);

    public double this[int row] => _values[row];

    public void Append(double value)
    {
        Next(isNull: false);
        Grow(ref _values, Count);
        _values[Count - 1] = value == 0 ? 0 : value; // -0 is 0: the two compare equal and must have one text
    }

    protected override void AppendEmpty() => Grow(ref _values, Count);

    protected override void AppendValue(Column source, int row) => Append(((DoubleColumn)source)[row]);

    protected override bool Same(int row, Column other, int otherRow) => other is DoubleColumn column && _values[row].Equals(column[otherRow]);

    protected override string Format(int row) => _values[row].ToString("R", CultureInfo.InvariantCulture);
}

/// <summary>string and text as UTF-8, binary as it is: one buffer with offsets, the layout of Apache Arrow.</summary>
public sealed class BytesColumn : Column
{
    /// <summary>Bytes of a value for which there is room to begin with.</summary>
    const int UsualBytes = 8;

    int[] _offsets;
    byte[] _data;

    public BytesColumn(string name, ItemType type, int capacity = 16) : this(name, type, capacity, Math.Max(capacity, 4) * UsualBytes)
    {
    }

    /// <param name="name">Its name.</param>
    /// <param name="type">Its type.</param>
    /// <param name="capacity">Values for which there is room to begin with.</param>
    /// <param name="bytes">Bytes of all of them together for which there is room to begin with: growing copies.</param>
    public BytesColumn(string name, ItemType type, int capacity, int bytes) : base(name, type, capacity)
    {
        _offsets = new int[Math.Max(capacity, 4) + 1];
        _data = GC.AllocateUninitializedArray<byte>(Math.Max(bytes, 16));
    }

    /// <summary>A filled column over arrays that the caller gives away.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its type.</param>
    /// <param name="offsets">One more than there are rows, beginning with 0, never falling.</param>
    /// <param name="data">As long as the last offset at least.</param>
    /// <param name="nulls">Which are null; null: none.</param>
    public BytesColumn(string name, ItemType type, int[] offsets, byte[] data, bool[]? nulls) : base(name, type, offsets.Length - 1, nulls) => (_offsets, _data) = (offsets, data);

    BytesColumn(string name, ItemType type, BytesColumn values) : base(name, type, values) => (_offsets, _data) = (values._offsets, values._data);

    public override long MemoryBytes => _data.Length + ((long)_offsets.Length * (sizeof(int) + 1));

    public override long DataBytes => _offsets[Count];

    public override Column As(string name, ItemType type) => new BytesColumn(name, type, this);

    /// <summary>The bytes of a row; empty when null. Valid until the next append.</summary>
    public ReadOnlySpan<byte> this[int row] => _data.AsSpan(_offsets[row], _offsets[row + 1] - _offsets[row]);

    /// <summary>As the indexer, for callers that need memory.</summary>
    public ReadOnlyMemory<byte> Memory(int row) => _data.AsMemory(_offsets[row], _offsets[row + 1] - _offsets[row]);

    public string StringAt(int row) => Encoding.UTF8.GetString(this[row]);

    /// <summary>All values end to end, cut by <see cref="Offsets"/>.</summary>
    public ReadOnlyMemory<byte> Data => _data.AsMemory(0, _offsets[Count]);

    /// <summary>Count + 1 offsets into <see cref="Data"/>.</summary>
    public ReadOnlyMemory<int> Offsets => _offsets.AsMemory(0, Count + 1);

    public void Append(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Reserve(value.Length));
        Commit(value.Length);
    }

    public void Append(ReadOnlySpan<char> value)
    {
        var room = Reserve(Encoding.UTF8.GetMaxByteCount(value.Length));
        Commit(Encoding.UTF8.GetBytes(value, room));
    }

    public void Append(string value) => Append(value.AsSpan());

    /// <summary>Room for at least <paramref name="length"/> bytes, to be filled and then committed with <see cref="Commit"/>.</summary>
    public Span<byte> Reserve(int length)
    {
        var used = _offsets[Count];
        Grow(ref _data, checked(used + length));
        return _data.AsSpan(used);
    }

    /// <summary>Makes the first <paramref name="length"/> reserved bytes the next value.</summary>
    public void Commit(int length)
    {
        Next(isNull: false);
        Grow(ref _offsets, Count + 1);
        _offsets[Count] = _offsets[Count - 1] + length;
    }

    protected override void AppendEmpty()
    {
        Grow(ref _offsets, Count + 1);
        _offsets[Count] = _offsets[Count - 1];
    }

    protected override void AppendValue(Column source, int row) => Append(((BytesColumn)source)[row]);

    protected override bool Same(int row, Column other, int otherRow) => other is BytesColumn column && this[row].SequenceEqual(column[otherRow]);

    protected override string Format(int row) => Type.Kind == ItemKind.Binary ? Convert.ToHexStringLower(this[row]) : StringAt(row);
}
