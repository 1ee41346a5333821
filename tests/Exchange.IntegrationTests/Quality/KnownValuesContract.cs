using Exchange.Bus.Log;
using Exchange.Bus.Quality.KnownValues;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Rows;
using Exchange.IntegrationTests.Log;
using Exchange.IntegrationTests.Storage;
using Exchange.Storage;

namespace Exchange.IntegrationTests.Quality;

/// <summary>What the index of known values must hold on every store.</summary>
public abstract class KnownValuesContract
{
    static readonly string[] ByName = ["name"];

    public TestContext TestContext { get; set; } = null!;

    protected abstract StoreEngine Engine { get; }

    CancellationToken Cancel => TestContext.CancellationToken;

    [TestMethod]
    public async Task A_set_that_a_rule_asks_for_later_is_built_from_the_log_and_kept_up_from_then_on()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        await node.AppendAsync(BusNode.Rows(("1", "a"), ("2", "b"), ("3", "c")), Cancel);
        await node.AppendAsync(BusNode.Rows(("2", "-"), ("3", null), ("4", "a")), Cancel);
        Assert.IsFalse(await node.Known.IsBuiltAsync("r", ByName, Cancel));
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => FindAsync(node, "a"));
        await node.Known.RebuildAsync("r", [ByName], Cancel);
        Assert.IsTrue(await node.Known.IsBuiltAsync("r", ByName, Cancel));
        Assert.AreEqual("a=1+4", await FindAsync(node, "a", "b", "c", "d"));
        await node.AppendAsync(BusNode.Rows(("1", "b"), ("4", "-"), ("5", "检查")), Cancel);
        Assert.AreEqual("b=1 检查=5", await FindAsync(node, "a", "b", "检查"));
    }

    [TestMethod]
    public async Task At_most_two_keys_are_told_of_a_tuple()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        await node.Known.RebuildAsync("r", [ByName], Cancel);
        await node.AppendAsync(BusNode.Rows(("1", "a"), ("2", "a"), ("3", "a"), ("3", "b")), Cancel);
        Assert.AreEqual("a=1+2 b=3", await FindAsync(node, "a", "b"));
        await node.AppendAsync(BusNode.Rows(("4", "a"), ("5", "a")), Cancel);
        var keys = (await node.Known.FindAsync("r", ByName, [RowKey.Text(["a"])], own: false, Cancel)).Values.Single();
        Assert.HasCount(2, keys.Distinct().ToArray());
    }

    [TestMethod]
    public async Task Tuples_of_several_items_are_told_apart_and_a_set_is_known_by_its_items()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        string[] both = ["id", "name"];
        await node.Known.RebuildAsync("r", [both, ["absent"]], Cancel);
        await node.AppendAsync(BusNode.Rows(("1", "a"), ("2", null)), Cancel);
        Assert.HasCount(1, await node.Known.FindAsync("r", both, [RowKey.Text(["1", "a"]), RowKey.Text(["a", "1"]), RowKey.Text(["2", null])], own: false, Cancel));
        Assert.IsEmpty(await node.Known.FindAsync("r", ["absent"], [RowKey.Text(["1"])], own: false, Cancel));
        Assert.IsFalse(await node.Known.IsBuiltAsync("r", ByName, Cancel));
    }

    [TestMethod]
    public async Task After_a_full_only_its_keys_and_later_ones_are_left_and_discarded_batches_do_not_count()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        await node.Known.RebuildAsync("r", [ByName], Cancel);
        await node.AppendAsync(BusNode.Rows(("1", "gone"), ("2", "kept")), Cancel);
        var start = await node.AppendAsync(BusNode.Rows(("2", "kept")), Cancel, BatchKind.Snapshot, run: 2, fullStart: -1);
        await node.AppendAsync(BusNode.Rows(("3", "changed")), Cancel, run: 3);
        await node.AppendAsync(BusNode.Rows(), Cancel, BatchKind.Mark, run: 2, fullStart: start.Number);
        await node.AppendAsync(BusNode.Rows(("4", "discarded")), Cancel, run: 4, pending: true);
        await node.WriteAsync(session => node.Log.SettleAsync(session, "r", 4, BatchState.Discarded, Cancel), Cancel);
        Assert.AreEqual("gone=1 kept=2 changed=3 discarded=4", await FindAsync(node, "gone", "kept", "changed", "discarded"));
        await node.Known.RebuildAsync("r", [ByName], Cancel);
        Assert.AreEqual("kept=2 changed=3", await FindAsync(node, "gone", "kept", "changed", "discarded"));
        var left = await node.Store.ReadAsync(session => session.ScalarAsync<long>("SELECT count(*) FROM bus_known_value", Cancel), Cancel);
        Assert.AreEqual(2L, left, "values of the replaced set are removed");
    }

    [TestMethod]
    public async Task A_batch_appended_just_before_a_rebuild_ends_is_in_it()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var (node, appender) = (await BusNode.CreateAsync(fixture, Cancel), await BusNode.CreateAsync(fixture, Cancel));
        await appender.AppendAsync(BusNode.Rows(("1", "a")), Cancel);
        var log = new LateLog(node.Log, () => appender.AppendAsync(BusNode.Rows(("2", "b")), Cancel));
        await new Rebuild(node.Store, log, "r", ["id"]).RunAsync([ByName], Cancel);
        Assert.AreEqual("a=1 b=2", await FindAsync(node, "a", "b"));
    }

    [TestMethod]
    public async Task Nothing_is_lost_while_another_node_appends()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var (node, appender) = (await BusNode.CreateAsync(fixture, Cancel), await BusNode.CreateAsync(fixture, Cancel));
        var appending = Task.Run(async () =>
        {
            for (var at = 0; at < 20; at++) await appender.AppendAsync(BusNode.Rows(($"{at}", $"m{at}")), Cancel);
        }, Cancel);
        await node.Known.RebuildAsync("r", [ByName], Cancel);
        await appending;
        Assert.HasCount(20, await node.Known.FindAsync("r", ByName, [.. Enumerable.Range(0, 20).Select(at => RowKey.Text([$"m{at}"]))], own: false, Cancel));
    }

    [TestMethod]
    public async Task A_rebuild_left_by_a_killed_process_is_begun_anew()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        await node.AppendAsync(BusNode.Rows(("1", "a")), Cancel);
        await fixture.Database.ExecuteAsync("INSERT INTO bus_known_set (id, resource, items, built) VALUES (700, 'r', '[\"name\"]', 0); INSERT INTO bus_known_value VALUES (700, 'x', 'y')");
        await node.Known.RebuildAsync("r", [ByName], Cancel);
        Assert.AreEqual("a=1", await FindAsync(node, "a"));
        Assert.AreEqual(1L, await node.Store.ReadAsync(session => session.ScalarAsync<long>("SELECT count(*) FROM bus_known_value", Cancel), Cancel));
    }

    [TestMethod]
    public async Task A_resource_that_does_not_exist_is_not_built()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        var refused = await Assert.ThrowsExactlyAsync<ExchangeException>(() => node.Known.RebuildAsync("unknown", [ByName], Cancel));
        Assert.AreEqual(ErrorCodes.ResourceUnknown, refused.Code);
    }

    /// <summary>A log that grows once, right after its reader has seen its end.</summary>
    sealed class LateLog(IResourceLog log, Func<Task> grow) : IResourceLog
    {
        bool _grown;

        public async Task<IReadOnlyList<LogBatch>> ReadAsync(string resource, long after, int most, CancellationToken cancel)
        {
            var batches = await log.ReadAsync(resource, after, most, cancel);
            if (batches.Count > 0 || _grown) return batches;
            _grown = true;
            await grow();
            return batches;
        }

        public Task<LogBatch?> NewestMarkAsync(string resource, CancellationToken cancel) => log.NewestMarkAsync(resource, cancel);

        public Task<RowBatch> LoadAsync(LogBatch batch, CancellationToken cancel) => log.LoadAsync(batch, cancel);

        public Task<LogBatch?> HeadAsync(string resource, CancellationToken cancel) => log.HeadAsync(resource, cancel);

        public Task<IReadOnlyDictionary<string, long>> HeadsAsync(IReadOnlyCollection<string> resources, CancellationToken cancel) => log.HeadsAsync(resources, cancel);

        public Task<LogBatch?> FindAsync(string resource, long number, CancellationToken cancel) => log.FindAsync(resource, number, cancel);

        public Task<PreparedPayload> PrepareAsync(string resource, RowBatch rows, CancellationToken cancel) => log.PrepareAsync(resource, rows, cancel);

        public Task<LogBatch> AppendAsync(StoreSession session, string resource, BatchHeader header, PreparedPayload payload, CancellationToken cancel) =>
            log.AppendAsync(session, resource, header, payload, cancel);

        public Task<long> NewestFullStartAsync(string resource, CancellationToken cancel) => log.NewestFullStartAsync(resource, cancel);

        public Task<LogBatch?> FindMarkAsync(string resource, long fullStart, CancellationToken cancel) => log.FindMarkAsync(resource, fullStart, cancel);

        public Task<IReadOnlyList<LogUsage>> UsageAsync(CancellationToken cancel) => log.UsageAsync(cancel);

        public Task<long> DropAsync(string resource, long below, DateTimeOffset before, DateTimeOffset discardedBefore, CancellationToken cancel) =>
            log.DropAsync(resource, below, before, discardedBefore, cancel);

        public Task SettleAsync(StoreSession session, string resource, long run, BatchState state, CancellationToken cancel) => log.SettleAsync(session, resource, run, state, cancel);
    }

    /// <summary>name=ids, in the order asked.</summary>
    async Task<string> FindAsync(BusNode node, params string[] names)
    {
        var ids = Enumerable.Range(1, 9).ToDictionary(id => RowKey.Digest(RowKey.Text([$"{id}"])), id => id);
        var found = await node.Known.FindAsync("r", ByName, [.. names.Select(name => RowKey.Text([name]))], own: false, Cancel);
        return string.Join(' ', names.Where(name => found.ContainsKey(RowKey.Text([name]))).Select(name => $"{name}={string.Join('+', found[RowKey.Text([name])].Select(key => ids[key]).Order())}"));
    }
}

[TestClass]
public sealed class PostgreSqlKnownValuesTests : KnownValuesContract
{
    protected override StoreEngine Engine => StoreEngine.PostgreSql;
}

[TestClass]
public sealed class SqliteKnownValuesTests : KnownValuesContract
{
    protected override StoreEngine Engine => StoreEngine.Sqlite;
}
