using Exchange.Bus;
using Exchange.Bus.Delivery;
using Exchange.Bus.Intake;
using Exchange.Bus.Log;
using Exchange.Bus.Runs;
using Exchange.Bus.Timeliness;
using Exchange.Contracts.Catalogue;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Operations;
using Exchange.IntegrationTests.Log;
using Exchange.IntegrationTests.Storage;
using Exchange.Security;
using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Exchange.IntegrationTests.Timeliness;

/// <summary>A whole hub whose records are written by a test and whose time the test moves: resources daily (class b), weekly (class e) and classless, and a subscription of the first.</summary>
internal sealed class TimelinessHub(StoreFixture fixture, ServiceProvider services, CancellationToken cancel) : IAsyncDisposable
{
    ServiceProvider? _other;

    public DateTimeOffset Now => fixture.Time.GetUtcNow();

    /// <summary>Level, kind, name and light of what was logged.</summary>
    public List<string> Told { get; } = [];

    public static async Task<TimelinessHub> CreateAsync(StoreFixture fixture, CancellationToken cancel)
    {
        TimelinessHub? hub = null;
        hub = new TimelinessHub(fixture, Services(fixture, line => hub!.Told.Add(line)), cancel);
        await hub.Get<IMigrations>().MigrateAsync(BusModule.Migrations, cancel);
        await hub.ApplyAsync("");
        return hub;
    }

    public T Get<T>() where T : notnull => services.GetRequiredService<T>();

    public Task ApplyAsync(string metadata) => Get<IManifests>().ApplyAsync([new ManifestFile("hub.yaml", $$"""
        kind: Department
        metadata: { name: d }
        spec: { uscc: 119900000000020224 }
        ---
        kind: Connection
        metadata: { name: c }
        spec: { department: d, provider: sqlite, connectionString: front.db }
        ---
        {{Resource("daily", metadata, "class: b, ")}}
        ---
        {{Resource("weekly", "", "class: e, ")}}
        ---
        {{Resource("classless", "", "")}}
        ---
        kind: Subscription
        metadata: { name: to-centre }
        spec: { resource: daily, subscriber: d, target: { connection: c, table: t2 } }
        """)], dryRun: false, prune: false, cancel);

    public void Pass(int days = 0, int minutes = 0) => fixture.Time.Advance(TimeSpan.FromDays(days) + TimeSpan.FromMinutes(minutes));

    /// <summary>A reading that ends at once.</summary>
    /// <param name="resource">Of what.</param>
    /// <param name="state">How.</param>
    /// <param name="read">Rows.</param>
    /// <param name="rejected">Of them.</param>
    /// <param name="now">Whether the store's clock, not the test's, says when.</param>
    public async Task ReadAsync(string resource, RunState state = RunState.Done, long read = 0, long rejected = 0, bool now = false)
    {
        var run = new RunRecord { Resource = resource, Kind = "incremental", Node = "n", Read = read, Rejected = rejected, Accepted = read - rejected };
        run = run with { Id = await Get<IRuns>().BeginAsync(run, cancel), State = state };
        await Get<IRuns>().EndAsync(run, cancel);
        if (!now) return;
        var clock = await new StoreClock(fixture.Time).ReadAsync(Get<IStore>(), cancel);
        await Get<IStore>().WriteAsync(session => session.ExecuteAsync("UPDATE bus_run SET ended_at = @now WHERE id = @id", cancel, ("now", clock.ToUnixMicroseconds()), ("id", run.Id)), cancel);
    }

    public async Task AppendAsync(string resource)
    {
        var payload = await Get<IResourceLog>().PrepareAsync(resource, BusNode.Rows(("1", "one")), cancel);
        await Get<IStore>().WriteAsync(session => Get<IResourceLog>().AppendAsync(session, resource, new BatchHeader(BatchKind.Change, 1), payload, cancel), cancel);
    }

    public Task DeliveredAsync(string subscription, long applied, bool held = false) =>
        Get<IStore>().WriteAsync(session => DeliveryStates.SaveAsync(session, subscription, new DeliveryState { Applied = applied, Hold = held ? Missing() : null }, cancel), cancel);

    public Task HoldAsync(string resource) => Get<IStore>().WriteAsync(session => SourceStates.HoldAsync(session, resource, Missing(), cancel), cancel);

    public async Task<LightReading> OneAsync(string name, DateTimeOffset? at = null, DateTimeOffset? now = null) =>
        (await Get<Lights>().ReadAsync(now ?? Now, at ?? now ?? Now, cancel)).Single(light => light.Key.Name == name);

    /// <summary>Lights of resources.</summary>
    public async Task<string> LightsAsync() => string.Join(", ", (await Get<Lights>().ReadAsync(Now, Now, cancel)).Where(light => light.Key.Kind == "resource")
        .OrderBy(light => light.Class is null).ThenBy(light => light.Key.Name, StringComparer.Ordinal).Select(light => $"{light.Key.Name} {light.Light.ToString().ToLowerInvariant()}"));

    /// <summary>One look of the duty that tells lights.</summary>
    public Task LookAsync(bool anotherNode = false) => (anotherNode ? _other ??= Services(fixture, Told.Add) : services).GetRequiredService<LightDuty>().LookAsync(Now, cancel);

    public string[] TakeTold()
    {
        var told = Told.ToArray();
        Told.Clear();
        return told;
    }

    public async Task<StatisticsView> StatisticsAsync(string resource, TimeSpan? period = null) =>
        (await ((TimelinessRecords)Get<ITimeliness>()).StatisticsAsync(resource, period ?? TimeSpan.FromDays(30), Now, cancel)).Single();

    public ValueTask DisposeAsync() => fixture.DisposeAsync();

    static string Resource(string name, string metadata, string more) => $$"""
        kind: Resource
        metadata: { {{metadata}}name: {{name}} }
        spec: { provider: d, {{more}}key: [id], items: [ { name: id, type: string(20) }, { name: name, type: text } ], source: { connection: c, table: t, errors: none } }
        """;

    static Hold Missing(DateTimeOffset since) => new("frontend.object.missing", Party.Provider, "The table t is gone.", "Put it back.", since);

    Hold Missing() => Missing(Now);

    static ServiceProvider Services(StoreFixture fixture, Action<string> told) => fixture.Node(more => more
        .AddSingleton<ILoggerFactory>(new LightLog(told))
        .AddSingleton(typeof(ILogger<>), typeof(Logger<>))
        .AddSecurity(new SecurityOptions { DataFolder = fixture.Options.DataFolder })
        .AddBus());

    /// <summary>Keeps what is told of lights.</summary>
    sealed class LightLog(Action<string> told) : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => categoryName.EndsWith(nameof(LightDuty), StringComparison.Ordinal) ? this : NullLogger.Instance;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Log<TState>(LogLevel level, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var values = ((IReadOnlyList<KeyValuePair<string, object?>>)state!).ToDictionary(pair => pair.Key, pair => pair.Value);
            if (id.Id is 1600 or 1601) Assert.IsFalse(string.IsNullOrEmpty((string?)values["Next"]), "a warning says what to do");
            told($"{level} {values["Kind"]} {values["Name"]} {id.Id switch { 1600 => "yellow", 1601 => "red", _ => "green" }}");
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public void Dispose()
        {
        }
    }
}
