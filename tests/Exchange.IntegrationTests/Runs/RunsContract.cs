using Exchange.Bus.Runs;
using Exchange.IntegrationTests.Log;
using Exchange.IntegrationTests.Storage;
using Exchange.Storage;

namespace Exchange.IntegrationTests.Runs;

/// <summary>What run records must hold on every store.</summary>
public abstract class RunsContract
{
    public TestContext TestContext { get; set; } = null!;

    protected abstract StoreEngine Engine { get; }

    CancellationToken Cancel => TestContext.CancellationToken;

    [TestMethod]
    public async Task A_run_is_told_from_its_beginning_to_its_end()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var runs = (await BusNode.CreateAsync(fixture, Cancel)).Runs;
        var started = fixture.Time.GetUtcNow();
        var run = Run("r", null);
        run = run with { Id = await runs.BeginAsync(run, Cancel) };
        Assert.AreEqual(run with { StartedAt = started, SeenAt = started }, await runs.FindAsync(run.Id, Cancel));
        fixture.Time.Advance(TimeSpan.FromSeconds(3));
        run = run with
        {
            Read = 1, Accepted = 2, Rejected = 3, Closed = 4, Deleted = 5, DeliveredUpserts = 6, DeliveredDeletes = 7, Batches = 8, Bytes = long.MaxValue,
            WaitedSource = TimeSpan.FromMicroseconds(9), WaitedTarget = TimeSpan.FromDays(40), ErrorCode = "frontend.login.refused", ErrorMessage = "口令错误", Next = "Ask.",
        };
        await runs.UpdateAsync(run, Cancel);
        Assert.AreEqual(run with { StartedAt = started, SeenAt = started.AddSeconds(3) }, await runs.FindAsync(run.Id, Cancel));
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        run = run with { State = RunState.Held, Rejected = 30 };
        await runs.EndAsync(run, Cancel);
        var ended = run with { StartedAt = started, SeenAt = started.AddSeconds(4), EndedAt = started.AddSeconds(4) };
        await runs.UpdateAsync(run with { Rejected = 99 }, Cancel);
        Assert.AreEqual(ended, await runs.FindAsync(run.Id, Cancel));
        Assert.IsNull(await runs.FindAsync(run.Id + 1, Cancel));
    }

    [TestMethod]
    public async Task Runs_are_listed_newest_first_by_resource_and_subscription()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var runs = (await BusNode.CreateAsync(fixture, Cancel)).Runs;
        var ids = new List<long>();
        foreach (var (resource, subscription) in new[] { ("r", null), ("r", "s"), ("q", (string?)null), ("r", "t") }) ids.Add(await runs.BeginAsync(Run(resource, subscription), Cancel));
        await ExpectAsync([ids[3], ids[2], ids[1], ids[0]], null, null, 10);
        await ExpectAsync([ids[3], ids[1]], "r", null, 2);
        await ExpectAsync([ids[1]], "r", "s", 10);
        await ExpectAsync([ids[3]], null, "t", 10);

        async Task ExpectAsync(long[] expected, string? resource, string? subscription, int most) =>
            CollectionAssert.AreEqual(expected, (await runs.ListAsync(resource, subscription, most, Cancel)).Select(run => run.Id).ToArray());
    }

    [TestMethod]
    public async Task The_next_holder_finds_runs_of_a_dead_process_abandoned()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        var runs = node.Runs;
        var (dead, other, done) = (Run("r", null), Run("r", "s"), Run("r", null));
        dead = dead with { Id = await runs.BeginAsync(dead, Cancel) };
        other = other with { Id = await runs.BeginAsync(other, Cancel) };
        done = done with { Id = await runs.BeginAsync(done, Cancel), State = RunState.Done };
        await runs.EndAsync(done, Cancel);
        Assert.AreEqual(1, await node.Store.WriteAsync(session => runs.CloseAbandonedAsync(session, "r", null, Cancel), Cancel));
        Assert.AreEqual((RunState.Abandoned, fixture.Time.GetUtcNow()), ((await runs.FindAsync(dead.Id, Cancel))!.State, (await runs.FindAsync(dead.Id, Cancel))!.EndedAt));
        Assert.AreEqual(RunState.Running, (await runs.FindAsync(other.Id, Cancel))!.State);
        Assert.AreEqual(RunState.Done, (await runs.FindAsync(done.Id, Cancel))!.State);
        await runs.EndAsync(dead with { State = RunState.Failed }, Cancel);
        Assert.AreEqual(RunState.Failed, (await runs.FindAsync(dead.Id, Cancel))!.State);
    }

    [TestMethod]
    public async Task A_run_that_has_long_been_silent_is_found_and_closed_unless_it_speaks_again()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var runs = (await BusNode.CreateAsync(fixture, Cancel)).Runs;
        var (silent, lively) = (await runs.BeginAsync(Run("r", null), Cancel), Run("r", "s"));
        lively = lively with { Id = await runs.BeginAsync(lively, Cancel) };
        fixture.Time.Advance(TimeSpan.FromMinutes(10));
        await runs.UpdateAsync(lively, Cancel);
        var found = (await runs.SilentAsync(TimeSpan.FromMinutes(5), Cancel)).Single();
        Assert.AreEqual(silent, found.Id);
        await runs.UpdateAsync(found, Cancel);
        Assert.IsFalse(await runs.CloseLostAsync(found, Cancel));
        Assert.AreEqual(RunState.Running, (await runs.FindAsync(silent, Cancel))!.State);
        Assert.IsTrue(await runs.CloseLostAsync((await runs.FindAsync(silent, Cancel))!, Cancel));
        Assert.AreEqual(RunState.Abandoned, (await runs.FindAsync(silent, Cancel))!.State);
    }

    static RunRecord Run(string resource, string? subscription) => new() { Resource = resource, Subscription = subscription, Kind = "full", Node = "hub-1/42" };
}

[TestClass]
public sealed class PostgreSqlRunsTests : RunsContract
{
    protected override StoreEngine Engine => StoreEngine.PostgreSql;
}

[TestClass]
public sealed class SqliteRunsTests : RunsContract
{
    protected override StoreEngine Engine => StoreEngine.Sqlite;
}
