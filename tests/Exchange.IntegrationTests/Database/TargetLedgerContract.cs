using Exchange.Contracts.FrontEnd;

namespace Exchange.IntegrationTests.Database;

/// <summary>The ledger moves with the rows or not at all, and one transaction of a subscription runs at a time.</summary>
public abstract class TargetLedgerContract(string provider) : TargetSuite(provider)
{
    [TestMethod]
    public async Task The_greatest_batch_is_the_last_one_and_comes_back_whole()
    {
        var target = People();
        await WriteAsync(target);
        await using (var transaction = await Writer().BeginAsync(target, Cancel))
        {
            Assert.IsNull(await transaction.LastAppliedAsync(Cancel));
            await transaction.WriteLedgerAsync(Entry(10), Cancel);
            await transaction.WriteLedgerAsync(Entry(9), Cancel);
            await transaction.CommitAsync(Cancel);
        }

        await using var next = await Writer().BeginAsync(target, Cancel);
        Assert.AreEqual(Entry(10), await next.LastAppliedAsync(Cancel));
        await using var other = await Writer().BeginAsync(target with { Subscription = "People-to-centre" }, Cancel);
        if (!IsSqlite) Assert.IsNull(await other.LastAppliedAsync(Cancel));
    }

    [TestMethod]
    public async Task A_reset_subscription_begins_anew_and_others_stay()
    {
        var target = People();
        var other = target with { Subscription = "other" };
        await WriteAsync(target);
        foreach (var each in new[] { target, other })
        {
            await using var transaction = await Writer().BeginAsync(each, Cancel);
            await transaction.WriteLedgerAsync(Entry(1), Cancel);
            await transaction.CommitAsync(Cancel);
        }

        await using (var transaction = await Writer().BeginAsync(target, Cancel))
        {
            await transaction.ResetLedgerAsync(Cancel);
            Assert.IsNull(await transaction.LastAppliedAsync(Cancel));
            await transaction.CommitAsync(Cancel);
        }

        Assert.AreEqual(1, await NumberAsync("SELECT COUNT(*) FROM exchange_applied"));
    }

    [TestMethod]
    public async Task A_transaction_without_commit_leaves_neither_rows_nor_ledger()
    {
        var target = People();
        await WriteAsync(target);
        await using (var transaction = await Writer().BeginAsync(target, Cancel))
        {
            await transaction.ApplyAsync(Batch(target, ["1", "a", "1"]), Cancel);
            await transaction.WriteLedgerAsync(Entry(1), Cancel);
        }

        Assert.IsEmpty(await StandingAsync(target));
        Assert.AreEqual(0, await NumberAsync("SELECT COUNT(*) FROM exchange_applied"));
    }

    [TestMethod]
    public async Task A_cancelled_write_leaves_nothing_and_its_session_serves_the_next()
    {
        var target = People();
        await WriteAsync(target);
        var writer = Writer();
        using (var cancelled = new CancellationTokenSource())
        {
            await using var transaction = await writer.BeginAsync(target, Cancel);
            await transaction.LastAppliedAsync(Cancel);
            var rows = Batch(target, Enumerable.Range(0, 100_000).Select(at => new[] { $"{at}", "姓名", "1" }));
            var sending = IsSqlite ? null : transaction.ApplyAsync(rows, cancelled.Token);
            await cancelled.CancelAsync();
            await Assert.ThrowsAsync<OperationCanceledException>(() => sending ?? transaction.ApplyAsync(rows, cancelled.Token));
        }

        Assert.IsEmpty(await StandingAsync(target));
        await WriteAsync(target, Batch(target, ["1", "a", "1"]));
        await StandsAsync(target, "1|a|1");
    }

    [TestMethod]
    public async Task A_second_transaction_of_a_subscription_waits_for_the_first_and_sees_its_ledger()
    {
        var target = People();
        await WriteAsync(target);
        var first = await Writer().BeginAsync(target, Cancel);
        await using var second = await Writer().BeginAsync(target, Cancel);
        Assert.IsNull(await first.LastAppliedAsync(Cancel));
        var waiting = second.LastAppliedAsync(Cancel);
        await first.ApplyAsync(Batch(target, ["1", "a", "1"]), Cancel);
        await first.WriteLedgerAsync(Entry(1), Cancel);
        Assert.IsFalse(waiting.IsCompleted);
        await first.CommitAsync(Cancel);
        await first.DisposeAsync();
        Assert.AreEqual(Entry(1), await waiting);
        await second.ApplyAsync(Batch(target, ["1", "b", "2"]), Cancel);
        await second.CommitAsync(Cancel);
        await StandsAsync(target, "1|b|2");
    }

    [TestMethod]
    public async Task A_session_that_waits_can_be_cancelled()
    {
        var target = People();
        await WriteAsync(target);
        await using var first = await Writer().BeginAsync(target, Cancel);
        await first.LastAppliedAsync(Cancel);
        using var cancelled = new CancellationTokenSource();
        await using var second = await Writer().BeginAsync(target, Cancel);
        var waiting = second.LastAppliedAsync(cancelled.Token);
        await cancelled.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => waiting);
    }

    [TestMethod]
    public async Task Two_nodes_that_prepare_a_target_at_once_both_find_it_ready()
    {
        var target = People(DeletePolicy.Tombstone);
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Writer().EnsureAsync(target, create: true, Cancel), Cancel)));
        Assert.IsTrue(answers.All(problems => problems.Count == 0));
        await WriteAsync(target, Batch(target, ["1", "a", "1"]));
    }
}

[TestClass]
public sealed class PostgreSqlTargetLedgerTests() : TargetLedgerContract("postgresql");

[TestClass]
public sealed class MySqlTargetLedgerTests() : TargetLedgerContract("mysql");

[TestClass]
public sealed class SqliteTargetLedgerTests() : TargetLedgerContract("sqlite");

[TestClass]
[NeedsSqlServer]
public sealed class SqlServerTargetLedgerTests() : TargetLedgerContract("sqlserver");
