using System.Runtime.InteropServices;
using Apache.Arrow;
using Apache.Arrow.Compression;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using Exchange.Contracts.Rows;
using Column = Exchange.Contracts.Rows.Column;

namespace Exchange.Bus.Log;

/// <summary>
/// Rows as an Arrow IPC file with one record batch, buffers compressed with zstd, and back without loss (a decimal comes back with its type's scale:
/// 1.5 as 1.50, the same value). The first column is <see cref="OperationColumn"/>; each other field says its item type in the metadata
/// <see cref="TypeKey"/>. Safe for concurrent callers.
/// </summary>
internal sealed class ArrowCodec
{
    /// <summary>uint8: see <see cref="RowOperation"/>.</summary>
    public const string OperationColumn = "exchange_operation";

    /// <summary>Field metadata: the item type as a manifest spells it.</summary>
    public const string TypeKey = "exchange.type";

    /// <summary>Higher levels made payloads a few percent smaller for a multiple of the time (docs/adr/0004-batches-as-arrow.md).</summary>
    const int ZstdLevel = 1;

    /// <summary>What compression leaves of rows, about.</summary>
    const int CompressedShare = 4;

    const int MostRoom = 16 * 1024 * 1024;

    readonly CompressionCodecFactory _compression = new();

    /// <summary>The file. The rows must not change meanwhile.</summary>
    /// <exception cref="OverflowException">A value does not fit its item type.</exception>
    public ReadOnlyMemory<byte> Encode(RowBatch rows)
    {
        var schema = SchemaOf(rows.Columns);
        var arrays = new List<IArrowArray>(rows.Columns.Count + 1) { ArrowArrays.Of(rows.Operations) };
        foreach (var column in rows.Columns) arrays.Add(ArrowArrays.Of(column));
        var options = new IpcOptions { CompressionCodecFactory = _compression, CompressionCodec = CompressionCodecType.Zstd, CompressionLevel = ZstdLevel };
        var stream = new MemoryStream((int)Math.Min(4096 + (rows.MemoryBytes / CompressedShare), MostRoom)); // growing copies
        using var batch = new RecordBatch(schema, arrays, rows.Count);
        using (var writer = new ArrowFileWriter(stream, schema, leaveOpen: true, options))
        {
            writer.WriteRecordBatch(batch);
            writer.WriteEnd();
        }

        return stream.GetBuffer().AsMemory(0, (int)stream.Length);
    }

    /// <summary>The rows of a file that <see cref="Encode"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is none, or is damaged.</exception>
    public RowBatch Decode(ReadOnlyMemory<byte> file)
    {
        using var stream = Open(file);
        using var reader = new ArrowFileReader(stream, _compression);
        using var batch = reader.ReadNextRecordBatch() ?? throw new InvalidDataException("The Arrow file holds no record batch.");
        if (batch.ColumnCount == 0 || batch.Schema.FieldsList[0].Name != OperationColumn || batch.Column(0) is not UInt8Array operations)
            throw new InvalidDataException($"The Arrow file's first column is not {OperationColumn} (uint8).");
        var columns = new Column[batch.ColumnCount - 1];
        for (var at = 0; at < columns.Length; at++)
        {
            var field = batch.Schema.FieldsList[at + 1];
            columns[at] = ArrowColumns.Of(field.Name, TypeOf(field), batch.Column(at + 1));
        }

        var kinds = new RowOperation[operations.Length];
        for (var row = 0; row < kinds.Length; row++) kinds[row] = Operation(operations.Values[row]);
        return RowBatch.Filled(columns, kinds);
    }

    static MemoryStream Open(ReadOnlyMemory<byte> file) => MemoryMarshal.TryGetArray(file, out var bytes)
        ? new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false)
        : new MemoryStream(file.ToArray(), writable: false);

    static Schema SchemaOf(IReadOnlyList<Column> columns)
    {
        var fields = new List<Field>(columns.Count + 1) { new(OperationColumn, UInt8Type.Default, nullable: false) };
        foreach (var column in columns)
            fields.Add(new Field(column.Name, ArrowArrays.TypeOf(column.Type), nullable: true, [new KeyValuePair<string, string>(TypeKey, column.Type.ToString())]));
        return new Schema(fields, metadata: null);
    }

    static ItemType TypeOf(Field field)
    {
        if (!field.HasMetadata || !field.Metadata.TryGetValue(TypeKey, out var spelling)) throw new InvalidDataException($"Column '{field.Name}' lacks the metadata {TypeKey}.");
        return ItemType.Parse(spelling, out var type) is { } wrong ? throw new InvalidDataException($"Column '{field.Name}': {wrong}.") : type;
    }

    static RowOperation Operation(byte value) => value <= (byte)RowOperation.Delete ? (RowOperation)value : throw new InvalidDataException($"Unknown row operation {value}.");
}
