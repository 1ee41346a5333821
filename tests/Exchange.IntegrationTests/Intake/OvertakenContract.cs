using Exchange.Bus.Intake;
using Exchange.Bus.Runs;
using Exchange.Contracts.Errors;
using Exchange.IntegrationTests.Storage;
using Exchange.IntegrationTests.Timeliness;
using Exchange.Storage;

namespace Exchange.IntegrationTests.Intake;

/// <summary>A reader that stood still until another took its source over, and wakes: what it then writes is refused, on every store.</summary>
public abstract class OvertakenContract
{
    static readonly TimeSpan Duration = TimeSpan.FromSeconds(8);

    public TestContext TestContext { get; set; } = null!;

    protected abstract StoreEngine Engine { get; }

    CancellationToken Cancel => TestContext.CancellationToken;

    [TestMethod]
    public async Task It_holds_no_source_that_is_well()
    {
        var (hub, old, present) = await OvertakenAsync();
        await using (hub)
        {
            var hold = new Hold("frontend.object.missing", Party.Provider, "The table t is gone.", "Put it back.", hub.Now);
            var lost = await Assert.ThrowsExactlyAsync<ExchangeException>(() => hub.Get<SourceStates>().HoldAsync(old, "daily", hold, Cancel));
            Assert.AreEqual(ErrorCodes.LeaseLost, lost.Code);
            Assert.IsNull((await hub.Get<SourceStates>().ReadAsync("daily", Cancel)).Hold);
            await hub.Get<SourceStates>().HoldAsync(present, "daily", hold, Cancel);
            Assert.IsNotNull((await hub.Get<SourceStates>().ReadAsync("daily", Cancel)).Hold);
        }
    }

    [TestMethod]
    public async Task It_takes_no_run_for_abandoned_that_another_has_begun()
    {
        var (hub, old, _) = await OvertakenAsync();
        await using (hub)
        {
            var runs = hub.Get<IRuns>();
            var id = await runs.BeginAsync(new RunRecord { Resource = "daily", Kind = "full", Node = "other" }, Cancel);
            var lost = await Assert.ThrowsExactlyAsync<ExchangeException>(() => hub.Get<RunBook>().BeginAsync<IntakeRun>("daily", old, 0, new SourcePosition(), (_, _) => throw new InvalidOperationException("It has begun."), Cancel));
            Assert.AreEqual(ErrorCodes.LeaseLost, lost.Code);
            Assert.AreEqual(RunState.Running, (await runs.FindAsync(id, Cancel))!.State);
        }
    }

    async Task<(TimelinessHub Hub, Lease Old, Lease Present)> OvertakenAsync()
    {
        var fixture = await StoreFixture.CreateAsync(Engine);
        var hub = await TimelinessHub.CreateAsync(fixture, Cancel);
        var leases = hub.Get<ILeases>();
        var old = (await leases.TryAcquireAsync("source:daily", Duration, Cancel))!;
        await leases.ReleaseAsync(old, Cancel);
        return (hub, old, (await leases.TryAcquireAsync("source:daily", Duration, Cancel))!);
    }
}

[TestClass]
public sealed class SqliteOvertakenTests : OvertakenContract
{
    protected override StoreEngine Engine => StoreEngine.Sqlite;
}

[TestClass]
public sealed class PostgreSqlOvertakenTests : OvertakenContract
{
    protected override StoreEngine Engine => StoreEngine.PostgreSql;
}
