using Exchange.Storage;
using Exchange.TestSupport;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Exchange.IntegrationTests.Storage;

/// <summary>A database of one test, and hubs ("nodes") on it: each has a store of its own, as processes have.</summary>
internal sealed class StoreFixture : IAsyncDisposable
{
    readonly TestDatabase _database;
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("exchange-store-");
    readonly List<ServiceProvider> _nodes = [];

    StoreFixture(TestDatabase database)
    {
        _database = database;
        Options = new StoreOptions(database.Provider == "sqlite" ? "sqlite:" + new SqliteConnectionStringBuilder(database.ConnectionString).DataSource : database.ConnectionString, _folder.FullName);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 7, 1, 8, 0, 0, TimeSpan.Zero));

    public StoreOptions Options { get; }

    public TestDatabase Database => _database;

    public static async Task<StoreFixture> CreateAsync(StoreEngine engine) => new(await TestDatabase.CreateAsync(engine == StoreEngine.Sqlite ? "sqlite" : "postgresql"));

    public ServiceProvider Node(Action<IServiceCollection>? more = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(Time);
        services.AddStorage(Options);
        more?.Invoke(services);
        var node = services.BuildServiceProvider();
        _nodes.Add(node);
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
