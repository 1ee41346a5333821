using Exchange.Contracts.FrontEnd;

namespace Exchange.IntegrationTests.Database;

/// <summary>A node that is frozen inside a transaction of a target; engines whose sessions may be ended by others of the same login.</summary>
public abstract class TargetOvertakenContract(string provider) : TargetSuite(provider)
{
    [TestMethod]
    public async Task Who_takes_a_delivery_over_does_not_wait_for_ever_and_what_the_old_one_wrote_is_undone()
    {
        var target = People();
        await WriteAsync(target);
        var frozen = await Writer().BeginAsync(target, Cancel);
        await frozen.LastAppliedAsync(Cancel);
        await frozen.ApplyAsync(Batch(target, ["1", "a", "1"], ["2", "b", "2"]), Cancel);
        await frozen.WriteLedgerAsync(Entry(1), Cancel);

        await using (var next = await Writer().BeginAsync(target, Cancel))
        {
            Assert.IsNull(await next.LastAppliedAsync(Cancel));
            await next.ApplyAsync(Batch(target, ["1", "c", "3"]), Cancel);
            await next.WriteLedgerAsync(Entry(1), Cancel);
            await next.CommitAsync(Cancel);
        }

        var woken = await Assert.ThrowsExactlyAsync<FrontEndException>(() => frozen.CommitAsync(Cancel));
        Assert.AreEqual(FrontEndFault.Transient, woken.Fault);
        await frozen.DisposeAsync();
        await StandsAsync(target, "1|c|3");
        Assert.AreEqual(1, await NumberAsync("SELECT COUNT(*) FROM exchange_applied"));
    }
}

[TestClass]
public sealed class PostgreSqlTargetOvertakenTests() : TargetOvertakenContract("postgresql");

[TestClass]
public sealed class MySqlTargetOvertakenTests() : TargetOvertakenContract("mysql");
