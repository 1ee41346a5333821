using Exchange.Bus.Catalogue;
using Exchange.Bus.Log;
using Exchange.Bus.Quality;
using Exchange.Bus.Quality.KnownValues;
using Exchange.Bus.Quarantine;
using Exchange.Bus.Runs;
using Exchange.Contracts.Rows;
using Exchange.IntegrationTests.Storage;
using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.IntegrationTests.Log;

/// <summary>A hub process with log, quarantine, known values and runs on the store of a test.</summary>
internal sealed class BusNode(ServiceProvider services)
{
    public IStore Store { get; } = services.GetRequiredService<IStore>();

    public IResourceLog Log => services.GetRequiredService<IResourceLog>();

    public PayloadSweep Sweep => services.GetRequiredService<PayloadSweep>();

    public IQuarantine Quarantine => services.GetRequiredService<IQuarantine>();

    public IKnownValues Known => services.GetRequiredService<IKnownValues>();

    public IRuns Runs => services.GetRequiredService<IRuns>();

    public static async Task<BusNode> CreateAsync(StoreFixture fixture, CancellationToken cancel)
    {
        var services = fixture.Node(more => more.AddLog().AddQuarantine().AddKnownValues().AddRuns().AddSingleton<ICatalogue, OneResource>());
        await services.GetRequiredService<IMigrations>().MigrateAsync(
            [.. LogRegistration.Migrations, .. QuarantineRegistration.Migrations, .. KnownValuesRegistration.Migrations, .. RunsRegistration.Migrations], cancel);
        return new BusNode(services);
    }

    /// <summary>Upserts of (id, name); a null name in a delete.</summary>
    public static RowBatch Rows(params (string Id, string? Name)[] rows)
    {
        var batch = RowBatch.Empty([("id", ItemType.String(20)), ("name", new ItemType(ItemKind.Text))]);
        foreach (var (id, name) in rows)
        {
            ((BytesColumn)batch.Columns[0]).Append(id);
            if (name is null or "-") batch.Columns[1].AppendNull();
            else ((BytesColumn)batch.Columns[1]).Append(name);
            batch.EndRow(name == "-" ? RowOperation.Delete : RowOperation.Upsert);
        }

        return batch;
    }

    public async Task<LogBatch> AppendAsync(RowBatch rows, CancellationToken cancel, BatchKind kind = BatchKind.Change, long run = 1, long fullStart = 0, bool pending = false, bool known = true, string resource = "r")
    {
        var payload = await Log.PrepareAsync(resource, rows, cancel);
        return await Store.WriteAsync(async session =>
        {
            if (known) await Known.ApplyAsync(session, resource, [], rows, [0], cancel);
            return await Log.AppendAsync(session, resource, new BatchHeader(kind, run, fullStart, pending), payload, cancel);
        }, cancel);
    }

    public Task<T> WriteAsync<T>(Func<StoreSession, Task<T>> work, CancellationToken cancel) => Store.WriteAsync(work, cancel);

    public Task WriteAsync(Func<StoreSession, Task> work, CancellationToken cancel) => Store.WriteAsync(async session =>
    {
        await work(session);
        return 0;
    }, cancel);

    sealed class OneResource : ICatalogue
    {
        public Task<CatalogueSnapshot> ReadAsync(CancellationToken cancel) => Task.FromResult(new CatalogueSnapshot
        {
            Departments = new Dictionary<string, Department>(),
            Connections = new Dictionary<string, Connection>(),
            CodeSets = new Dictionary<string, CodeSet>(),
            CodeMaps = new Dictionary<string, CodeMap>(),
            Resources = new Dictionary<string, Resource> { ["r"] = new() { Name = "r", Provider = "p", Key = ["id"], Items = [] } },
            Subscriptions = new Dictionary<string, Subscription>(),
        });
    }
}
