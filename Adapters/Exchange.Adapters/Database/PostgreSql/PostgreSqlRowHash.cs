using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.PostgreSql;

/// <summary>
/// A row's hash as an expression of PostgreSQL's own hash functions. Three things must be mended before their sum can stand for a table:
/// hash_record_extended adds up its columns' hashes, each times a power of 31, so rows that exchange values have the same sum: a key column's hash, seeded by the hash of all the others, mixes the row.
/// A whole number of 64 bits is folded to 32: its upper half is hashed as well, and so is a timestamp's.
/// The sign of a numeric is left out: it is hashed as a column of its own.
/// </summary>
internal sealed class PostgreSqlRowHash
{
    /// <summary>Of the key alone.</summary>
    public string Key { get; }

    /// <summary>Of all columns.</summary>
    public string Row { get; }

    /// <param name="query">What is summed.</param>
    /// <param name="named">The expression of a column.</param>
    public PostgreSqlRowHash(ChecksumQuery query, Func<string, string> named)
    {
        var values = query.Columns.Select(column => Value(named(column.Name), column.Type)).ToList();
        var beside = query.Columns.Select(column => Beside(named(column.Name), column.Type)).OfType<string>();
        // Text, the usual key, needs no record to be built of it.
        var mixes = query.Key.Where(at => query.Columns[at].Type.IsText).DefaultIfEmpty(query.Key[0]).First();
        var mixed = values.Where((_, at) => at != mixes).Concat(beside).ToList();
        Key = query.Key.Count == 1 ? Hash(values[mixes], query.Columns[mixes].Type, "0") : Record(query.Key.Select(at => values[at]), "0");
        Row = Hash(values[mixes], query.Columns[mixes].Type, mixed.Count == 0 ? "0" : Record(mixed, "0"));
    }

    /// <summary>Collations decide what is equal; bytes do here.</summary>
    static string Value(string column, ItemType type) => type.IsText ? $"{column} COLLATE \"C\"" : column;

    /// <summary>What the hash of the value leaves out; null: nothing.</summary>
    static string? Beside(string column, ItemType type) => type.Kind switch
    {
        ItemKind.Int64 => $"({column}::bigint >> 32)::int",
        ItemKind.Decimal => $"{column} < 0",
        ItemKind.Timestamp => $"date_part('epoch', {column})",
        _ => null,
    };

    static string Hash(string value, ItemType type, string seed) => type.IsText ? $"hashtextextended({value}, {seed})" : Record([value], seed);

    static string Record(IEnumerable<string> values, string seed) => $"hash_record_extended(ROW({string.Join(", ", values)}), {seed})";
}
