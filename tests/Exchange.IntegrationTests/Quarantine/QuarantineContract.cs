using System.Diagnostics;
using System.Globalization;
using Exchange.Bus.Quarantine;
using Exchange.Contracts.Rows;
using Exchange.IntegrationTests.Log;
using Exchange.IntegrationTests.Storage;
using Exchange.Storage;

namespace Exchange.IntegrationTests.Quarantine;

/// <summary>What the quarantine must hold on every store.</summary>
public abstract class QuarantineContract
{
    public TestContext TestContext { get; set; } = null!;

    protected abstract StoreEngine Engine { get; }

    CancellationToken Cancel => TestContext.CancellationToken;

    [TestMethod]
    public async Task A_refused_row_is_listed_with_all_its_values_and_broken_rules()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        var row = Row("检查-1", [new("uscc", "object", "9\0'9", "校验位\u0000错误"), new("date-order", null, null, "上报日期早于检查日期", "codeset/x")], batch: 5, run: 3) with
        {
            Values = [new("id", "检查-1"), new("id", null), new("名称", "a\0b\"😀")],
        };
        await RefuseAsync(node, row);
        var listed = (await node.Quarantine.ListAsync(null, null, true, 10, Cancel)).Single();
        CollectionAssert.AreEqual(row.Values.ToArray(), listed.Values.ToArray());
        CollectionAssert.AreEqual(row.Broken.ToArray(), listed.Broken.ToArray());
        Assert.AreEqual((row.Key, 5L, 3L, row.RefusedAt, null), (listed.Key, listed.Batch, listed.Run, listed.RefusedAt, listed.ClosedBatch));
        Assert.IsNull(listed.Subscription);
    }

    [TestMethod]
    public async Task A_newer_refusal_of_a_key_closes_the_older_one()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        await RefuseAsync(node, Row("1", batch: 1), Row("2", batch: 1));
        await RefuseAsync(node, Row("1", batch: 2, run: 2));
        var rows = await node.Quarantine.ListAsync("r", null, false, 10, Cancel);
        Assert.AreEqual("1:2: 2:1: 1:1:2", string.Join(' ', rows.Select(row => $"{RowKey.Values(row.Key!)[0]}:{row.Batch}:{row.ClosedBatch}")));
    }

    [TestMethod]
    public async Task Two_rows_with_one_key_refused_together_both_stay_open_until_the_key_is_good()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        await RefuseAsync(node, Row("1"), Row("1"));
        await RefuseAsync(node, Row("1"));
        Assert.HasCount(3, await node.Quarantine.ListAsync("r", null, true, 10, Cancel));
        Assert.AreEqual(3L, await CloseAsync(node, null, 2, "1", "unknown"));
        Assert.IsFalse(await node.Quarantine.AnyOpenAsync("r", null, Cancel));
    }

    [TestMethod]
    public async Task A_subscriptions_refusals_are_its_own_and_are_not_pushed_back()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        await RefuseAsync(node, Row("1") with { Subscription = "s" });
        Assert.IsFalse(await node.Quarantine.AnyOpenAsync("r", null, Cancel));
        Assert.IsTrue(await node.Quarantine.AnyOpenAsync("r", "s", Cancel));
        Assert.AreEqual(0L, await CloseAsync(node, null, 2, "1"));
        Assert.AreEqual(1L, await CloseAsync(node, "s", 2, "1"));
        Assert.IsEmpty(await node.Quarantine.ToPushBackAsync("r", 10, Cancel));
    }

    [TestMethod]
    public async Task A_refusal_that_is_undone_leaves_nothing()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        await Assert.ThrowsExactlyAsync<InvalidDataException>(() => node.WriteAsync(async session =>
        {
            await node.Quarantine.RefuseAsync(session, [Row("1")], Cancel);
            throw new InvalidDataException();
        }, Cancel));
        Assert.IsEmpty(await node.Quarantine.ListAsync(null, null, false, 10, Cancel));
        Assert.IsEmpty(await node.Quarantine.ToPushBackAsync("r", 10, Cancel));
    }

    [TestMethod]
    public async Task Open_keys_come_page_by_page_by_code_point()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        string[] ids = ["a", "B", "_", "ä", "检", "a", "Z", "b"];
        await RefuseAsync(node, [.. ids.Select(id => Row(id)), Row("x") with { Key = null }]);
        var keys = new List<string>();
        while (await node.Quarantine.OpenKeysAsync("r", null, keys.LastOrDefault(), 3, Cancel) is { Count: > 0 } page) keys.AddRange(page);
        CollectionAssert.AreEqual(ids.Distinct().Select(id => Key(id)).Order(StringComparer.Ordinal).ToArray(), keys);
    }

    [TestMethod]
    public async Task A_full_closes_what_it_did_not_meet()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        await RefuseAsync(node, Row("gone", run: 1), Row("x", run: 1) with { Key = null }, Row("bad", run: 1), Row("s", run: 1) with { Subscription = "s" });
        await RefuseAsync(node, Row("bad", batch: 4, run: 2));
        Assert.AreEqual(2L, await node.WriteAsync(session => node.Quarantine.CloseStaleAsync(session, "r", 2, 5, Cancel), Cancel));
        Assert.AreEqual(Key("bad"), (await node.Quarantine.OpenKeysAsync("r", null, null, 10, Cancel)).Single());
        Assert.IsTrue(await node.Quarantine.AnyOpenAsync("r", "s", Cancel));
    }

    [TestMethod]
    public async Task A_row_is_judged_again_when_what_it_hangs_on_has_grown_since_it_was_judged()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        await GrowAsync(node, "resource/a");
        BrokenRule[] onA = [new("reference", null, null, "m", "resource/a")], onB = [new("code-set", "i", "9", "m", "codeset/b"), new("required", "j", null, "m")];
        await RefuseAsync(node, Row("1", onA), Row("2", onB), Row("3"));
        Assert.IsEmpty(await node.Quarantine.KeysToJudgeAgainAsync("r", 10, Cancel));
        await GrowAsync(node, "codeset/b");
        Assert.AreEqual(Key("2"), (await node.Quarantine.KeysToJudgeAgainAsync("r", 10, Cancel)).Single());
        await RefuseAsync(node, Row("2", onB, batch: 2));
        Assert.IsEmpty(await node.Quarantine.KeysToJudgeAgainAsync("r", 10, Cancel));
        await GrowAsync(node, "resource/a");
        await CloseAsync(node, null, 3, "1");
        Assert.IsEmpty(await node.Quarantine.KeysToJudgeAgainAsync("r", 10, Cancel));
    }

    [TestMethod]
    public async Task Growth_between_judging_and_refusing_is_not_missed()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        await GrowAsync(node, "resource/a");
        var before = await node.Quarantine.DependencyVersionsAsync(Cancel);
        await GrowAsync(node, "resource/a");
        BrokenRule[] onA = [new("reference", null, null, "m", "resource/a")];
        await RefuseAsync(node, Row("1", onA) with { JudgedAgainst = before }, Row("2", onA));
        Assert.AreEqual(Key("1"), (await node.Quarantine.KeysToJudgeAgainAsync("r", 10, Cancel)).Single());
    }

    [TestMethod]
    public async Task Push_back_repeats_with_the_same_ids_until_it_is_recorded()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        await RefuseAsync(node, Row("1", [new("a", "x", "1", "m"), new("b", null, null, "n")]));
        var first = await node.Quarantine.ToPushBackAsync("r", 10, Cancel);
        var again = await node.Quarantine.ToPushBackAsync("r", 10, Cancel);
        CollectionAssert.AreEqual(first.Select(entry => entry.ErrorId).ToArray(), again.Select(entry => entry.ErrorId).ToArray());
        CollectionAssert.AllItemsAreUnique(first.Select(entry => entry.ErrorId).ToArray());
        Assert.AreEqual("a b", string.Join(" ", first.Select(entry => entry.Broken.Rule)));
        Assert.HasCount(2, first[0].Row.Broken);
        Assert.IsTrue(first.All(entry => !entry.Written && entry.ClosedBatch is null));
        await node.Quarantine.PushedBackAsync(first, Cancel);
        Assert.IsEmpty(await node.Quarantine.ToPushBackAsync("r", 10, Cancel));
        await CloseAsync(node, null, 9, "1");
        var closed = await node.Quarantine.ToPushBackAsync("r", 10, Cancel);
        Assert.IsTrue(closed.All(entry => entry.Written && entry.ClosedBatch == 9));
        await node.Quarantine.PushedBackAsync(closed, Cancel);
        Assert.IsEmpty(await node.Quarantine.ToPushBackAsync("r", 10, Cancel));
    }

    [TestMethod]
    public async Task A_row_closed_while_it_was_being_pushed_back_is_still_closed_at_the_provider()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        await RefuseAsync(node, Row("1"), Row("2"));
        var written = await node.Quarantine.ToPushBackAsync("r", 1, Cancel);
        await CloseAsync(node, null, 9, "1", "2");
        await node.Quarantine.PushedBackAsync(written, Cancel);
        var left = await node.Quarantine.ToPushBackAsync("r", 10, Cancel);
        Assert.AreEqual("True 9, False 9", string.Join(", ", left.Select(entry => $"{entry.Written} {entry.ClosedBatch}")));
        await node.Quarantine.PushedBackAsync(left, Cancel);
        await node.Quarantine.PushedBackAsync(written, Cancel);
        Assert.IsEmpty(await node.Quarantine.ToPushBackAsync("r", 10, Cancel));
    }

    [TestMethod]
    public async Task A_hundred_thousand_open_rows_are_closed_by_key()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        var ids = Enumerable.Range(0, 100_000).Select(at => at.ToString(CultureInfo.InvariantCulture)).ToArray();
        var clock = Stopwatch.StartNew();
        await RefuseAsync(node, [.. ids.Select(id => Row(id))]);
        var refused = clock.Elapsed;
        Assert.AreEqual(99_999L, await CloseAsync(node, null, 2, ids[1..]));
        TestContext.WriteLine($"100,000 rows refused in {refused.TotalSeconds:F1} s, closed in {(clock.Elapsed - refused).TotalSeconds:F1} s");
        Assert.AreEqual(Key("0"), (await node.Quarantine.OpenKeysAsync("r", null, null, 10, Cancel)).Single());
        Assert.IsLessThan(TimeSpan.FromMinutes(5), clock.Elapsed, "a guard against work that grows with the square of the rows; seconds on an idle machine");
    }

    static string Key(string id) => RowKey.Text([id]);

    static QuarantinedRow Row(string id, IReadOnlyList<BrokenRule>? broken = null, long batch = 1, long run = 1) => new()
    {
        Resource = "r",
        Key = Key(id),
        Values = [new("id", id)],
        Broken = broken ?? [new BrokenRule("required", "name", null, "missing")],
        Batch = batch,
        Run = run,
        RefusedAt = new DateTimeOffset(2026, 7, 1, 0, 0, 0, TimeSpan.Zero),
    };

    Task<int> RefuseAsync(BusNode node, params QuarantinedRow[] rows) => node.WriteAsync(session => node.Quarantine.RefuseAsync(session, rows, Cancel), Cancel);

    Task GrowAsync(BusNode node, string dependency) => node.WriteAsync(session => node.Quarantine.GrownAsync(session, dependency, Cancel), Cancel);

    Task<long> CloseAsync(BusNode node, string? subscription, long batch, params string[] ids) =>
        node.WriteAsync(session => node.Quarantine.CloseAsync(session, "r", subscription, [.. ids.Select(Key)], batch, Cancel), Cancel);
}

[TestClass]
public sealed class PostgreSqlQuarantineTests : QuarantineContract
{
    protected override StoreEngine Engine => StoreEngine.PostgreSql;
}

[TestClass]
public sealed class SqliteQuarantineTests : QuarantineContract
{
    protected override StoreEngine Engine => StoreEngine.Sqlite;
}
