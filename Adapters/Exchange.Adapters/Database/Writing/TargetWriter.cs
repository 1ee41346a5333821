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
        var misfits = await new TablePreparation(engine, connection).PrepareAsync(session, [(target, create), .. Beside(target).Select(table => (table, true))], cancel);
        // Before any row can refer to contents.
        if (misfits.Count == 0 && target.HasAttachments) await new AttachmentMarks(engine, target.Table).RegisterAsync(session, target, cancel);
        return misfits;
    }, cancel);

    public Task<ITargetTransaction> BeginAsync(TargetTable target, CancellationToken cancel) => RunAsync<ITargetTransaction>("connecting to write", target, async () =>
    {
        var session = await engine.OpenAsync(connection, cancel);
        return engine.Transaction(session, connection, target, _fresh.GetOrAdd(target.Subscription, _ => new FreshTarget()));
    }, cancel);

    static TargetTable[] Beside(TargetTable target) => target.HasAttachments
        ? [AppliedLedger.Shape(target.Table), AttachmentTableWriter.Shape(target.Table), AttachmentMarks.Columns(target.Table), AttachmentMarks.Unused(target.Table)]
        : [AppliedLedger.Shape(target.Table)];

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
