using Exchange.Contracts.FrontEnd;

namespace Exchange.Adapters.Database.Reading;

/// <summary>The pieces of SQL that one read is made of. The source always has the alias s.</summary>
internal sealed class ReadPlan
{
    readonly SqlDialect _dialect;
    readonly SourceQuery _query;

    public ReadPlan(SqlDialect dialect, SourceQuery query, string from, IReadOnlyList<ColumnShape> columns)
    {
        (_dialect, _query, From, Columns) = (dialect, query, from, columns);
        Key = Find(query.Key);
    }

    public string From { get; }

    public IReadOnlyList<ColumnShape> Columns { get; }

    public IReadOnlyList<ColumnShape> Key { get; }

    public IReadOnlyList<ColumnShape> Find(IEnumerable<string> items) =>
        [.. items.Select(item => Columns.FirstOrDefault(column => column.Item == item) ?? throw new ArgumentException($"'{item}' is not among the columns that are read."))];

    public string Values(ReadSession session) => string.Join(", ", Columns.Select(column => column.Part switch
    {
        CellPart.Small => $"CASE WHEN {session.Size(column.Of!)} <= {_query.LargestCell} THEN {session.Contents(column.Of!)} END",
        CellPart.Size => session.Size(column.Of!),
        _ => session.Value(column),
    }));

    public static string Texts(ReadSession session, IEnumerable<ColumnShape> columns) => string.Join(", ", columns.Select(session.OrderText));

    public static string OrderBy(ReadSession session, IEnumerable<ColumnShape> columns, bool codePoint) => string.Join(", ", columns.Select(column => session.Order(column, codePoint)));

    /// <summary>Key past the parameters from number <paramref name="first"/> on.</summary>
    public string After(ReadSession session, bool codePoint, int first) => Compare(session, codePoint, first, ">", ">");

    /// <summary>Key at or before the parameters.</summary>
    public string UpTo(ReadSession session, int first) => Compare(session, codePoint: true, first, "<", "<=");

    /// <summary>
    /// One row for each key of those that the condition lets through, counted. NULL in a Latest column is least: PostgreSQL is told, the others put it last by themselves.
    /// </summary>
    public string Grouped(ReadSession session, string from, string condition)
    {
        var key = string.Join(", ", Key.Select(column => session.Order(column, codePoint: true)));
        var latest = Find(_query.Latest);
        // Any row may stand for its key: all of a partition have one place in an order by the key, and some engines ask for one.
        var order = latest.Count == 0 ? " ORDER BY " + key : " ORDER BY " + string.Join(", ", latest.Select(column => session.Order(column, codePoint: true) + (session.NullsLast ? " DESC NULLS LAST" : " DESC")));
        var ties = latest.Count == 0 ? "" : $", count(*) OVER (PARTITION BY {key}, {string.Join(", ", latest.Select(column => session.Order(column, codePoint: true)))}) AS exchange_ties";
        var columns = string.Join(", ", Columns.Select(column => "s." + _dialect.Quote(column.Column)).Distinct());
        return $"""
            SELECT {Texts(session, Key)}, {Values(session)}, s.exchange_copies{(ties.Length == 0 ? "" : ", s.exchange_ties")} FROM (
            SELECT {columns}, count(*) OVER (PARTITION BY {key}) AS exchange_copies{ties}, row_number() OVER (PARTITION BY {key}{order}) AS exchange_rank
            FROM {from} WHERE {condition}) s WHERE s.exchange_rank = 1
            """;
    }

    /// <summary>Lexicographic comparison that engines answer from an index: by row where they can, else with the leading column bounded apart.</summary>
    string Compare(ReadSession session, bool codePoint, int first, string strict, string last)
    {
        var left = Key.Select(column => session.Order(column, codePoint)).ToList();
        var right = Key.Select((column, at) => session.Parameter(column, first + at, codePoint)).ToList();
        if (left.Count == 1) return $"{left[0]} {last} {right[0]}";
        if (session.ComparesRows) return $"({string.Join(", ", left)}) {last} ({string.Join(", ", right)})";
        var nested = $"{left[^1]} {last} {right[^1]}";
        for (var at = left.Count - 2; at >= 0; at--) nested = $"{left[at]} {strict} {right[at]} OR ({left[at]} = {right[at]} AND ({nested}))";
        return $"({left[0]} {strict}= {right[0]} AND ({nested}))";
    }
}
