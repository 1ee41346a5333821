using System.Runtime.InteropServices;

namespace Exchange.Contracts.Rows;

/// <summary>What is to be done with a row.</summary>
public enum RowOperation : byte
{
    Upsert = 0,
    /// <summary>Only the key columns hold values; the others are null.</summary>
    Delete = 1,
}

/// <summary>
/// Rows in columns, each with its operation. The form in which rows travel through the hub: read from a source, judged, stored as
/// Apache Arrow, routed, written. Filled by one writer; safe for any number of readers once filled.
/// </summary>
public sealed class RowBatch
{
    readonly List<RowOperation> _operations;
    readonly Column[] _columns;

    public RowBatch(IReadOnlyList<Column> columns, int capacity = 16)
    {
        _columns = [.. columns];
        _operations = new List<RowOperation>(capacity);
    }

    /// <summary>A batch of columns that were filled before, each with as many values as there are operations.</summary>
    public static RowBatch Filled(IReadOnlyList<Column> columns, ReadOnlySpan<RowOperation> operations)
    {
        foreach (var column in columns)
            if (column.Count != operations.Length)
                throw new InvalidOperationException($"Column '{column.Name}' holds {column.Count} values where there are {operations.Length} operations.");
        var batch = new RowBatch(columns, operations.Length);
        batch._operations.AddRange(operations);
        return batch;
    }

    /// <summary>An empty batch with the named columns.</summary>
    public static RowBatch Empty(IEnumerable<(string Name, ItemType Type)> schema, int capacity = 16) =>
        new([.. schema.Select(column => Column.Create(column.Name, column.Type, capacity))], capacity);

    /// <summary>A batch over columns that are already filled, all rows upserts: for code that works column by column.</summary>
    public static RowBatch OfColumns(IReadOnlyList<Column> filled, int rows)
    {
        foreach (var column in filled)
            if (column.Count != rows)
                throw new InvalidOperationException($"Column '{column.Name}' holds {column.Count} values where the batch has {rows} rows.");
        var batch = new RowBatch(filled, rows);
        CollectionsMarshal.SetCount(batch._operations, rows);
        CollectionsMarshal.AsSpan(batch._operations).Clear(); // zero is Upsert
        return batch;
    }

    public IReadOnlyList<Column> Columns => _columns;

    /// <summary>The columns in one piece, for code that works cell by cell.</summary>
    public ReadOnlySpan<Column> ColumnSpan => _columns;

    public IReadOnlyList<RowOperation> Operations => _operations;

    /// <summary>The operations in one piece, for code that works over all rows.</summary>
    public ReadOnlySpan<RowOperation> OperationSpan => CollectionsMarshal.AsSpan(_operations);

    public int Count => _operations.Count;

    /// <summary>Memory that the rows take, about.</summary>
    /// <summary>Bytes of the values that it holds.</summary>
    public long DataBytes => Columns.Sum(column => column.DataBytes);

    public long MemoryBytes => Columns.Sum(column => column.MemoryBytes) + _operations.Count;

    /// <summary>The column of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public Column this[string name] => Columns[Ordinal(name) is var at and >= 0 ? at : throw new KeyNotFoundException($"The batch has no column '{name}'.")];

    /// <summary>The column's place, or -1.</summary>
    public int Ordinal(string name)
    {
        for (var at = 0; at < Columns.Count; at++)
            if (string.Equals(Columns[at].Name, name, StringComparison.Ordinal)) return at;
        return -1;
    }

    /// <summary>Ends a row whose values were appended to every column.</summary>
    public void EndRow(RowOperation operation = RowOperation.Upsert)
    {
        _operations.Add(operation);
        foreach (var column in _columns)
            if (column.Count != _operations.Count)
                throw new InvalidOperationException($"Column '{column.Name}' holds {column.Count} values where the batch has {_operations.Count} rows.");
    }

    /// <summary>Appends a row of a batch with the same columns in the same order.</summary>
    public void AppendRow(RowBatch source, int row)
    {
        for (var at = 0; at < _columns.Length; at++) _columns[at].AppendFrom(source._columns[at], row);
        _operations.Add(source._operations[row]);
    }

    /// <summary>A new batch with the rows from <paramref name="start"/>, <paramref name="count"/> of them.</summary>
    public RowBatch Slice(int start, int count)
    {
        var slice = Empty(Columns.Select(column => (column.Name, column.Type)), count);
        for (var row = start; row < start + count; row++) slice.AppendRow(this, row);
        return slice;
    }
}
