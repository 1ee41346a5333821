using System.Globalization;

namespace Exchange.Adapters.Files.Parquet;

/// <summary>
/// Reads the heads of all pages of a file before Apache Arrow does: Arrow takes as much memory as a head asks for, up to 2 GiB, before it looks at what follows. The pages that are in memory together,
/// one of each column of a group of rows and its dictionary, may take what the caller allows; pages must lie within their column and hold as many rows as the footer says.
/// </summary>
internal static class ParquetPages
{
    /// <summary>Arrow reads no head that is larger.</summary>
    const int LargestHead = 16 * 1024 * 1024;

    /// <summary>Old writers leave the head of the dictionary out of a column's size: Arrow reads on for so many bytes, and so does this.</summary>
    const int Tolerance = 100;

    /// <summary>Bytes that Arrow takes for each value of a dictionary besides its page.</summary>
    const int DictionaryEntry = 16;

    const int DataPage = 0, DictionaryPage = 2, DataPageV2 = 3;

    const int DeltaLengthByteArray = 6, DeltaByteArray = 7;

    /// <param name="file">The file.</param>
    /// <param name="footer">Its footer; no column is nested.</param>
    /// <param name="end">Where the footer begins.</param>
    /// <param name="memory">Bytes that pages may take together.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="InvalidDataException">What is wrong, as what follows the file's name.</exception>
    /// <exception cref="ParquetMemoryException">The same, where more memory would cure it.</exception>
    public static void Check(Stream file, ParquetFooter footer, long end, long memory, CancellationToken cancel)
    {
        var chunks = footer.Chunks.ToLookup(chunk => chunk.Group);
        for (var group = 0; group < footer.Rows.Count; group++)
        {
            var (sum, largest, most, count) = (0L, 0L, "", 0);
            foreach (var chunk in chunks[group])
            {
                cancel.ThrowIfCancellationRequested();
                if (++count > footer.Columns.Count) break;
                var name = footer.Columns[chunk.Column];
                try
                {
                    var taken = Measure(file, chunk, footer.Rows[group], end);
                    sum += taken;
                    if (taken > largest) (largest, most) = (taken, name);
                }
                catch (InvalidDataException broken)
                {
                    throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"has in its group {group + 1} of rows a column '{name}' that {broken.Message}"), broken);
                }
            }

            if (count != footer.Columns.Count) throw new InvalidDataException("has another number of columns in a group of rows than in its schema");
            if (sum > memory)
                throw new ParquetMemoryException(string.Create(CultureInfo.InvariantCulture, $"has pages in its group {group + 1} of rows that take {sum} bytes of memory together, {largest} of them in column '{most}', and may take {memory}"));
        }
    }

    /// <summary>Bytes that the pages of a column take at the same time.</summary>
    static long Measure(Stream file, ParquetChunk chunk, long rows, long fileEnd)
    {
        if (chunk.Values != rows) throw new InvalidDataException($"has {chunk.Values} values where there are {rows} rows");
        if (chunk.Start < 0 || chunk.Bytes < 0 || chunk.Start > fileEnd || chunk.Bytes > fileEnd - chunk.Start) throw new InvalidDataException("lies outside of the file");
        var (end, last) = (chunk.Start + chunk.Bytes, Math.Min(fileEnd, chunk.Start + chunk.Bytes + Tolerance));
        var (position, dictionary, data, seen) = (chunk.Start, 0L, 0L, 0L);
        var reader = new CompactReader(file, chunk.Start, last);
        while (seen < chunk.Values && position < end)
        {
            var page = ReadHead(reader);
            var head = reader.Position - position;
            if (head > LargestHead) throw new InvalidDataException($"has a page with a head of {head} bytes, of which {LargestHead} are read: its writer puts the smallest and largest value there whole; have it write no statistics");
            if (page.Packed < 0 || page.Unpacked < 0 || page.Values < 0) throw new InvalidDataException("has a page of less than nothing");
            if (page.Packed > last - reader.Position) throw new InvalidDataException("has a page that is larger than the column");
            if (page.Encoding is DeltaLengthByteArray or DeltaByteArray) throw new InvalidDataException("is encoded as DELTA_LENGTH_BYTE_ARRAY or DELTA_BYTE_ARRAY, of which can't be known how large it becomes; have it written with pages of version 1");
            var taken = (2 * head) + page.Packed + page.Unpacked;
            if (page.Type == DictionaryPage) dictionary = Math.Max(dictionary, taken + (page.Values * DictionaryEntry));
            else data = Math.Max(data, taken);
            if (page.Type is DataPage or DataPageV2) seen += page.Values;
            position = reader.Position + page.Packed;
            reader.Seek(position);
        }

        if (seen != chunk.Values) throw new InvalidDataException($"has pages of {seen} values where there should be {chunk.Values}");
        if (end - position > Tolerance) throw new InvalidDataException($"goes on for {end - position} bytes after its last row");
        return dictionary + data;
    }

    readonly record struct Page(long Type, long Unpacked, long Packed, long Values, long Encoding);

    /// <summary>A head may hold what is said of several kinds of pages; what is said of its own kind counts.</summary>
    static Page ReadHead(CompactReader reader)
    {
        var page = new Page(-1, -1, -1, 0, -1);
        (long Values, long Encoding) old = (0, -1), dictionary = (0, -1), newer = (0, -1);
        for (var field = 0; reader.Next(ref field, out var type);)
        {
            switch (field)
            {
                case 1: page = page with { Type = reader.Number(type, CompactType.Int32) }; break;
                case 2: page = page with { Unpacked = reader.Number(type, CompactType.Int32) }; break;
                case 3: page = page with { Packed = reader.Number(type, CompactType.Int32) }; break;
                case 5: ReadCounts(reader, type, encoding: 2, ref old); break;
                case 7: ReadCounts(reader, type, encoding: 2, ref dictionary); break;
                case 8: ReadCounts(reader, type, encoding: 4, ref newer); break;
                default: reader.Skip(type); break;
            }
        }

        var own = page.Type switch { DataPage => old, DictionaryPage => dictionary, DataPageV2 => newer, _ => (0, -1) };
        return page with { Values = own.Values, Encoding = own.Encoding };
    }

    /// <param name="reader">Within the head.</param>
    /// <param name="type">Of the field.</param>
    /// <param name="encoding">The number of the field that tells the encoding; field 1 tells the values.</param>
    /// <param name="counts">Set.</param>
    static void ReadCounts(CompactReader reader, CompactType type, int encoding, ref (long Values, long Encoding) counts)
    {
        CompactReader.Expect(type, CompactType.Struct);
        for (var field = 0; reader.Next(ref field, out var inner);)
        {
            if (field == 1) counts.Values = reader.Number(inner, CompactType.Int32);
            else if (field == encoding) counts.Encoding = reader.Number(inner, CompactType.Int32);
            else reader.Skip(inner);
        }
    }
}
