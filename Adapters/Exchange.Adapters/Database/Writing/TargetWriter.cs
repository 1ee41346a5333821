using System.Collections.Concurrent;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Adapters.Database.Writing;

/// <summary>Prepares targets and begins transactions on them. Safe for concurrent callers, also on several nodes.</summary>
internal sealed class TargetWriter(TargetEngine engine, FrontEndConnection connection) : ITargetWriter
{
    readonly ConcurrentDictionary<string, FreshTarget> _fresh = new(StringComparer.Ordinal);

    public Task<IReadOnlyList<string>> EnsureAsync(TargetTable target, bool create, CancellationToken cancel) => engine.OnSessionAsync(connection, "preparing", target.Table, async session =>
    {
        var misfits = await new TablePreparation(engine, connection).PrepareAsync(session, [(target, create), .. Beside(target).Select(table => (table, true))], cancel);
        // Before any row can refer to contents.
        if (misfits.Count == 0 && target.HasAttachments) await new AttachmentMarks(engine, target.Table).RegisterAsync(session, target, cancel);
        return misfits;
    }, cancel);

    public Task<ITargetTransaction> BeginAsync(TargetTable target, CancellationToken cancel) => engine.RunAsync<ITargetTransaction>(connection, "connecting to write", target.Table, async () =>
    {
        var session = await engine.OpenAsync(connection, cancel);
        return engine.Transaction(session, connection, target, _fresh.GetOrAdd(target.Subscription, _ => new FreshTarget()));
    }, cancel);

    static TargetTable[] Beside(TargetTable target) => target.HasAttachments
        ? [AppliedLedger.Shape(target.Table), AttachmentTableWriter.Shape(target.Table), AttachmentMarks.Columns(target.Table), AttachmentMarks.Unused(target.Table)]
        : [AppliedLedger.Shape(target.Table)];
}
