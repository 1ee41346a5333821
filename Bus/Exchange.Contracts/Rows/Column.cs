namespace Exchange.Contracts.Rows;

/// <summary>
/// One column of a <see cref="RowBatch"/>: typed values without boxing, with nulls apart.
/// Physical form by kind: <see cref="LongColumn"/> for int32, int64, boolean (0/1), date (days since 1970-01-01) and timestamp
/// (microseconds since 1970-01-01T00:00:00Z); <see cref="DecimalColumn"/>; <see cref="DoubleColumn"/>; <see cref="BytesColumn"/>
/// for string and text (UTF-8) and binary. Append-only; not safe for concurrent writers.
/// </summary>
public abstract class Column
{
    bool[] _nulls;

    protected Column(string name, ItemType type, int capacity)
    {
        Name = name;
        Type = type;
        _nulls = new bool[Math.Max(capacity, 4)];
    }

    /// <summary>A column over the values of another: what either appends afterwards the other must not be asked for.</summary>
    protected Column(string name, ItemType type, Column values)
    {
        Name = name;
        Type = type;
        _nulls = values._nulls;
        Count = values.Count;
        HasNulls = values.HasNulls;
    }

    /// <summary>A column of that many values, none of them null unless <paramref name="nulls"/> says so.</summary>
    protected Column(string name, ItemType type, int count, bool[]? nulls)
    {
        Name = name;
        Type = type;
        _nulls = nulls ?? new bool[Math.Max(count, 4)];
        Count = count;
        HasNulls = nulls is not null;
    }

    public string Name { get; }

    public ItemType Type { get; }

    public int Count { get; private set; }

    public bool HasNulls { get; private set; }

    /// <summary>An empty column of the physical form that the type asks for.</summary>
    public static Column Create(string name, ItemType type, int capacity = 16) => type.Kind switch
    {
        ItemKind.String or ItemKind.Text or ItemKind.Binary => new BytesColumn(name, type, capacity),
        ItemKind.Decimal => new DecimalColumn(name, type, capacity),
        ItemKind.Double => new DoubleColumn(name, type, capacity),
        _ => new LongColumn(name, type, capacity),
    };

    public bool IsNull(int row) => _nulls[row];

    /// <summary>Which of the values so far are null.</summary>
    public ReadOnlySpan<bool> Nulls => _nulls.AsSpan(0, Count);

    /// <summary>Memory that the values take, nulls included.</summary>
    public abstract long MemoryBytes { get; }

    /// <summary>Bytes of the values that it holds.</summary>
    public abstract long DataBytes { get; }

    /// <summary>The same values under another name and a type of the same physical form, without copying them. Both columns are filled: nothing may be appended to either any more.</summary>
    public abstract Column As(string name, ItemType type);

    public void AppendNull()
    {
        HasNulls = true;
        Next(isNull: true);
        AppendEmpty();
    }

    /// <summary>An empty column of the same name and type, with as much room as this one has taken.</summary>
    public Column EmptyLike() => this is BytesColumn bytes ? new BytesColumn(Name, Type, Count, bytes.Data.Length) : Create(Name, Type, Count);

    /// <summary>Appends the value of a row of a column of the same physical form.</summary>
    public void AppendFrom(Column source, int row)
    {
        if (source.IsNull(row)) AppendNull();
        else AppendValue(source, row);
    }

    /// <summary>Whether two values are the same: text and binary byte by byte, so by code point; null equals null.</summary>
    public bool SameValue(int row, Column other, int otherRow)
    {
        if (IsNull(row) || other.IsNull(otherRow)) return IsNull(row) && other.IsNull(otherRow);
        return Same(row, other, otherRow);
    }

    /// <summary>
    /// The value's canonical, culture-free text, or null: digits; true/false; yyyy-MM-dd; yyyy-MM-ddTHH:mm:ss[.ffffff]Z;
    /// binary as lower-case hexadecimal. Two values of one type are equal exactly when their texts are.
    /// </summary>
    public string? TextAt(int row) => IsNull(row) ? null : Format(row);

    protected void Next(bool isNull)
    {
        if (Count == _nulls.Length) Array.Resize(ref _nulls, Math.Max(4, Count * 2));
        _nulls[Count++] = isNull;
    }

    protected abstract void AppendEmpty();

    protected abstract void AppendValue(Column source, int row);

    protected abstract bool Same(int row, Column other, int otherRow);

    protected abstract string Format(int row);

    protected static void Grow<T>(ref T[] values, int needed)
    {
        if (needed > values.Length) Array.Resize(ref values, (int)Math.Min(Array.MaxLength, Math.Max(needed, values.Length * 2L)));
    }
}
