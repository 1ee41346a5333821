using Exchange.Contracts.Rows;

namespace Exchange.Contracts.FrontEnd;

/// <summary>A column that is summed.</summary>
/// <param name="Name">In the table.</param>
/// <param name="Type">The type whose canonical text its values have; a column of another kind can't be summed in its database.</param>
public sealed record ChecksumColumn(string Name, ItemType Type);

/// <summary>What is summed of a table. Two tables are compared by columns of the same types in the same order.</summary>
public sealed record ChecksumQuery
{
    public required TableName Table { get; init; }

    /// <summary>All columns that count, the key's among them.</summary>
    public required IReadOnlyList<ChecksumColumn> Columns { get; init; }

    /// <summary>The key's places in <see cref="Columns"/>, in key order.</summary>
    public required IReadOnlyList<int> Key { get; init; }

    /// <summary>A boolean column that marks rows as deleted, which then do not count; null: none.</summary>
    public string? Deleted { get; init; }
}

/// <summary>Count and order-independent checksum of a whole table.</summary>
/// <param name="Rows">How many count.</param>
/// <param name="Sum">Of their hashes, modulo 2^64.</param>
public readonly record struct TableSum(long Rows, ulong Sum);

/// <summary>Counts and order-independent checksums of a table by ranges of its keys. A range holds the keys whose hash begins alike, so it means the same on every engine whatever its collations.</summary>
public sealed class RangeSums
{
    /// <summary>Ranges of a table: few enough for one statement's answer, many enough that what lies in one is read anew in no time.</summary>
    public const int Ranges = 4096;

    readonly long[] _counts = new long[Ranges];
    readonly ulong[] _sums = new ulong[Ranges];

    /// <summary>Of all ranges together.</summary>
    public TableSum Whole { get; private set; }

    public long CountOf(int range) => _counts[range];

    /// <param name="range">Of the key.</param>
    /// <param name="count">Rows.</param>
    /// <param name="sum">Of their hashes, modulo 2^64.</param>
    public void Add(int range, long count, ulong sum)
    {
        Whole = new TableSum(Whole.Rows + count, unchecked(Whole.Sum + sum));
        _counts[range] += count;
        _sums[range] = unchecked(_sums[range] + sum);
    }

    /// <summary>Ranges in which the two differ, rising.</summary>
    public IReadOnlyList<int> Differing(RangeSums other) =>
        [.. Enumerable.Range(0, Ranges).Where(range => _counts[range] != other._counts[range] || _sums[range] != other._sums[range])];
}

/// <summary>
/// Sums tables inside their database. How a row becomes a number is a form, named by a text; sums of the same form can be compared, wherever they were computed. Equal rows have equal numbers. Rows
/// that differ have different ones, and rows that exchanged values have another sum, but for a chance of 2^-60: a form mixes a row's values so that no part of a row adds to the sum by itself. Not for
/// hostile collisions: who can choose values to collide can as well write them equal. Reading changes nothing. Safe for concurrent callers.
/// </summary>
public interface IChecksums
{
    /// <summary>Forms in which the table can be summed, the fastest first; empty: its database can't.</summary>
    Task<IReadOnlyList<string>> FormsAsync(ChecksumQuery query, CancellationToken cancel);

    /// <summary>Sums the whole table by one plain aggregate: the cheapest way to learn that two tables are equal.</summary>
    /// <inheritdoc cref="SumAsync"/>
    Task<TableSum> SumWholeAsync(ChecksumQuery query, string form, CancellationToken cancel);

    /// <summary>Sums the table by ranges of its keys; they make up the whole.</summary>
    /// <param name="query">What is summed.</param>
    /// <param name="form">One of <see cref="FormsAsync"/>.</param>
    /// <param name="cancel">Stops the statement.</param>
    Task<RangeSums> SumAsync(ChecksumQuery query, string form, CancellationToken cancel);

    /// <summary>A SELECT of all the table's columns of the rows whose keys lie in those ranges (those marked as deleted too), to be read as <see cref="SourceQuery.Query"/>.</summary>
    string Select(ChecksumQuery query, string form, IReadOnlyList<int> ranges);
}
