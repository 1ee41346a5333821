using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.PostgreSql;

/// <summary>
/// Hashes of rows as expressions of PostgreSQL's own hash functions. hash_record_extended alone will not do, and is not the fastest:
/// it adds up its columns' hashes, each times a power of 31, so rows that exchange values have the same sum. A column whose hash is seeded by the hash of the others mixes the row, and for texts, the
/// usual columns, that also saves building and taking apart a record.
/// It leaves out the sign of a numeric, and folds whole numbers of 64 bits and timestamps to 32. The sign is hashed as a value of its own, the others by their eight bytes.
/// </summary>
/// <param name="query">What is summed.</param>
/// <param name="named">The expression of a column.</param>
internal sealed class PostgreSqlRowHash(ChecksumQuery query, Func<string, string> named)
{
    /// <summary>Stands for a text that is NULL; no text is like it by accident.</summary>
    const string Null = "'NULL 0f6c1d5e9b7a4c83'";

    /// <summary>Further texts lie in the record: expressions that are nested too deeply exceed the server's stack.</summary>
    const int MostNested = 64;

    /// <summary>Of the key alone.</summary>
    public string Key => Of(query.Key);

    /// <summary>Of all columns.</summary>
    public string Row => Of([.. Enumerable.Range(0, query.Columns.Count)]);

    string Of(IReadOnlyList<int> columns)
    {
        List<int> mixing = [.. columns.Where(at => query.Columns[at].Type.IsText).Take(MostNested)];
        if (mixing.Count == 0) mixing.Add(query.Key[0]);
        var others = columns.Except(mixing).ToList();
        return mixing.Aggregate(others.Count == 0 ? "0" : Record(others, "0"), (seed, at) =>
            query.Columns[at].Type.IsText ? $"hashtextextended(coalesce({Bytes(query.Columns[at])}, {Null}), {seed})" : Record([at], seed));
    }

    string Record(IEnumerable<int> columns, string seed) => $"hash_record_extended(ROW({string.Join(", ", columns.Select(at => Value(query.Columns[at])))}), {seed})";

    string Value(ChecksumColumn column) => column.Type.Kind switch
    {
        ItemKind.String or ItemKind.Text => Bytes(column),
        ItemKind.Int64 => $"int8send({named(column.Name)})",
        ItemKind.Timestamp => $"timestamptz_send({named(column.Name)})",
        ItemKind.Decimal => $"{named(column.Name)}, {named(column.Name)} < 0",
        _ => named(column.Name),
    };

    /// <summary>A collation may take texts for equal whose bytes differ.</summary>
    string Bytes(ChecksumColumn column) => $"{named(column.Name)} COLLATE \"C\"";
}
