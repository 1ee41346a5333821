using System.Text;

namespace Exchange.Adapters.Files.Parquet;

/// <summary>The values of one column in one group of rows, as the footer tells of them.</summary>
/// <param name="Group">From 0.</param>
/// <param name="Column">From 0.</param>
/// <param name="Start">Where its pages begin in the file.</param>
/// <param name="Bytes">That its pages take in the file.</param>
/// <param name="Values">Rows, NULL or not.</param>
internal readonly record struct ParquetChunk(int Group, int Column, long Start, long Bytes, long Values);

/// <summary>
/// What the footer of a file claims (parquet.thrift), read before Apache Arrow builds objects of it: each structure costs memory many times of its few bytes, and nested columns are followed by calls within
/// calls. Counts and places are compared with each other and with the file; the rest is Arrow's to judge.
/// </summary>
internal sealed class ParquetFooter
{
    /// <summary>Groups within groups in the schema.</summary>
    const int Deepest = 32;

    /// <summary>Bytes that Arrow takes for each of them, about.</summary>
    const int ChunkCost = 2_000, GroupCost = 500, ElementCost = 1_000, PairCost = 200;

    /// <summary>A share of the memory that pages may take, since both are there together.</summary>
    const int Share = 4;

    readonly List<string> _columns = [];
    readonly List<ParquetChunk> _chunks = [];
    readonly List<long> _rows = [];
    long _promised;
    long _cost;
    bool _encrypted;

    ParquetFooter()
    {
    }

    /// <summary>Names of the columns, nested ones too.</summary>
    public IReadOnlyList<string> Columns => _columns;

    /// <summary>Group by group, columns in their order.</summary>
    public IReadOnlyList<ParquetChunk> Chunks => _chunks;

    /// <summary>Of each group.</summary>
    public IReadOnlyList<long> Rows => _rows;

    /// <summary>Reads the footer of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="start">Where the footer begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="memory">Bytes that pages may take; the footer a quarter as much besides.</param>
    /// <param name="mostColumns">That are read.</param>
    /// <exception cref="InvalidDataException">What is wrong, as what follows the file's name.</exception>
    public static ParquetFooter Read(Stream file, long start, long end, long memory, int mostColumns)
    {
        var footer = new ParquetFooter { _cost = end - start };
        footer.Spend(0, memory);
        try
        {
            footer.ReadFile(new CompactReader(file, start, end), memory, mostColumns);
        }
        catch (InvalidDataException broken)
        {
            throw new InvalidDataException($"has a footer that {broken.Message}", broken);
        }

        return footer;
    }

    void ReadFile(CompactReader reader, long memory, int mostColumns)
    {
        for (var field = 0; reader.Next(ref field, out var type);)
        {
            switch (field)
            {
                case 2: ReadSchema(reader, type, memory, mostColumns); break;
                case 3: _promised = reader.Number(type, CompactType.Int64); break;
                case 4: ReadGroups(reader, type, memory); break;
                case 5:
                    for (var left = reader.List(type, out var pair); left > 0; left--)
                    {
                        Spend(PairCost, memory);
                        reader.Skip(pair);
                    }

                    break;
                case 8:
                    _encrypted = true;
                    reader.Skip(type);
                    break;
                default: reader.Skip(type); break;
            }
        }

        if (_encrypted) throw new InvalidDataException("says that it is encrypted");
        if (_rows.Exists(rows => rows < 0) || _rows.Sum() != _promised) throw new InvalidDataException($"promises {_promised} rows, and its groups have {_rows.Sum()}");
    }

    /// <summary>Elements in the order of a walk through the tree: a group says how many follow that are its own.</summary>
    void ReadSchema(CompactReader reader, CompactType type, long memory, int mostColumns)
    {
        var open = new Stack<long>();
        var root = true;
        for (var left = reader.List(type, out var element); left > 0; left--)
        {
            CompactReader.Expect(element, CompactType.Struct);
            Spend(ElementCost, memory);
            var (name, children) = ReadElement(reader);
            while (open.TryPeek(out var more) && more == 0) open.Pop();
            if (open.TryPop(out var siblings)) open.Push(siblings - 1);
            if (children > 0 || root) open.Push(children);
            else _columns.Add(name);
            root = false;
            if (open.Count > Deepest) throw new InvalidDataException($"nests columns more than {Deepest} deep");
            if (_columns.Count > mostColumns) throw new InvalidDataException($"names more than {mostColumns} columns");
        }
    }

    static (string Name, long Children) ReadElement(CompactReader reader)
    {
        const int LongestShown = 200;
        var (name, children) = ("", 0L);
        for (var field = 0; reader.Next(ref field, out var type);)
        {
            if (field == 4 && type == CompactType.Binary) name = Encoding.UTF8.GetString(reader.Text(LongestShown));
            else if (field == 5) children = reader.Number(type, CompactType.Int32);
            else reader.Skip(type);
        }

        return (name, children);
    }

    void ReadGroups(CompactReader reader, CompactType type, long memory)
    {
        for (var left = reader.List(type, out var group); left > 0; left--)
        {
            CompactReader.Expect(group, CompactType.Struct);
            Spend(GroupCost, memory);
            var rows = 0L;
            for (var field = 0; reader.Next(ref field, out var inner);)
            {
                if (field == 1) ReadChunks(reader, inner, memory);
                else if (field == 3) rows = reader.Number(inner, CompactType.Int64);
                else reader.Skip(inner);
            }

            _rows.Add(rows);
        }
    }

    void ReadChunks(CompactReader reader, CompactType type, long memory)
    {
        var column = 0;
        for (var left = reader.List(type, out var chunk); left > 0; left--)
        {
            CompactReader.Expect(chunk, CompactType.Struct);
            Spend(ChunkCost, memory);
            var read = default(ParquetChunk);
            for (var field = 0; reader.Next(ref field, out var inner);)
            {
                switch (field)
                {
                    case 1 when inner == CompactType.Binary:
                        if (reader.SkipText() > 0) throw new InvalidDataException("says that columns stand in another file");
                        break;
                    case 3:
                        CompactReader.Expect(inner, CompactType.Struct);
                        read = ReadMetaData(reader);
                        break;
                    case 8 or 9:
                        _encrypted = true;
                        reader.Skip(inner);
                        break;
                    default: reader.Skip(inner); break;
                }
            }

            _chunks.Add(read with { Group = _rows.Count, Column = column++ });
        }
    }

    static ParquetChunk ReadMetaData(CompactReader reader)
    {
        var (values, bytes, data, dictionary) = (0L, 0L, 0L, 0L);
        for (var field = 0; reader.Next(ref field, out var type);)
        {
            switch (field)
            {
                case 5: values = reader.Number(type, CompactType.Int64); break;
                case 7: bytes = reader.Number(type, CompactType.Int64); break;
                case 9: data = reader.Number(type, CompactType.Int64); break;
                case 11: dictionary = reader.Number(type, CompactType.Int64); break;
                default: reader.Skip(type); break;
            }
        }

        return new ParquetChunk(0, 0, dictionary > 0 && dictionary < data ? dictionary : data, bytes, values);
    }

    void Spend(int bytes, long memory)
    {
        _cost += bytes;
        if (_cost > memory / Share) throw new ParquetMemoryException($"has a footer that takes more than {memory / Share} bytes of memory, a quarter of what its pages may");
    }
}

/// <summary>What a file asks for is more than it may have.</summary>
internal sealed class ParquetMemoryException(string message) : Exception(message);
