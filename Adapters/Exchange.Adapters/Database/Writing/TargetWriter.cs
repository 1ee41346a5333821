using System.Collections.Concurrent;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Adapters.Database.Writing;

/// <summary>Prepares targets and begins transactions on them. Safe for concurrent callers, also on several nodes.</summary>
internal sealed class TargetWriter(TargetEngine engine, FrontEndConnection connection) : ITargetWriter
{
    readonly ConcurrentDictionary<string, FreshTarget> _fresh = new(StringComparer.Ordinal);

    public async Task<IReadOnlyList<string>> EnsureAsync(TargetTable target, bool create, CancellationToken cancel)
    {
        await using var session = await engine.OpenAsync(connection, cancel);
        try
        {
            return await new TablePreparation(engine, connection).PrepareAsync(session, [(target, create), (AppliedLedger.Shape(target.Table), true)], cancel);
        }
        catch (Exception exception) when (exception is not FrontEndException && !(exception is OperationCanceledException && cancel.IsCancellationRequested))
        {
            throw engine.Dialect.Classify(exception, connection, $"preparing {connection.Name}.{target.Table}");
        }
    }

    public async Task<ITargetTransaction> BeginAsync(TargetTable target, CancellationToken cancel)
    {
        var session = await engine.OpenAsync(connection, cancel);
        return engine.Transaction(session, connection, target, _fresh.GetOrAdd(target.Subscription, _ => new FreshTarget()));
    }
}
