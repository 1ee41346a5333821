using Exchange.Contracts.FrontEnd;

namespace Exchange.IntegrationTests.Database;

/// <summary>What a lost connection leaves, on engines that have connections to lose.</summary>
public abstract class TargetConnectionContract(string provider) : TargetSuite(provider)
{
    [TestMethod]
    public async Task A_connection_lost_before_the_commit_is_transient_and_leaves_nothing()
    {
        var target = People();
        await WriteAsync(target);
        await using (var transaction = await Writer().BeginAsync(target, Cancel))
        {
            await transaction.ApplyAsync(Batch(target, ["1", "a", "1"]), Cancel);
            await transaction.WriteLedgerAsync(Entry(1), Cancel);
            await KillOthersAsync();
            await RefusedAsync(FrontEndFault.Transient, () => transaction.CommitAsync(Cancel));
        }

        Assert.IsEmpty(await StandingAsync(target));
        Assert.AreEqual(0, await NumberAsync("SELECT COUNT(*) FROM exchange_applied"));
        await WriteAsync(target, Batch(target, ["1", "a", "1"]));
        await StandsAsync(target, "1|a|1");
    }

    [TestMethod]
    public async Task A_connection_lost_while_rows_are_sent_is_transient_and_leaves_nothing()
    {
        var target = People();
        await WriteAsync(target);
        await using (var transaction = await Writer().BeginAsync(target, Cancel))
        {
            await transaction.LastAppliedAsync(Cancel);
            var rows = Batch(target, Enumerable.Range(0, 200_000).Select(at => new[] { $"{at}", "姓名", "1" }));
            var sending = transaction.ApplyAsync(rows, Cancel);
            await KillOthersAsync();
            await RefusedAsync(FrontEndFault.Transient, () => sending);
            await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => transaction.CommitAsync(Cancel));
        }

        Assert.IsEmpty(await StandingAsync(target));
    }
}

[TestClass]
public sealed class PostgreSqlTargetConnectionTests() : TargetConnectionContract("postgresql");

[TestClass]
public sealed class MySqlTargetConnectionTests() : TargetConnectionContract("mysql");

[TestClass]
[NeedsSqlServer]
public sealed class SqlServerTargetConnectionTests() : TargetConnectionContract("sqlserver");
