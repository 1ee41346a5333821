using Exchange.Bus.Attachments;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Log;
using Exchange.Contracts.Operations;

namespace Exchange.Bus.Retention;

/// <inheritdoc cref="ILogs"/>
internal sealed class LogRecords(ICatalogue catalogue, IResourceLog log, LogTrim trim, ContentStore contents, KeepingBook book) : ILogs
{
    public Task<LogKeeping> KeepingAsync(CancellationToken cancel) => book.ReadAsync(cancel);

    public Task SetKeepingAsync(LogKeeping keeping, CancellationToken cancel) => book.SetAsync(keeping, cancel);

    public async Task<IReadOnlyList<LogView>> ListAsync(string? resource, CancellationToken cancel)
    {
        var snapshot = await catalogue.ReadAsync(cancel);
        var attachments = await contents.BytesByResourceAsync(cancel);
        var views = new List<LogView>();
        foreach (var usage in (await log.UsageAsync(cancel)).Where(usage => resource is null || usage.Resource == resource))
        {
            var floor = await trim.FloorAsync(snapshot, usage.Resource, DateTimeOffset.MaxValue, cancel);
            views.Add(new LogView
            {
                Resource = usage.Resource, Newest = usage.Newest, OldestKept = usage.OldestKept, Kept = usage.Kept, Bytes = usage.Bytes, Contents = attachments.GetValueOrDefault(usage.Resource), Dropped = usage.Dropped,
                FullStart = floor.FullStart, NeededBy = floor.NeededBy,
            });
        }

        return views;
    }
}
