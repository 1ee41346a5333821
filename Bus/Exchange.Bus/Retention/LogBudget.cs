using System.Globalization;
using Exchange.Bus.Attachments;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Log;
using Exchange.Contracts.Errors;

namespace Exchange.Bus.Retention;

/// <summary>
/// Keeps the rows of all logs and the contents of attachments within the budget of the hub: before a batch is appended or contents are taken, what nobody needs is dropped whatever its age (contents once
/// <see cref="ContentStore.ShortGrace"/> is over); where that is not enough, the reading of the source ends with what holds the room, and goes on by itself once there is some. What a subscriber still needs is never dropped for it. What others append within <see cref="Fresh"/> is not
/// seen at once: nodes together may pass the budget by what they append meanwhile. Safe for concurrent callers.
/// </summary>
internal sealed class LogBudget(KeepingBook book, IResourceLog log, LogTrim trim, ContentStore contents, ICatalogue catalogue, TimeProvider time) : IDisposable
{
    /// <summary>How long settings and usage that were read are gone by.</summary>
    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    readonly SemaphoreSlim _gate = new(1);
    long? _budget;
    long _used;
    long? _readAt; // of a clock that nobody sets

    /// <summary>Room for one more batch.</summary>
    /// <exception cref="ExchangeException">hub.log.full.</exception>
    public async Task AdmitAsync(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            if (_readAt is not { } read || time.GetElapsedTime(read) >= Fresh) await ReadAsync(cancel);
            if (_budget is not { } budget || _used < budget) return;
            await ReadAsync(cancel);
            if (_used >= _budget && await trim.RunAsync(TimeSpan.Zero, cancel) + await contents.SweepAsync(ContentStore.ShortGrace, cancel) > 0) await ReadAsync(cancel);
            if (_used >= _budget) throw await FullAsync(cancel);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>A batch was appended, or contents were kept: so many that stood already may be counted again until usage is read anew.</summary>
    public void Spent(long bytes) => Interlocked.Add(ref _used, bytes);

    public void Dispose() => _gate.Dispose();

    async Task ReadAsync(CancellationToken cancel)
    {
        _budget = (await book.ReadAsync(cancel)).Budget;
        if (_budget is not null) Interlocked.Exchange(ref _used, (await log.UsageAsync(cancel)).Sum(usage => usage.Bytes) + await contents.BytesAsync(cancel));
        _readAt = time.GetTimestamp();
    }

    async Task<ExchangeException> FullAsync(CancellationToken cancel)
    {
        var snapshot = await catalogue.ReadAsync(cancel);
        var attachments = await contents.BytesByResourceAsync(cancel);
        var largest = (await log.UsageAsync(cancel)).Select(usage => (usage.Resource, Bytes: usage.Bytes + attachments.GetValueOrDefault(usage.Resource))).OrderByDescending(usage => usage.Bytes).First();
        var floor = await trim.FloorAsync(snapshot, largest.Resource, time.GetUtcNow(), cancel);
        var why = floor switch
        {
            { NeededBy: { } subscription } => $"of which subscription {subscription} still needs what comes before batch {floor.FullStart}",
            { FullStart: 0 } => "of which no full is complete yet",
            _ => $"from its newest full at batch {floor.FullStart} on",
        };
        return new ExchangeException(ErrorCodes.LogFull, Party.Hub,
            string.Create(CultureInfo.InvariantCulture, $"The logs and contents of attachments hold {_used} bytes of the {_budget} that they may; most are of resource {largest.Resource}: {largest.Bytes} bytes, {why}."),
            "Give them more room by `exchange setup --log-budget`, or let the subscriber apply what it needs, or take its subscription out of the manifests; a full of that resource lets what is older go. Reading goes on by itself.");
    }
}
