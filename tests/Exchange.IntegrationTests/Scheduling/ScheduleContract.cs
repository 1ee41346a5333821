using Exchange.Bus.Catalogue;
using Exchange.Bus.Intake;
using Exchange.Bus.Scheduling;
using Exchange.Contracts.Errors;
using Exchange.IntegrationTests.Storage;
using Exchange.Storage;

namespace Exchange.IntegrationTests.Scheduling;

/// <summary>What schedules must hold on every store, with any number of nodes.</summary>
public abstract class ScheduleContract
{
    static readonly DateTimeOffset Start = new(2026, 7, 1, 8, 0, 30, TimeSpan.Zero);

    static readonly Schedule EachMinute = new("0 * * * * ?", null, "UTC"), Both = new("0 * * * * ?", "0 0/5 * * * ?", "UTC");

    public TestContext TestContext { get; set; } = null!;

    protected abstract StoreEngine Engine { get; }

    CancellationToken Cancel => TestContext.CancellationToken;

    [TestMethod]
    public async Task Of_many_nodes_that_notice_a_fire_at_once_one_makes_it()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var nodes = new List<ScheduleNode>();
        for (var at = 0; at < 4; at++) nodes.Add(await ScheduleNode.CreateAsync(fixture, Cancel));
        var catalogue = ScheduleNode.Catalogue(("s", EachMinute), ("t", Both));
        await nodes[0].LookAsync(catalogue, Start, Cancel);
        for (var minute = 1; minute <= 10; minute++)
        {
            var now = Start.AddMinutes(minute);
            // All have looked before any of them writes.
            var picture = await nodes[0].Book.ReadAsync(Cancel) with { Now = now };
            await Task.WhenAll(nodes.Select(node => Task.Run(() => node.Keeper.LookAsync(catalogue, picture, Cancel), Cancel)));
        }

        Assert.AreEqual(10, (await nodes[0].EntryAsync("s", ReadKind.Incremental, Cancel)).Fires);
        Assert.AreEqual(10, (await nodes[0].EntryAsync("t", ReadKind.Incremental, Cancel)).Fires);
        Assert.AreEqual(2, (await nodes[0].EntryAsync("t", ReadKind.Full, Cancel)).Fires);
        Assert.AreEqual(ReadKind.Full, (await nodes[0].Readings.FindAsync("r", Cancel))!.Wanted, "all of them are one reading, and a full of one is a full for all");
    }

    [TestMethod]
    public async Task Schedules_follow_the_catalogue()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await ScheduleNode.CreateAsync(fixture, Cancel);
        Assert.AreEqual(Start.AddSeconds(30), await node.LookAsync(ScheduleNode.Catalogue(("s", EachMinute), ("t", Both)), Start, Cancel));
        await node.LookAsync(ScheduleNode.Catalogue(("s", EachMinute), ("t", Both)), Start.AddMinutes(1), Cancel);
        var changed = ScheduleNode.Catalogue(("s", new Schedule("0 0 3 * * ?", null, "Asia/Shanghai")), ("t", null));
        Assert.AreEqual(new DateTimeOffset(2026, 7, 1, 19, 0, 0, TimeSpan.Zero), await node.LookAsync(changed, Start.AddMinutes(1.2), Cancel));
        var entry = (await node.Book.ReadAsync(Cancel)).Entries.Single().Value;
        Assert.AreEqual(new DateTimeOffset(2026, 7, 1, 8, 1, 0, TimeSpan.Zero), entry.Last, "what is known of the last fire is kept");
        Assert.AreEqual("Asia/Shanghai", entry.Definition.Zone);

        Assert.IsNull(await node.LookAsync(ScheduleNode.Catalogue(("s", null)), Start.AddMinutes(2), Cancel));
        Assert.IsEmpty((await node.Book.ReadAsync(Cancel)).Entries);
        Assert.IsNull(await node.Readings.FindAsync("r", Cancel), "nothing is read any more for schedules that are gone");
    }

    [TestMethod]
    public async Task A_node_with_an_older_catalogue_changes_nothing_back()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var (node, late) = (await ScheduleNode.CreateAsync(fixture, Cancel), await ScheduleNode.CreateAsync(fixture, Cancel));
        await node.LookAsync(ScheduleNode.Catalogue(("s", EachMinute)), Start, Cancel);
        await node.Store.WriteAsync(session => session.ExecuteAsync("UPDATE bus_catalogue SET version = 1", Cancel), Cancel);
        await node.LookAsync(ScheduleNode.Catalogue(("s", Both)) with { Version = 1 }, Start, Cancel);
        await late.LookAsync(ScheduleNode.Catalogue(("s", EachMinute)), Start, Cancel);
        Assert.HasCount(2, (await node.Book.ReadAsync(Cancel)).Entries);
    }

    [TestMethod]
    public async Task Schedules_that_name_no_zone_follow_the_hubs()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await ScheduleNode.CreateAsync(fixture, Cancel);
        var catalogue = ScheduleNode.Catalogue(("s", new Schedule(null, "0 0 2 * * ?", null)), ("t", new Schedule(null, "0 0 2 * * ?", "UTC")));
        await node.LookAsync(catalogue, Start, Cancel);
        Assert.AreEqual("UTC", (await node.EntryAsync("s", ReadKind.Full, Cancel)).Definition.Zone);
        Assert.AreEqual("UTC", (await node.Book.GlanceAsync(Cancel)).HubZone);
        await node.Zone.SetAsync("Asia/Shanghai", Cancel);
        Assert.AreEqual("Asia/Shanghai", (await node.Book.GlanceAsync(Cancel)).HubZone, "a node that only glances sees it too");
        await node.LookAsync(catalogue, Start, Cancel);
        Assert.AreEqual(new DateTimeOffset(2026, 7, 1, 18, 0, 0, TimeSpan.Zero), (await node.EntryAsync("s", ReadKind.Full, Cancel)).Next);
        Assert.AreEqual(new DateTimeOffset(2026, 7, 2, 2, 0, 0, TimeSpan.Zero), (await node.EntryAsync("t", ReadKind.Full, Cancel)).Next);
    }

    [TestMethod]
    public async Task Fires_that_come_while_a_reading_goes_on_are_one_more_reading()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await ScheduleNode.CreateAsync(fixture, Cancel);
        var catalogue = ScheduleNode.Catalogue(("s", EachMinute), ("t", EachMinute));
        await node.LookAsync(catalogue, Start, Cancel);
        await node.LookAsync(catalogue, Start.AddMinutes(1), Cancel);
        var (lease, reading) = (await node.TakeAsync(Start.AddMinutes(1), Cancel))!.Value;
        Assert.AreEqual(ReadKind.Incremental, reading.Running);
        for (var minute = 2; minute <= 5; minute++) await node.LookAsync(catalogue, Start.AddMinutes(minute), Cancel);
        Assert.AreEqual(FireOutcome.Waiting, (await node.EntryAsync("s", ReadKind.Incremental, Cancel)).Outcome);
        await node.Readings.EndAsync(lease, "r", FireOutcome.Done, 7, "node", Cancel);
        Assert.IsNotNull(await node.Readings.TakeAsync(lease, "r", Start.AddMinutes(5), "node", Cancel));
        await node.Readings.EndAsync(lease, "r", FireOutcome.Done, 8, "node", Cancel);
        Assert.IsNull(await node.Readings.TakeAsync(lease, "r", Start.AddMinutes(5), "node", Cancel), "four fires of two schedules each were one reading");
        var entry = await node.EntryAsync("t", ReadKind.Incremental, Cancel);
        Assert.AreEqual((FireOutcome.Done, 8L, 5L), (entry.Outcome, entry.Run, entry.Fires));
    }

    [TestMethod]
    public async Task A_full_that_fires_while_an_increment_is_read_follows_it_and_an_increment_during_a_full_is_dropped()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await ScheduleNode.CreateAsync(fixture, Cancel);
        var catalogue = ScheduleNode.Catalogue(("s", Both));
        await node.LookAsync(catalogue, Start, Cancel);
        await node.LookAsync(catalogue, Start.AddMinutes(1), Cancel);
        var (lease, increment) = (await node.TakeAsync(Start.AddMinutes(1), Cancel))!.Value;
        Assert.AreEqual(ReadKind.Incremental, increment.Running);
        await node.LookAsync(catalogue, Start.AddMinutes(5), Cancel);
        await node.Readings.EndAsync(lease, "r", FireOutcome.Done, 1, "node", Cancel);
        var full = (await node.Readings.TakeAsync(lease, "r", Start.AddMinutes(5), "node", Cancel))!;
        Assert.AreEqual(ReadKind.Full, full.Running);

        await node.LookAsync(catalogue, Start.AddMinutes(6), Cancel);
        Assert.AreEqual(FireOutcome.Dropped, (await node.EntryAsync("s", ReadKind.Incremental, Cancel)).Outcome);
        Assert.AreEqual(FireOutcome.Running, (await node.EntryAsync("s", ReadKind.Full, Cancel)).Outcome);
        await node.Readings.EndAsync(lease, "r", FireOutcome.Done, 2, "node", Cancel);
        Assert.IsNull(await node.Readings.TakeAsync(lease, "r", Start.AddMinutes(6), "node", Cancel));
    }

    [TestMethod]
    public async Task A_full_that_fires_during_a_full_follows_it_and_the_one_that_was_begun_is_not_thrown_away()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await ScheduleNode.CreateAsync(fixture, Cancel);
        var catalogue = ScheduleNode.Catalogue(("s", new Schedule(null, "0 * * * * ?", "UTC")));
        await node.LookAsync(catalogue, Start, Cancel);
        await node.LookAsync(catalogue, Start.AddMinutes(1), Cancel);
        var (lease, _) = (await node.TakeAsync(Start.AddMinutes(1), Cancel))!.Value;
        await AskFullAsync(node, lease);
        await node.LookAsync(catalogue, Start.AddMinutes(2), Cancel);
        await node.DieAsync(Cancel);

        var (heir, left) = (await node.TakeAsync(Start.AddMinutes(2), Cancel))!.Value;
        Assert.AreEqual((ReadKind.Full, true, ReadKind.Full), (left.Running, left.FullAsked, left.Wanted), "the full that was begun goes on, the other waits");
        await node.Readings.EndAsync(heir, "r", FireOutcome.Done, 1, "node", Cancel);
        var next = (await node.Readings.TakeAsync(heir, "r", Start.AddMinutes(2), "node", Cancel))!;
        Assert.AreEqual((ReadKind.Full, false), (next.Running, next.FullAsked), "the other is a full of its own");
    }

    [TestMethod]
    public async Task An_increment_is_dropped_while_a_full_is_read_by_hand_and_goes_on_with_one_that_was_left()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await ScheduleNode.CreateAsync(fixture, Cancel);
        var catalogue = ScheduleNode.Catalogue(("s", EachMinute));
        await node.LookAsync(catalogue, Start, Cancel);
        var byHand = (await node.Leases.TryAcquireAsync("source:r", TimeSpan.FromMinutes(5), Cancel))!;
        await node.Sources.SaveAsync(byHand, "r", new SourcePosition { Full = new FullProgress { Run = 1 } }, Cancel);
        await node.LookAsync(catalogue, Start.AddMinutes(1), Cancel);
        Assert.AreEqual(FireOutcome.Dropped, (await node.EntryAsync("s", ReadKind.Incremental, Cancel)).Outcome);
        await node.Leases.ReleaseAsync(byHand, Cancel);
        await node.LookAsync(catalogue, Start.AddMinutes(2), Cancel);
        Assert.AreEqual(FireOutcome.Waiting, (await node.EntryAsync("s", ReadKind.Incremental, Cancel)).Outcome);
    }

    [TestMethod]
    public async Task What_a_dead_node_was_at_is_taken_over_and_what_it_still_writes_is_refused()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var (dead, heir) = (await ScheduleNode.CreateAsync(fixture, Cancel), await ScheduleNode.CreateAsync(fixture, Cancel));
        var catalogue = ScheduleNode.Catalogue(("s", new Schedule(null, "0 * * * * ?", "UTC")));
        await dead.LookAsync(catalogue, Start, Cancel);
        await dead.LookAsync(catalogue, Start.AddMinutes(1), Cancel);
        var (old, _) = (await dead.TakeAsync(Start.AddMinutes(1), Cancel))!.Value;
        Assert.IsNull(await heir.TakeAsync(Start.AddMinutes(1), Cancel), "one node reads");
        Assert.IsTrue((await heir.Book.GlanceAsync(Cancel)).AnyOpen);
        Assert.AreEqual("r", (await heir.Readings.OpenAsync(Start.AddMinutes(1), Cancel)).Single(), "it stays open until somebody ends it");
        await AskFullAsync(dead, old);
        Assert.AreEqual("its schedule asks for it", (await dead.Sources.ReadAsync("r", Cancel)).Position.FullWanted);
        await heir.DieAsync(Cancel);

        var (lease, reading) = (await heir.TakeAsync(Start.AddMinutes(1), Cancel))!.Value;
        Assert.AreEqual((ReadKind.Full, true), (reading.Running, reading.FullAsked), "the full was asked for and is not asked for again");
        var lost = await Assert.ThrowsExactlyAsync<ExchangeException>(() => dead.Readings.EndAsync(old, "r", FireOutcome.Done, 1, "dead", Cancel));
        Assert.AreEqual(ErrorCodes.LeaseLost, lost.Code);
        await Assert.ThrowsExactlyAsync<ExchangeException>(() => dead.Readings.FailAsync(old, reading with { NotBefore = Start }, FireOutcome.Failed, 1, "dead", Cancel));
        await heir.Readings.EndAsync(lease, "r", FireOutcome.Done, 5, "heir", Cancel);
        var entry = await heir.EntryAsync("s", ReadKind.Full, Cancel);
        Assert.AreEqual((FireOutcome.Done, 5L, "heir"), (entry.Outcome, entry.Run, entry.Node));
        Assert.IsEmpty(await heir.Readings.OpenAsync(Start.AddMinutes(1), Cancel));
    }

    [TestMethod]
    public async Task A_reading_that_fails_is_tried_again_later_by_any_node_and_at_once_by_the_next_fire()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var (node, other) = (await ScheduleNode.CreateAsync(fixture, Cancel), await ScheduleNode.CreateAsync(fixture, Cancel));
        var catalogue = ScheduleNode.Catalogue(("s", EachMinute));
        await node.LookAsync(catalogue, Start, Cancel);
        var now = Start.AddMinutes(1);
        await node.LookAsync(catalogue, now, Cancel);
        var (lease, reading) = (await node.TakeAsync(now, Cancel))!.Value;
        await node.Readings.FailAsync(lease, reading with { NotBefore = now.AddSeconds(50), FailingSince = now, WaitsFor = "c" }, FireOutcome.Failed, 3, "node", Cancel);
        await node.Leases.ReleaseAsync(lease, Cancel);
        Assert.AreEqual(FireOutcome.Failed, (await node.EntryAsync("s", ReadKind.Incremental, Cancel)).Outcome);
        Assert.IsEmpty(await other.Readings.OpenAsync(now.AddSeconds(20), Cancel));
        Assert.HasCount(1, await other.Readings.OpenAsync(now.AddSeconds(50), Cancel));
        await node.LookAsync(catalogue, now.AddSeconds(31), Cancel);
        Assert.HasCount(1, await other.Readings.OpenAsync(now.AddSeconds(31), Cancel), "a fire tries it at once");
        var taken = (await other.TakeAsync(now.AddSeconds(31), Cancel))!.Value;
        Assert.AreEqual((1, now, "c"), (taken.Reading.Failures, taken.Reading.FailingSince, taken.Reading.WaitsFor), "whoever ends it can say since when it waited, and for what");
        await other.Readings.EndAsync(taken.Lease, "r", FireOutcome.Done, 4, "other", Cancel);
        Assert.AreEqual((FireOutcome.Done, 4L), ((await node.EntryAsync("s", ReadKind.Incremental, Cancel)).Outcome, (await node.EntryAsync("s", ReadKind.Incremental, Cancel)).Run));
        Assert.AreEqual(0, (await node.Readings.FindAsync("r", Cancel))!.Failures);
    }

    [TestMethod]
    public async Task Times_that_passed_while_no_hub_ran_are_one_reading_or_none()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await ScheduleNode.CreateAsync(fixture, Cancel);
        var catalogue = ScheduleNode.Catalogue(("once", EachMinute), ("none", Both with { Misfire = MisfirePolicy.Skip }));
        await node.LookAsync(catalogue, Start, Cancel);
        await node.LookAsync(catalogue, Start.AddDays(3), Cancel);
        var (once, none) = (await node.EntryAsync("once", ReadKind.Incremental, Cancel), await node.EntryAsync("none", ReadKind.Full, Cancel));
        Assert.AreEqual((FireOutcome.Waiting, 1L, Start.AddDays(3).AddSeconds(30)), (once.Outcome, once.Fires, once.Next!.Value));
        Assert.AreEqual((FireOutcome.Missed, 0L), (none.Outcome, none.Fires));
        Assert.AreEqual(ReadKind.Incremental, (await node.Readings.FindAsync("r", Cancel))!.Wanted);
        await node.LookAsync(catalogue, Start.AddDays(3).AddSeconds(1), Cancel);
        Assert.AreEqual(1, (await node.EntryAsync("once", ReadKind.Incremental, Cancel)).Fires, "once, not once for each time that passed");
    }

    [TestMethod]
    public async Task Schedules_go_on_by_a_clock_that_is_set_back()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var nodes = new[] { await ScheduleNode.CreateAsync(fixture, Cancel), await ScheduleNode.CreateAsync(fixture, Cancel) };
        var catalogue = ScheduleNode.Catalogue(("s", EachMinute));
        foreach (var minute in new[] { 0, 1, 2 }) await nodes[minute % 2].LookAsync(catalogue, Start.AddMinutes(minute), Cancel);
        var back = Start.AddHours(-3);
        foreach (var minute in new[] { 0, 1, 2, 3 }) await Task.WhenAll(nodes.Select(node => Task.Run(() => node.LookAsync(catalogue, back.AddMinutes(minute), Cancel), Cancel)));
        var entry = await nodes[0].EntryAsync("s", ReadKind.Incremental, Cancel);
        Assert.AreEqual((5L, back.AddMinutes(3).AddSeconds(30)), (entry.Fires, entry.Next!.Value), "two before, three after: neither stopped nor repeated");
    }

    /// <summary>As a node asks a source for the full of a reading.</summary>
    async Task AskFullAsync(ScheduleNode node, Lease reading)
    {
        var source = (await node.Leases.TryAcquireAsync("source:r", TimeSpan.FromMinutes(5), Cancel))!;
        await node.Sources.WantFullAsync(source, "r", (await node.Sources.ReadAsync("r", Cancel)).Position with { FullWanted = "its schedule asks for it" },
            session => node.Readings.FullAskedAsync(session, reading, "r", Cancel), Cancel);
        await node.Leases.ReleaseAsync(source, Cancel);
    }
}

[TestClass]
public sealed class PostgreSqlScheduleTests : ScheduleContract
{
    protected override StoreEngine Engine => StoreEngine.PostgreSql;

    [TestMethod]
    public async Task A_node_whose_own_clock_is_months_behind_fires_by_the_servers()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await ScheduleNode.CreateAsync(fixture, TestContext.CancellationToken);
        var (glance, picture) = (await node.Book.GlanceAsync(TestContext.CancellationToken), await node.Book.ReadAsync(TestContext.CancellationToken));
        foreach (var now in new[] { glance.Now, picture.Now })
        {
            Assert.IsLessThan(TimeSpan.FromMinutes(5), (DateTimeOffset.UtcNow - now).Duration(), "the server's clock, which runs on this machine");
            Assert.IsGreaterThan(TimeSpan.FromDays(1), (fixture.Time.GetUtcNow() - now).Duration(), "the node's own clock");
        }
    }
}

[TestClass]
public sealed class SqliteScheduleTests : ScheduleContract
{
    protected override StoreEngine Engine => StoreEngine.Sqlite;
}
