using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Reading;

/// <summary>
/// Reads a source of any engine; what engines do differently is in <see cref="ReadSession"/>. Each call has a connection and a read-only transaction of its own.
/// Where the key is unique, pages follow the engine's own order, so that its index serves. Where it is not, keys are grouped by code point, and a page takes the rows up to
/// a key that is looked up first, so that only they are grouped. Rows with NULL in the key come last, ordered by all columns and counted.
/// </summary>
internal sealed partial class SourceReader(FrontEndConnection connection, SqlDialect dialect, Func<CancellationToken, Task<ReadSession>> open) : ISourceReader
{
    readonly Lazy<LocalTime> _local = new(() => new LocalTime(connection));

    public Task<SourcePage> ReadPageAsync(SourceQuery query, string? resume, int rows, long bytes, CancellationToken cancel) =>
        GuardedAsync(query, async session =>
        {
            var plan = await PlanAsync(session, query, cancel);
            var token = ResumeToken.Parse(resume, plan.Key.Count);
            if (token?.NullRows is { } passed) return await NullKeysAsync(session, query, plan, passed, rows, bytes, cancel);

            var page = query.KeyIsUnique
                ? await UniqueAsync(session, plan, token, rows, new PageBuilder(plan.Columns, plan.Key.Count, query, rows, bytes, _local.Value), cancel)
                : await GroupedAsync(session, query, plan, token, rows, bytes, cancel);
            if (page.Rows.Count == 0) return await NullKeysAsync(session, query, plan, 0, rows, bytes, cancel);
            // Fewer rows than asked for and not stopped for their size: the next are those without a whole key.
            return page.Page(page.Stopped || page.Rows.Count >= rows || !query.KeyIsUnique ? page.Place() : ResumeToken.AmongNulls(0));
        }, cancel);

    async Task<PageBuilder> UniqueAsync(ReadSession session, ReadPlan plan, ResumeToken? token, long limit, PageBuilder page, CancellationToken cancel)
    {
        List<string> conditions = [.. plan.Key.Select(column => $"s.{dialect.Quote(column.Column)} IS NOT NULL")];
        if (token is not null) conditions.Add(plan.After(session, codePoint: false, first: 0));
        var sql = $"SELECT {ReadPlan.Texts(session, plan.Key)}, {plan.Values(session)} FROM {plan.From} WHERE {string.Join(" AND ", conditions)} ORDER BY {ReadPlan.OrderBy(session, plan.Key, codePoint: false)} {dialect.Limit(limit)}";
        await session.ReadAsync(sql, Parts(token), page, cancel);
        return page;
    }

    async Task<PageBuilder> GroupedAsync(ReadSession session, SourceQuery query, ReadPlan plan, ResumeToken? token, int rows, long bytes, CancellationToken cancel)
    {
        List<string> conditions = [.. plan.Key.Select(column => $"s.{dialect.Quote(column.Column)} IS NOT NULL")];
        List<byte[]> parameters = [.. Parts(token)];
        if (token is not null) conditions.Add(plan.After(session, codePoint: true, first: 0));

        var order = ReadPlan.OrderBy(session, plan.Key, codePoint: true);
        var last = new PageBuilder([], plan.Key.Count, query, 1, long.MaxValue, _local.Value);
        await session.ReadAsync($"SELECT {ReadPlan.Texts(session, plan.Key)} FROM {plan.From} WHERE {string.Join(" AND ", conditions)} ORDER BY {order} {dialect.Limit(1, rows - 1)}", parameters, last, cancel);
        if (last.Rows.Count > 0)
        {
            conditions.Add(plan.UpTo(session, parameters.Count));
            for (var at = 0; at < plan.Key.Count; at++) parameters.Add(last.Kept(at)!.Value.ToArray());
        }

        var page = new PageBuilder(plan.Columns, plan.Key.Count, query, rows, bytes, _local.Value) { Copies = [], Ties = query.Latest.Count > 0 ? [] : null };
        await session.ReadAsync($"{plan.Grouped(session, plan.From, string.Join(" AND ", conditions))} ORDER BY {order}", parameters, page, cancel);
        return page;
    }

    async Task<SourcePage> NullKeysAsync(ReadSession session, SourceQuery query, ReadPlan plan, long passed, int rows, long bytes, CancellationToken cancel)
    {
        var page = new PageBuilder(plan.Columns, 0, query, rows, bytes, _local.Value)
        {
            Copies = query.KeyIsUnique ? null : [],
            Ties = query.KeyIsUnique || query.Latest.Count == 0 ? null : [],
        };
        var counts = page.Copies is null ? "" : page.Ties is null ? ", 1" : ", 1, 1";
        var nulls = string.Join(" OR ", plan.Key.Select(column => $"s.{dialect.Quote(column.Column)} IS NULL"));
        await session.ReadAsync($"SELECT {plan.Values(session)}{counts} FROM {plan.From} WHERE {nulls} ORDER BY {ReadPlan.Texts(session, plan.Columns.DistinctBy(column => column.Column))} {dialect.Limit(rows, passed)}", [], page, cancel);
        return page.Page(page.Rows.Count > 0 && (page.Stopped || page.Rows.Count >= rows) ? ResumeToken.AmongNulls(passed + page.Rows.Count) : null);
    }

    async Task<ReadPlan> PlanAsync(ReadSession session, SourceQuery query, CancellationToken cancel)
    {
        var from = From(query);
        var columns = await session.ShapesAsync(from, query.Columns, cancel);
        return new ReadPlan(dialect, query, from, [.. columns.Select((column, at) => query.Columns[at].Part is not CellPart.Whole and var part ? Part(session, query, column, part) : column)]);
    }

    ColumnShape Part(ReadSession session, SourceQuery query, ColumnShape column, CellPart part)
    {
        if (column.Type.IsText || column.Type.Kind == ItemKind.Binary) return session.PartOf(column, part) with { Part = part, Of = column };
        throw new FrontEndException(FrontEndFault.Standing, ErrorCodes.FrontEndUnfit, Party.Provider, $"{connection}: column '{column.Column}' of {Label(query)} reads as {column.Type}; an attachment is binary or text.",
            "Name the column that holds the contents, or give the item another type.");
    }

    /// <summary>A query's last line may be a comment, and its last sign a semicolon.</summary>
    string From(SourceQuery query) => query switch
    {
        { Table: { } table } => $"{dialect.Quote(table)} s",
        { Query: { } text } => $"(\n{text.Trim().TrimEnd(';')}\n) s",
        _ => throw new ArgumentException("A source has a table or a query.", nameof(query)),
    };

    static List<byte[]> Parts(ResumeToken? token) => token is null ? [] : [.. token.Parts.OfType<byte[]>()];

    async Task<T> GuardedAsync<T>(SourceQuery query, Func<ReadSession, Task<T>> read, CancellationToken cancel)
    {
        try
        {
            await using var session = await open(cancel);
            return await read(session);
        }
        catch (Exception exception) when (exception is not OperationCanceledException and not FrontEndException and not ArgumentException)
        {
            throw dialect.Classify(exception, connection, $"reading {Label(query)}");
        }
    }

    static string Label(SourceQuery query) => query.Table?.ToString() ?? "the query";
}
