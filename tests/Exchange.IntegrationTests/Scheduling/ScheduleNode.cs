using Exchange.Bus.Catalogue;
using Exchange.Bus.Catalogue.Registry;
using Exchange.Bus.Intake;
using Exchange.Bus.Scheduling;
using Exchange.IntegrationTests.Storage;
using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Exchange.IntegrationTests.Scheduling;

/// <summary>A hub process that keeps schedules on the store of a test. Its clock is what the test says at each look.</summary>
internal sealed class ScheduleNode(ServiceProvider services)
{
    public IStore Store => services.GetRequiredService<IStore>();

    public ILeases Leases => services.GetRequiredService<ILeases>();

    public ScheduleBook Book => services.GetRequiredService<ScheduleBook>();

    public ReadingBook Readings => services.GetRequiredService<ReadingBook>();

    public ScheduleKeeper Keeper => services.GetRequiredService<ScheduleKeeper>();

    public HubZone Zone => services.GetRequiredService<HubZone>();

    public SourceStates Sources => services.GetRequiredService<SourceStates>();

    public static async Task<ScheduleNode> CreateAsync(StoreFixture fixture, CancellationToken cancel)
    {
        var services = fixture.Node(more => more
            .AddSingleton<ILogger<ScheduleKeeper>>(NullLogger<ScheduleKeeper>.Instance).AddSingleton<HubZone>().AddSingleton<ScheduleBook>().AddSingleton<ReadingBook>().AddSingleton<ScheduleKeeper>().AddSingleton<SourceStates>());
        await services.GetRequiredService<IMigrations>().MigrateAsync([.. CatalogueMigrations.All, .. SourceStates.Migrations, .. SchedulingRegistration.Migrations], cancel);
        return new ScheduleNode(services);
    }

    /// <summary>A catalogue of resource r and subscriptions of it.</summary>
    public static CatalogueSnapshot Catalogue(params (string Subscription, Schedule? Schedule)[] subscriptions) => new()
    {
        Departments = new Dictionary<string, Department>(),
        Connections = new Dictionary<string, Connection>(),
        CodeSets = new Dictionary<string, CodeSet>(),
        CodeMaps = new Dictionary<string, CodeMap>(),
        Resources = new Dictionary<string, Resource> { ["r"] = new() { Name = "r", Provider = "p", Key = ["id"], Items = [], Source = new TableSource { Connection = "c" } } },
        Subscriptions = subscriptions.ToDictionary(entry => entry.Subscription, entry => new Subscription
        {
            Name = entry.Subscription, Resource = "r", Subscriber = "d", Target = new TableTarget { Connection = "c", Table = new(null, "t") }, Schedule = entry.Schedule,
        }),
    };

    /// <summary>A look at a moment.</summary>
    public async Task<DateTimeOffset?> LookAsync(CatalogueSnapshot catalogue, DateTimeOffset now, CancellationToken cancel) =>
        await Keeper.LookAsync(catalogue, await Book.ReadAsync(cancel) with { Now = now }, cancel);

    public async Task<ScheduleEntry> EntryAsync(string subscription, ReadKind kind, CancellationToken cancel) => (await Book.ReadAsync(cancel)).Entries[new ScheduleKey(subscription, kind)];

    /// <summary>Takes up what waits for resource r under a new lease, as a node does; null: nothing waits.</summary>
    public async Task<(Lease Lease, Reading Reading)?> TakeAsync(DateTimeOffset now, CancellationToken cancel)
    {
        var lease = await Leases.TryAcquireAsync(ReadingBook.LeaseName("r"), TimeSpan.FromMinutes(5), cancel);
        if (lease is null) return null;
        return await Readings.TakeAsync(lease, "r", now, "node", cancel) is { } reading ? (lease, reading) : null;
    }

    /// <summary>The node that holds the lease is dead for so long that others may have it.</summary>
    public Task DieAsync(CancellationToken cancel) => Store.WriteAsync(session => session.ExecuteAsync("UPDATE bus_lease SET until_at = 1 WHERE name = @name", cancel, ("name", ReadingBook.LeaseName("r"))), cancel);
}
