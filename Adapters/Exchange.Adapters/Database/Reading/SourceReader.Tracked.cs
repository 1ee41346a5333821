using Exchange.Contracts.FrontEnd;

namespace Exchange.Adapters.Database.Reading;

internal sealed partial class SourceReader
{
    /// <summary>Rows that are read past a full page, for those that stand at its last place.</summary>
    const int Together = 1_000;

    public Task<TrackPoint> TrackAsync(SourceQuery query, string column, CancellationToken cancel) => GuardedAsync(query, async session =>
    {
        var plan = await PlanAsync(session, query, cancel);
        return await session.TrackAsync(plan.From, plan.Find([column])[0], cancel);
    }, cancel);

    public Task<SourcePage> ReadTrackedAsync(SourceQuery query, TrackBound bound, string? resume, int rows, long bytes, CancellationToken cancel) => GuardedAsync(query, async session =>
    {
        var plan = await PlanAsync(session, query, cancel);
        var order = plan.Find(bound.Columns.Concat(query.Key.Except(bound.Columns)));
        var token = ResumeToken.Parse(resume, order.Count);
        var parameters = new List<byte[]>();
        List<string> conditions = [$"s.{dialect.Quote(order[0].Column)} IS NOT NULL", await session.BoundAsync(query, bound, order[0], parameters, cancel)];
        if (token is not null) conditions.Add(Past(session, order, token, parameters));
        var sql = $"SELECT {ReadPlan.Texts(session, order)}, {plan.Values(session)} FROM {plan.From} WHERE {string.Join(" AND ", conditions)} ORDER BY {ReadPlan.OrderBy(session, order, codePoint: false)} ";

        // Rows that share tracked columns and key have one place; a page never parts them, so a page may be longer by them.
        for (var extra = query.KeyIsUnique ? 1L : Together; ; extra *= Together)
        {
            var limit = rows + extra;
            var page = new PageBuilder(plan.Columns, order.Count, query, rows, bytes, _local.Value) { KeepTogether = true };
            await session.ReadAsync(sql + dialect.Limit(limit), parameters, page, cancel);
            if (page.Stopped || page.Rows.Count < limit) return page.Page(page.Stopped ? page.Place() : null);
        }
    }, cancel);

    /// <summary>Past the token's row in the order, where any column but the first may hold NULL.</summary>
    static string Past(ReadSession session, IReadOnlyList<ColumnShape> order, ResumeToken token, List<byte[]> parameters)
    {
        var numbers = new int?[order.Count];
        for (var at = 0; at < order.Count; at++)
        {
            if (token.Parts[at] is not { } part) continue;
            numbers[at] = parameters.Count;
            parameters.Add(part);
        }

        var nested = Greater(order.Count - 1);
        for (var at = order.Count - 2; at >= 0; at--) nested = $"{Greater(at)} OR ({Same(at)} AND ({nested}))";
        return numbers[0] is { } leading ? $"({Left(0)} >= {session.Parameter(order[0], leading, codePoint: false)} AND ({nested}))" : $"({nested})";

        string Left(int at) => session.Order(order[at], codePoint: false);
        string Same(int at) => numbers[at] is { } number ? $"{Left(at)} = {session.Parameter(order[at], number, codePoint: false)}" : $"{Left(at)} IS NULL";
        string Greater(int at) => (numbers[at], session.NullsLast) switch
        {
            ({ } number, true) => $"({Left(at)} > {session.Parameter(order[at], number, codePoint: false)} OR {Left(at)} IS NULL)",
            ({ } number, false) => $"{Left(at)} > {session.Parameter(order[at], number, codePoint: false)}",
            (null, true) => "1 = 0",
            (null, false) => $"{Left(at)} IS NOT NULL",
        };
    }
}
