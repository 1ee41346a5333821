using System.Text;

namespace Exchange.TestSupport;

/// <summary>
/// A Parquet file written byte by byte (parquet.thrift in Thrift's compact protocol), so that each of its numbers can be another than the truth: one column `n` of whole numbers in groups of rows. As
/// it stands it is a proper file.
/// </summary>
public sealed class ForgedParquet
{
    public int Rows { get; init; } = 3;

    public int Groups { get; init; } = 1;

    /// <summary>What the footer says of the file, of each group and of each column; null: the truth.</summary>
    public long? FileRows { get; init; }

    public long? GroupRows { get; init; }

    public long? ColumnValues { get; init; }

    public long? ColumnStart { get; init; }

    public long? ColumnBytes { get; init; }

    /// <summary>What the head of a page says.</summary>
    public long? PageUnpacked { get; init; }

    public long? PagePacked { get; init; }

    public long? PageValues { get; init; }

    public int PageEncoding { get; init; }

    /// <summary>Bytes of statistics in the head of a page.</summary>
    public int PageStatistics { get; init; }

    /// <summary>Values that a dictionary before the page says to have; null: there is none.</summary>
    public long? DictionaryValues { get; init; }

    /// <summary>Columns that only the schema names, and columns within columns around `n`.</summary>
    public int FurtherColumns { get; init; }

    public int Nesting { get; init; }

    /// <summary>Empty columns that a group has besides.</summary>
    public int FurtherChunks { get; init; }

    public bool Encrypted { get; init; }

    /// <summary>Numbers of rows of the file as numbers of 32 bits, where the format has 64; and said twice.</summary>
    public bool ShortNumbers { get; init; }

    public bool Repeated { get; init; }

    public string? OtherFile { get; init; }

    public byte[] Write()
    {
        var file = new MemoryStream();
        file.Write("PAR1"u8);
        var groups = new List<byte[]>();
        for (var group = 0; group < Groups; group++)
        {
            var start = file.Position;
            if (DictionaryValues is { } many)
                file.Write([.. Struct(Number(1, 2), Number(2, 4), Number(3, 4), Inner(7, Number(1, many), Number(2, 0))), 1, 0, 0, 0]);
            var values = Enumerable.Range(0, Rows).SelectMany(BitConverter.GetBytes).ToArray();
            file.Write(Struct(Number(1, 0), Number(2, PageUnpacked ?? values.Length), Number(3, PagePacked ?? values.Length),
                Inner(5, Number(1, PageValues ?? Rows), Number(2, PageEncoding), Number(3, 3), Number(4, 3), Inner(5, Text(5, new byte[PageStatistics])))));
            file.Write(values);
            var meta = new List<byte[]> { Number(1, 1), List(2, 5, [Folded(0)]), List(3, 8, [Counted("n"u8.ToArray())]), Number(4, 0), Long(5, ColumnValues ?? Rows), Long(6, file.Position - start), Long(7, ColumnBytes ?? file.Position - start), Long(9, ColumnStart ?? start) };
            if (DictionaryValues is not null) meta.Add(Long(11, start));
            var chunk = Struct([.. OtherFile is null ? [] : new[] { Text(1, Encoding.UTF8.GetBytes(OtherFile)) }, Long(2, start), Inner(3, [.. meta]), .. Encrypted ? new[] { Inner(8, Inner(1)) } : []]);
            groups.Add(Struct(List(1, 12, [chunk, .. Enumerable.Repeat(Struct(Long(2, 0)), FurtherChunks)]), Long(2, 100), Long(3, GroupRows ?? Rows)));
        }

        var schema = new List<byte[]> { Struct(Text(4, "root"u8.ToArray()), Number(5, Nesting > 0 ? 1 : 1 + FurtherColumns)) };
        for (var at = 0; at < Nesting; at++) schema.Add(Struct(Number(3, 0), Text(4, "g"u8.ToArray()), Number(5, 1)));
        schema.Add(Struct(Number(1, 1), Number(3, 0), Text(4, "n"u8.ToArray())));
        for (var at = 0; at < FurtherColumns; at++) schema.Add(Struct(Number(1, 1), Number(3, 1), Text(4, Encoding.UTF8.GetBytes($"c{at}"))));
        var rows = FileRows ?? (long)Rows * Groups;
        byte[][] counted = [ShortNumbers ? Number(3, rows) : Long(3, rows)];
        // A field that does not say how far it is from the one before says its own number.
        if (Repeated) counted = [.. counted, [3, 6, .. Folded(rows)]];
        var footer = Struct([Number(1, 1), List(2, 12, schema), .. counted, List(4, 12, groups)]);
        file.Write(footer);
        file.Write(BitConverter.GetBytes(footer.Length));
        file.Write("PAR1"u8);
        return file.ToArray();
    }

    /// <summary>Fields with their numbers before them, in the order of the numbers.</summary>
    static byte[] Struct(params byte[][] fields)
    {
        var bytes = new List<byte>();
        var last = 0;
        foreach (var field in fields)
        {
            // The first byte says the number, the second the type.
            bytes.Add((byte)(((field[0] - last) << 4) | field[1]));
            if (field[0] == last) bytes.AddRange(Folded(field[0]));
            bytes.AddRange(field[2..]);
            last = field[0];
        }

        bytes.Add(0);
        return [.. bytes];
    }

    static byte[] Number(int field, long value) => [(byte)field, 5, .. Folded(value)];

    static byte[] Long(int field, long value) => [(byte)field, 6, .. Folded(value)];

    static byte[] Text(int field, byte[] value) => [(byte)field, 8, .. Counted(value)];

    static byte[] Inner(int field, params byte[][] fields) => [(byte)field, 12, .. Struct(fields)];

    static byte[] List(int field, int type, List<byte[]> elements) =>
        [(byte)field, 9, .. elements.Count < 15 ? [(byte)((elements.Count << 4) | type)] : new[] { (byte)(0xF0 | type) }.Concat(Unsigned((ulong)elements.Count)), .. elements.SelectMany(element => element)];

    static byte[] Counted(byte[] value) => [.. Unsigned((ulong)value.Length), .. value];

    static byte[] Folded(long value) => Unsigned((ulong)((value << 1) ^ (value >> 63)));

    static byte[] Unsigned(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }
}
