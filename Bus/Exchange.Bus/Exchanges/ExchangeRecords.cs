using Exchange.Bus.Catalogue;
using Exchange.Bus.Delivery;
using Exchange.Bus.Intake;
using Exchange.Bus.Log;
using Exchange.Bus.Quarantine;
using Exchange.Bus.Runs;
using Exchange.Contracts.Operations;

namespace Exchange.Bus.Exchanges;

/// <inheritdoc cref="IExchangeRecords"/>
internal sealed class ExchangeRecords(ICatalogue catalogue, IRuns runs, IResourceLog log, IQuarantine quarantine, SourceStates sources, DeliveryStates deliveries) : IExchangeRecords
{
    public async Task<IReadOnlyList<RunView>> RunsAsync(string? resource, string? subscription, int most, CancellationToken cancel) =>
        [.. (await runs.ListAsync(resource, subscription, most, cancel)).Select(View)];

    public async Task<RunView?> RunAsync(long id, CancellationToken cancel) => await runs.FindAsync(id, cancel) is { } run ? View(run) : null;

    public async Task<IReadOnlyList<BatchView>> BatchesAsync(string? resource, int most, CancellationToken cancel)
    {
        var names = resource is null ? (await catalogue.ReadAsync(cancel)).Resources.Keys.Order(StringComparer.Ordinal) : Enumerable.Repeat(resource, 1);
        var batches = new List<BatchView>();
        foreach (var name in names)
        {
            if (await log.HeadAsync(name, cancel) is not { } head) continue;
            batches.AddRange((await log.ReadAsync(name, Math.Max(0, head.Number - most), most, cancel)).Select(View));
        }

        return [.. batches.OrderByDescending(batch => batch.Appended).ThenByDescending(batch => batch.Number).Take(most)];
    }

    public async Task<BatchView?> BatchAsync(string resource, long number, CancellationToken cancel) =>
        await log.FindAsync(resource, number, cancel) is { } batch ? View(batch) : null;

    public async Task<IReadOnlyList<RefusedRowView>> RefusedRowsAsync(string? resource, string? subscription, bool openOnly, int most, CancellationToken cancel) =>
        [.. (await quarantine.ListAsync(resource, subscription, openOnly, most, cancel)).Select(row => new RefusedRowView
        {
            Id = row.Id,
            Resource = row.Resource,
            Subscription = row.Subscription,
            Key = row.Key,
            Values = row.Values,
            Broken = [.. row.Broken.Select(broken => new BrokenRuleView(broken.Rule, broken.Item, broken.Value, broken.Message))],
            Batch = row.Batch,
            Run = row.Run,
            Refused = row.RefusedAt,
            ClosedBatch = row.ClosedBatch,
        })];

    public async Task<IReadOnlyList<HoldView>> HoldsAsync(CancellationToken cancel)
    {
        var snapshot = await catalogue.ReadAsync(cancel);
        var holds = new List<HoldView>();
        foreach (var name in snapshot.Resources.Keys.Order(StringComparer.Ordinal))
            if ((await sources.ReadAsync(name, cancel)).Hold is { } hold) holds.Add(View("resource", name, hold));
        foreach (var name in snapshot.Subscriptions.Keys.Order(StringComparer.Ordinal))
            if ((await deliveries.ReadAsync(name, cancel))?.Hold is { } hold) holds.Add(View("subscription", name, hold));
        return holds;
    }

    static HoldView View(string kind, string name, Hold hold) => new(kind, name, hold.Code, hold.Party, hold.Message, hold.Next, hold.Since);

    static BatchView View(LogBatch batch) => new()
    {
        Resource = batch.Resource,
        Number = batch.Number,
        Kind = batch.Kind.ToString().ToLowerInvariant(),
        State = batch.State.ToString().ToLowerInvariant(),
        Run = batch.Run,
        Upserts = batch.Upserts,
        Deletes = batch.Deletes,
        Bytes = batch.PayloadBytes,
        Digest = batch.Digest,
        Appended = batch.AppendedAt,
    };

    static RunView View(RunRecord run) => new()
    {
        Id = run.Id,
        Resource = run.Resource,
        Subscription = run.Subscription,
        Kind = run.Kind,
        State = run.State.ToString().ToLowerInvariant(),
        Started = run.StartedAt,
        Ended = run.EndedAt,
        Read = run.Read,
        Accepted = run.Accepted,
        Rejected = run.Rejected,
        Deleted = run.Deleted,
        Closed = run.Closed,
        Delivered = run.DeliveredUpserts + run.DeliveredDeletes,
        Batches = run.Batches,
        Bytes = run.Bytes,
        SourceMilliseconds = (long)run.WaitedSource.TotalMilliseconds,
        TargetMilliseconds = (long)run.WaitedTarget.TotalMilliseconds,
        Node = run.Node,
        ErrorCode = run.ErrorCode,
        Error = run.ErrorMessage,
        Next = run.Next,
    };
}
