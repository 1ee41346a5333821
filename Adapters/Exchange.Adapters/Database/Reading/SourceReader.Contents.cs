using System.Runtime.ExceptionServices;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Reading;

internal sealed partial class SourceReader
{
    public async Task<SourcePage> ReadContentsAsync(SourceQuery query, RowBatch key, IContentTaker taker, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Count, 1);
        if (!query.KeyIsUnique) throw new ArgumentException("Contents are read by a unique key.", nameof(query));
        // What the taker throws is no fault of the source.
        ExceptionDispatchInfo? refused = null;
        try
        {
            return await GuardedAsync(query, async session =>
            {
                var plan = await PlanAsync(session, query, cancel);
                var page = new PageBuilder(plan.Columns, plan.Key.Count, query, 1, long.MaxValue, _local.Value);
                await session.ReadKeysAsync((from, condition) => $"SELECT {ReadPlan.Texts(session, plan.Key)}, {plan.Values(session)} FROM {from} WHERE {condition}", plan.From, plan.Key, key, page, cancel);
                for (var at = 0; page.Rows.Count > 0 && at < plan.Columns.Count; at++)
                {
                    if (plan.Columns[at] is not { Part: CellPart.Small, Of: { } column } || !page.Rows.Columns[at].IsNull(0)) continue;
                    var size = (LongColumn)page.Rows.Columns[at + 1];
                    if (size.IsNull(0) || !taker.Wants(column.Item, size[0])) continue;
                    await session.ReadContentsAsync(query, plan, key, column, piece => TakeAsync(column.Item, piece), cancel);
                }

                return page.Page(null);
            }, cancel);
        }
        catch when (refused is not null)
        {
            refused.Throw();
            throw;
        }

        async ValueTask TakeAsync(string item, ReadOnlyMemory<byte> piece)
        {
            try
            {
                await taker.TakeAsync(item, piece, cancel);
            }
            catch (Exception exception)
            {
                refused = ExceptionDispatchInfo.Capture(exception);
                throw;
            }
        }
    }
}
