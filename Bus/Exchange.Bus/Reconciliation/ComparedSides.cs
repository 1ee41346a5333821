using Exchange.Bus.Catalogue;
using Exchange.Bus.Intake;
using Exchange.Bus.Quality;
using Exchange.Bus.Transformation;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Bus.Reconciliation;

/// <summary>The source and the target of a subscription, connected and described.</summary>
internal sealed class ComparedSides : IAsyncDisposable
{
    ComparedSides(IRoute route, SourceSide source, TargetSide target) => (Route, Source, Target) = (route, source, target);

    public IRoute Route { get; }

    public SourceSide Source { get; }

    public TargetSide Target { get; }

    /// <summary>
    /// Describes the source, and beside that makes the route and describes the target: most of it is code that runs for the first time, so on two processors it takes little more than the longer half. What is
    /// wrong with the source is told first, as if one had come after the other.
    /// </summary>
    /// <exception cref="FrontEndException">A side is not reachable or lacks something.</exception>
    public static async Task<ComparedSides> OpenAsync(Resource resource, Subscription subscription, CatalogueSnapshot catalogue, IFrontEndDatabases databases, IRouteFactory routes, IRowJudgeFactory judges, string hub, CancellationToken cancel)
    {
        // Equal wholes are told without a row being judged.
        var judge = new Lazy<IRowJudge>(() => judges.Create(resource, catalogue));
        var database = databases.Open(catalogue.Connections[subscription.Target.Connection].ToFrontEnd());
        var planning = Task.Run(() => SourcePlan.CreateAsync(resource, catalogue, databases, judge, hub, null, cancel), cancel);
        try
        {
            var route = routes.Create(subscription, catalogue);
            var target = await TargetSide.CreateAsync(database, route.Target, catalogue, judges, cancel);
            var converts = judges.Create(Unruled(resource), catalogue);
            return new ComparedSides(route, new SourceSide(await planning, route, converts), target);
        }
        catch
        {
            await database.DisposeAsync();
            await (await planning).DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Source.Plan.DisposeAsync();
        await Target.Database.DisposeAsync();
    }

    /// <summary>The resource without its rules: rows that break them stand in quarantine and are left out by their keys.</summary>
    static Resource Unruled(Resource resource) => resource with
    {
        Rules = [],
        BusinessKey = [],
        Items = [.. resource.Items.Select(item => item with { Rules = [], CodeSet = null, Required = false })],
    };
}
