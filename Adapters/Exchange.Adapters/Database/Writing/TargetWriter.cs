using System.Collections.Concurrent;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Adapters.Database.Writing;

/// <summary>Prepares targets and begins transactions on them. Safe for concurrent callers, also on several nodes.</summary>
internal sealed class TargetWriter(TargetEngine engine, FrontEndConnection connection) : ITargetWriter
{
    readonly ConcurrentDictionary<string, FreshTarget> _fresh = new(StringComparer.Ordinal);

    public Task<IReadOnlyList<string>> EnsureAsync(TargetTable target, bool create, CancellationToken cancel) => RunAsync("preparing", target, async () =>
    {
        await using var session = await engine.OpenAsync(connection, cancel);
        return await new TablePreparation(engine, connection).PrepareAsync(session, [(target, create), (AppliedLedger.Shape(target.Table), true), .. target.HasAttachments ? [(AttachmentTableWriter.Shape(target.Table), true)] : Array.Empty<(TargetTable, bool)>()], cancel);
    }, cancel);

    public Task<ITargetTransaction> BeginAsync(TargetTable target, CancellationToken cancel) => RunAsync<ITargetTransaction>("connecting to write", target, async () =>
    {
        var session = await engine.OpenAsync(connection, cancel);
        return engine.Transaction(session, connection, target, _fresh.GetOrAdd(target.Subscription, _ => new FreshTarget()));
    }, cancel);

    async Task<T> RunAsync<T>(string doing, TargetTable target, Func<Task<T>> work, CancellationToken cancel)
    {
        try
        {
            return await work();
        }
        catch (Exception exception) when (!(exception is OperationCanceledException && cancel.IsCancellationRequested))
        {
            throw engine.Classify(exception, connection, $"{doing} {connection.Name}.{target.Table}");
        }
    }
}
