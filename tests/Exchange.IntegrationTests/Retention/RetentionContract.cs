using Exchange.Bus.Attachments;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Delivery;
using Exchange.Bus.Log;
using Exchange.Bus.Retention;
using Exchange.Bus.Runs;
using Exchange.Bus.Scheduling;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Operations;
using Exchange.Contracts.Rows;
using Exchange.IntegrationTests.Log;
using Exchange.IntegrationTests.Storage;
using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Exchange.IntegrationTests.Retention;

/// <summary>What the end of keeping must hold on every store. The log: 1, 2 a full, 3 its mark, 4 a change, 5, 6 the next full, 7 its mark, 8 a change.</summary>
public abstract class RetentionContract
{
    static readonly TimeSpan Week = TimeSpan.FromDays(7);

    public TestContext TestContext { get; set; } = null!;

    protected abstract StoreEngine Engine { get; }

    CancellationToken Cancel => TestContext.CancellationToken;

    [TestMethod]
    public async Task Rows_that_a_newer_full_replaces_and_every_subscriber_has_go_and_their_entries_stay()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await NodeAsync(fixture, ("s", 8));
        await FillAsync(node);
        fixture.Time.Advance(Week + TimeSpan.FromHours(1));
        Assert.IsGreaterThan(0, await node.Trim.RunAsync(Cancel));

        var batches = await node.Log.ReadAsync("r", 0, 100, Cancel);
        CollectionAssert.AreEqual(new long[] { 1, 2, 3, 4 }, batches.Where(batch => batch.Dropped).Select(batch => batch.Number).ToArray());
        foreach (var (before, after) in batches.Zip(batches.Skip(1))) Assert.AreEqual(before.Digest, after.PreviousDigest);
        foreach (var batch in batches.Where(batch => !batch.Dropped && batch.Upserts > 0)) Assert.AreEqual(batch.Upserts, (await node.Log.LoadAsync(batch, Cancel)).Count);
        await Assert.ThrowsExactlyAsync<ExchangeException>(() => Other(fixture).LoadAsync(batches[0], Cancel));
        Assert.AreEqual(0, await node.Trim.RunAsync(Cancel), "what is gone is counted once");
        var view = (await node.Records.ListAsync("r", Cancel)).Single();
        Assert.AreEqual((8L, 5L, 4L, 4L, 5L), (view.Newest, view.OldestKept, view.Kept, view.Dropped, view.FullStart));
        Assert.AreEqual(0, await StoredPayloadsAsync(fixture, node, [1, 2, 3, 4]));
    }

    [TestMethod]
    public async Task What_a_subscriber_has_not_applied_stays_however_old()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await NodeAsync(fixture, ("s", 8), ("slow", 2));
        await FillAsync(node);
        fixture.Time.Advance(100 * Week);
        await node.Trim.RunAsync(Cancel);
        CollectionAssert.AreEqual(new long[] { 1, 2 }, (await node.Log.ReadAsync("r", 0, 100, Cancel)).Where(batch => batch.Dropped).Select(batch => batch.Number).ToArray());
        Assert.AreEqual("slow", (await node.Records.ListAsync(null, Cancel)).Single().NeededBy);
    }

    [TestMethod]
    public async Task Nothing_goes_before_it_is_old_enough_and_before_a_full_is_complete()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await NodeAsync(fixture, ("s", 8));
        for (var at = 0; at < 3; at++) await node.AppendAsync(BatchKind.Change);
        fixture.Time.Advance(100 * Week);
        Assert.AreEqual(0, await node.Trim.RunAsync(Cancel), "there is no full");
        await FillAsync(node);
        fixture.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.AreEqual(0, await node.Trim.RunAsync(TimeSpan.Zero, Cancel), "who looked at the full before may be on the way");
        fixture.Time.Advance(TimeSpan.FromDays(1));
        Assert.IsGreaterThan(0, await node.Trim.RunAsync(Cancel), "the three of long ago");
        Assert.AreEqual(4, (await node.Records.ListAsync(null, Cancel)).Single().OldestKept);
    }

    [TestMethod]
    public async Task Discarded_batches_go()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await NodeAsync(fixture);
        await node.AppendAsync(BatchKind.Change, pending: true);
        await node.AppendAsync(BatchKind.Change, run: 2);
        await node.Store.WriteAsync(async session =>
        {
            await node.Log.SettleAsync(session, "r", 1, BatchState.Discarded, Cancel);
            return 0;
        }, Cancel);
        fixture.Time.Advance(TimeSpan.FromHours(1));
        await node.Trim.RunAsync(Cancel);
        Assert.AreEqual(1, (await node.Log.ReadAsync("r", 0, 10, Cancel)).Single(batch => batch.Dropped).Number);
    }

    [TestMethod]
    public async Task A_full_budget_holds_intake_until_the_subscriber_that_fills_it_has_applied_what_it_needs()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await NodeAsync(fixture, ("s", 8), ("slow", 2));
        await FillAsync(node);
        fixture.Time.Advance(TimeSpan.FromHours(1)); // far less than rows are kept for
        var used = (await node.Log.UsageAsync(Cancel)).Single().Bytes;
        await node.Book.SetAsync(new LogKeeping(Week, used / 8 * 5, Week), Cancel);
        using var budget = new LogBudget(node.Book, node.Log, node.Trim, node.Contents, node.Catalogue, fixture.Time);
        var full = await Assert.ThrowsExactlyAsync<ExchangeException>(() => budget.AdmitAsync(Cancel));
        Assert.AreEqual(ErrorCodes.LogFull, full.Code);
        StringAssert.Contains(full.Message, "subscription slow still needs what comes before batch 5");

        await node.AppliedAsync("slow", 8, Cancel);
        await budget.AdmitAsync(Cancel);
        Assert.AreEqual(5, (await node.Records.ListAsync(null, Cancel)).Single().OldestKept, "over the budget age does not count");
        await node.Book.SetAsync(new LogKeeping(Week, 1, Week), Cancel);
        fixture.Time.Advance(TimeSpan.FromSeconds(5));
        StringAssert.Contains((await Assert.ThrowsExactlyAsync<ExchangeException>(() => budget.AdmitAsync(Cancel))).Message, "from its newest full at batch 5 on");
        await node.Book.SetAsync(new LogKeeping(Week, null, Week), Cancel);
        fixture.Time.Advance(TimeSpan.FromSeconds(5));
        await budget.AdmitAsync(Cancel);
    }

    [TestMethod]
    public async Task Contents_of_attachments_count_and_those_that_no_batch_refers_to_go_within_the_hour()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await NodeAsync(fixture, ("s", 8));
        await FillAsync(node);
        fixture.Time.Advance(TimeSpan.FromHours(1));
        await node.Trim.RunAsync(TimeSpan.Zero, Cancel);
        var used = (await node.Log.UsageAsync(Cancel)).Single().Bytes;
        await node.Book.SetAsync(new LogKeeping(Week, used + 1_000, Week), Cancel);
        using var budget = new LogBudget(node.Book, node.Log, node.Trim, node.Contents, node.Catalogue, fixture.Time);
        await budget.AdmitAsync(Cancel);
        string[] references;
        await using (var intake = node.Contents.Begin())
        {
            references = [.. await intake.AddAsync([new byte[400], new byte[700]], Cancel)];
            await intake.SealAsync(Cancel);
        }

        await node.UseAsync(references[0], Cancel);
        Assert.AreEqual(400, (await node.Records.ListAsync("r", Cancel)).Single().Contents);
        fixture.Time.Advance(TimeSpan.FromSeconds(5));
        StringAssert.Contains((await Assert.ThrowsExactlyAsync<ExchangeException>(() => budget.AdmitAsync(Cancel))).Message, $"hold {used + 1_100} bytes");
        fixture.Time.Advance(TimeSpan.FromHours(1));
        await budget.AdmitAsync(Cancel);
        Assert.AreEqual(400, await node.Contents.BytesAsync(Cancel), "what a batch refers to stays");
    }

    /// <summary>How many of these batches still have a payload where payloads lie.</summary>
    private protected abstract Task<int> StoredPayloadsAsync(StoreFixture fixture, Node node, long[] numbers);

    static async Task FillAsync(Node node)
    {
        var start = ((await node.Log.HeadAsync("r", CancellationToken.None))?.Number ?? 0) + 1;
        foreach (var first in new[] { start, start + 4 })
        {
            await node.AppendAsync(BatchKind.Snapshot, fullStart: first);
            await node.AppendAsync(BatchKind.Snapshot, fullStart: first);
            await node.AppendAsync(BatchKind.Mark, fullStart: first);
            await node.AppendAsync(BatchKind.Change);
        }
    }

    /// <summary>A node that has appended nothing itself.</summary>
    static IResourceLog Other(StoreFixture fixture) => fixture.Node(more => more.AddLog()).GetRequiredService<IResourceLog>();

    async Task<Node> NodeAsync(StoreFixture fixture, params (string Name, long Applied)[] subscriptions)
    {
        var catalogue = new Subscribed([.. subscriptions.Select(subscription => subscription.Name)]);
        var services = fixture.Node(more => more.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>)).AddLog().AddAttachments().AddRetention().AddSingleton<DeliveryStates>().AddSingleton<ICatalogue>(catalogue));
        await services.GetRequiredService<IMigrations>().MigrateAsync([.. LogRegistration.Migrations, .. RunsRegistration.Migrations, .. DeliveryStates.Migrations, .. SchedulingRegistration.Migrations], Cancel);
        var node = new Node(services);
        foreach (var (name, applied) in subscriptions) await node.AppliedAsync(name, applied, Cancel);
        return node;
    }

    private protected sealed class Node(ServiceProvider services)
    {
        public IStore Store => services.GetRequiredService<IStore>();

        public IResourceLog Log => services.GetRequiredService<IResourceLog>();

        public ContentStore Contents => services.GetRequiredService<ContentStore>();

        public LogTrim Trim => services.GetRequiredService<LogTrim>();

        public ILogs Records => services.GetRequiredService<ILogs>();

        public KeepingBook Book => services.GetRequiredService<KeepingBook>();

        public Task AppliedAsync(string subscription, long applied, CancellationToken cancel) =>
            Store.WriteAsync(session => DeliveryStates.SaveAsync(session, subscription, new DeliveryState { Applied = applied }, cancel), cancel);

        /// <summary>The newest batch refers to contents.</summary>
        public Task UseAsync(string reference, CancellationToken cancel) =>
            Store.WriteAsync(session => session.ExecuteAsync("INSERT INTO bus_attachment_use (resource, number, reference) VALUES ('r', 8, @reference)", cancel, ("reference", reference)), cancel);

        public ICatalogue Catalogue => services.GetRequiredService<ICatalogue>();

        public async Task AppendAsync(BatchKind kind, long fullStart = 0, bool pending = false, long run = 1)
        {
            var rows = kind == BatchKind.Mark ? BusNode.Rows() : BusNode.Rows(("1", "one"), ("2", "two"));
            var payload = await Log.PrepareAsync("r", rows, CancellationToken.None);
            await Store.WriteAsync(session => Log.AppendAsync(session, "r", new BatchHeader(kind, run, fullStart, pending), payload, CancellationToken.None), CancellationToken.None);
        }
    }

    sealed class Subscribed(string[] names) : ICatalogue
    {
        public Task<CatalogueSnapshot> ReadAsync(CancellationToken cancel) => Task.FromResult(new CatalogueSnapshot
        {
            Departments = new Dictionary<string, Department>(),
            Connections = new Dictionary<string, Connection>(),
            CodeSets = new Dictionary<string, CodeSet>(),
            CodeMaps = new Dictionary<string, CodeMap>(),
            Resources = new Dictionary<string, Resource> { ["r"] = new() { Name = "r", Provider = "p", Key = ["id"], Items = [] } },
            Subscriptions = names.ToDictionary(name => name, name => new Subscription { Name = name, Resource = "r", Subscriber = "d", Target = new TableTarget { Connection = "c", Table = new TableName(null, "t") } }),
        });
    }
}

[TestClass]
public sealed class SqliteRetentionTests : RetentionContract
{
    protected override StoreEngine Engine => StoreEngine.Sqlite;

    private protected override Task<int> StoredPayloadsAsync(StoreFixture fixture, Node node, long[] numbers) =>
        Task.FromResult(8 - Directory.EnumerateFiles(node.Store.DataFolder, "*.arrow", SearchOption.AllDirectories).Count() - numbers.Length);
}

[TestClass]
public sealed class PostgreSqlRetentionTests : RetentionContract
{
    protected override StoreEngine Engine => StoreEngine.PostgreSql;

    private protected override async Task<int> StoredPayloadsAsync(StoreFixture fixture, Node node, long[] numbers) =>
        (int)await node.Store.ReadAsync(session => session.ScalarAsync<long>($"SELECT count(*) FROM bus_log_payload WHERE number IN ({string.Join(", ", numbers)})", CancellationToken.None), CancellationToken.None);
}
