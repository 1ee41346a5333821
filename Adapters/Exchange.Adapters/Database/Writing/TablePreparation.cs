using System.Data.Common;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Adapters.Database.Writing;

/// <summary>Makes tables fit: all of them or, when one does not fit, none. Sessions on any node take turns.</summary>
internal sealed class TablePreparation(TargetEngine engine, FrontEndConnection connection)
{
    const string Turn = "tables of the exchange hub";

    /// <returns>What does not fit, in whole sentences; empty when all stands as it should.</returns>
    public async Task<IReadOnlyList<string>> PrepareAsync(DbConnection session, IReadOnlyList<(TargetTable Table, bool Create)> wanted, CancellationToken cancel)
    {
        // Most often all stands already: then nothing is locked and nothing written.
        var plans = await PlanAsync(session, wanted, cancel);
        if (plans.All(plan => plan is { Missing: false, Additions.Count: 0 }) || plans.Exists(plan => plan.Problems.Count > 0)) return [.. plans.SelectMany(plan => plan.Problems)];
        await engine.ExclusivelyAsync(session, Turn, async () =>
        {
            plans = await PlanAsync(session, wanted, cancel);
            if (plans.TrueForAll(plan => plan.Problems.Count == 0)) await MakeAsync(session, plans, cancel);
        }, cancel);
        return [.. plans.SelectMany(plan => plan.Problems)];
    }

    async Task MakeAsync(DbConnection session, List<Plan> plans, CancellationToken cancel)
    {
        var maker = new TableMaker(engine);
        foreach (var plan in plans)
        {
            if (plan.Missing) await maker.CreateAsync(session, plan.Target, cancel);
            else await maker.AddAsync(session, plan.Target, plan.Additions, cancel);
        }
    }

    async Task<List<Plan>> PlanAsync(DbConnection session, IReadOnlyList<(TargetTable Table, bool Create)> wanted, CancellationToken cancel)
    {
        var plans = new List<Plan>();
        foreach (var (table, create) in wanted) plans.Add(await PlanAsync(session, table, create, cancel));
        return plans;
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
        return new Plan(target, Missing: true,
            [$"{connection.Name} has no table {target.Table} (or the hub's account may not see it), and the subscription says create: false: make the table, or leave create out."], []);
    }

    sealed record Plan(TargetTable Target, bool Missing, IReadOnlyList<string> Problems, IReadOnlyList<TargetColumn> Additions);
}
