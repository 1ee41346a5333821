using Exchange.Contracts.FrontEnd;
using System.Collections.Concurrent;
using System.Data.Common;

namespace Exchange.Adapters.Database.Writing;

/// <summary>Prepares targets and begins transactions on them. Safe for concurrent callers, also on several nodes.</summary>
internal sealed class TargetWriter(TargetEngine engine, FrontEndConnection connection) : ITargetWriter
{
    const string Preparing = "tables of the exchange hub";

    readonly ConcurrentDictionary<string, FreshTarget> _fresh = new(StringComparer.Ordinal);

    public async Task<IReadOnlyList<string>> EnsureAsync(TargetTable target, bool create, CancellationToken cancel)
    {
        await using var session = await engine.OpenAsync(connection, cancel);
        IReadOnlyList<string> problems = [];
        try
        {
            await engine.ExclusivelyAsync(session, Preparing, async () => problems = await MakeFitAsync(session, target, create, cancel), cancel);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or FrontEndException))
        {
            throw engine.Dialect.Classify(exception, connection, $"preparing {connection.Name}.{target.Table}");
        }

        return problems;
    }

    public async Task<ITargetTransaction> BeginAsync(TargetTable target, CancellationToken cancel)
    {
        var session = await engine.OpenAsync(connection, cancel);
        return engine.Transaction(session, connection, target, _fresh.GetOrAdd(target.Subscription, _ => new FreshTarget()));
    }

    async Task<IReadOnlyList<string>> MakeFitAsync(DbConnection session, TargetTable target, bool create, CancellationToken cancel)
    {
        var ledger = AppliedLedger.Shape(target.Table);
        var plans = new[] { await PlanAsync(session, target, create, cancel), await PlanAsync(session, ledger, create: true, cancel) };
        var problems = plans.SelectMany(plan => plan.Problems).ToList();
        if (problems.Count > 0) return problems;
        var maker = new TableMaker(engine);
        foreach (var plan in plans)
        {
            if (plan.Missing) await maker.CreateAsync(session, plan.Target, cancel);
            else await maker.AddAsync(session, plan.Target, plan.Additions, cancel);
        }

        return [];
    }

    async Task<Plan> PlanAsync(DbConnection session, TargetTable target, bool create, CancellationToken cancel)
    {
        var found = await engine.Dialect.DescribeAsync(session, connection, target.Table, cancel);
        if (found is not null)
        {
            var columns = await engine.ColumnsAsync(session, target.Table, cancel);
            var fit = TargetFit.Compare(engine, target, found, columns, found.IsView ? [] : await engine.JudgeAsync(session, target, cancel));
            return new Plan(target, Missing: false, fit.Problems, fit.Additions);
        }

        if (create) return new Plan(target, Missing: true, engine.JudgeNew(target), []);
        return new Plan(target, Missing: true, [$"{connection.Name} has no table {target.Table} (or the hub's account may not see it), and the subscription says create: false: make the table, or leave create out."], []);
    }

    sealed record Plan(TargetTable Target, bool Missing, IReadOnlyList<string> Problems, IReadOnlyList<TargetColumn> Additions);
}
