using Exchange.Contracts.Rows;
using ParquetSharp;

namespace Exchange.Adapters.Files.Parquet;

/// <summary>Appends one value that is not null to a cell.</summary>
internal delegate void ParquetCell<T>(FilePageBuilder page, int column, T value);

/// <summary>How the values of a column come into cells. Immutable.</summary>
/// <param name="Name">As the file has it.</param>
/// <param name="Type">Of the cells.</param>
/// <param name="Nullable">Whether values may be missing.</param>
internal abstract record ParquetColumn(string Name, ItemType Type, bool Nullable)
{
    /// <summary>Begins to read it in a group of rows.</summary>
    public abstract ParquetCursor Begin(ColumnReader reader);
}

/// <typeparam name="T">How the file stores it.</typeparam>
internal sealed record ParquetColumn<T>(string Name, ItemType Type, bool Nullable, ParquetCell<T> Cell) : ParquetColumn(Name, Type, Nullable) where T : unmanaged, IEquatable<T>
{
    public override ParquetCursor Begin(ColumnReader reader) => reader is ColumnReader<T> typed ? new ParquetCursor<T>(typed, this) : throw new ParquetException("ParquetException", $"column '{Name}' is stored otherwise than the schema says");
}

/// <summary>Gives the values of one column of a group of rows one by one. For one caller.</summary>
internal abstract class ParquetCursor : IDisposable
{
    /// <summary>Values that are taken from the file at once: a few kilobytes.</summary>
    public const int Taken = 1024;

    /// <summary>Appends the next value.</summary>
    /// <returns>False: there is none.</returns>
    public abstract bool Append(FilePageBuilder page, int column);

    public abstract void Dispose();
}

internal sealed class ParquetCursor<T>(ColumnReader<T> reader, ParquetColumn<T> column) : ParquetCursor where T : unmanaged, IEquatable<T>
{
    readonly short[] _levels = column.Nullable ? new short[Taken] : [];
    readonly T[] _values = new T[Taken];
    int _rows;
    int _row;
    int _value;

    public override bool Append(FilePageBuilder page, int at)
    {
        if (_row == _rows && !Take()) return false;
        if (column.Nullable && _levels[_row] == 0) page.AddNull(at);
        else column.Cell(page, at, _values[_value++]);
        _row++;
        return true;
    }

    public override void Dispose() => reader.Dispose();

    /// <summary>Values may point into a page of the file: they hold until the next ones are taken.</summary>
    bool Take()
    {
        var read = reader.ReadBatch(Taken, _levels, [], _values, out var values);
        var expected = column.Nullable ? _levels.AsSpan(0, (int)read).Length - _levels.AsSpan(0, (int)read).Count((short)0) : read;
        if (values != expected) throw new ParquetException("ParquetException", $"column '{column.Name}' has {values} values where there should be {expected}");
        (_rows, _row, _value) = ((int)read, 0, 0);
        return read > 0;
    }
}
