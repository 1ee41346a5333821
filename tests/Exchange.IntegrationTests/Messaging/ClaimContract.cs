using Exchange.Bus.Messaging;
using Exchange.Contracts.Errors;
using Exchange.IntegrationTests.Storage;
using Exchange.Storage;
using Rebus.Pipeline;

namespace Exchange.IntegrationTests.Messaging;

/// <summary>Who holds a message, on every engine: claims, their order, leases, giving back.</summary>
public abstract class ClaimContract
{
    static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);
    static readonly TimeSpan Never = TimeSpan.FromHours(1);

    public TestContext TestContext { get; set; } = null!;

    protected abstract StoreEngine Engine { get; }

    CancellationToken Cancel => TestContext.CancellationToken;

    [TestMethod]
    public async Task Claimers_at_the_same_time_get_different_messages()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await MessagingNode.CreateAsync(fixture);
        for (var number = 0; number < 60; number++) await node.SendAsync(new Probe(number));
        var claims = await Task.WhenAll(Enumerable.Range(0, 12).Select(at => Task.Run(() => node.Queue.ClaimAsync("exchange", $"node{at}", 5, Lease, Cancel), Cancel)));
        var ids = claims.SelectMany(batch => batch).Select(claim => claim.Id).ToList();
        Assert.HasCount(ids.Count, ids.Distinct().ToList());
        Assert.IsEmpty((await node.Queue.ClaimAsync("exchange", "late", 100, Lease, Cancel)).Select(claim => claim.Id).Intersect(ids));
    }

    [TestMethod]
    public async Task Only_messages_that_were_never_delivered_are_claimed_ahead()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await MessagingNode.CreateAsync(fixture);
        for (var number = 0; number < 4; number++) await node.SendAsync(new Probe(number));
        await node.ExecuteAsync("UPDATE bus_message SET attempts = 1 WHERE id <= 2");
        var claims = await node.Queue.ClaimAsync("exchange", "n", 1, Lease, Cancel, ahead: 5);
        Assert.AreEqual("1 2, 3 1, 4 1", string.Join(", ", claims.Select(claim => $"{claim.Id} {claim.Attempts}")));
        Assert.AreEqual(2L, (await node.Queue.ClaimAsync("exchange", "n", 1, Lease, Cancel)).Single().Id);
    }

    [TestMethod]
    public async Task What_was_claimed_ahead_of_a_handler_that_became_slow_goes_to_another_node()
    {
        const int Slow = 300, All = 400;
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var (begun, finish) = (new TaskCompletionSource(), new TaskCompletionSource());
        var options = MessagingNode.Quick with { Parallelism = 1, MessagesPerWrite = 1 };
        var one = await MessagingNode.CreateAsync(fixture, async (_, probe) =>
        {
            if (probe.Number != Slow) return;
            begun.TrySetResult();
            await finish.Task;
        }, options);
        var other = await MessagingNode.CreateAsync(fixture, options: options);
        await one.Store.WriteAsync(async session =>
        {
            for (var number = 0; number < All; number++) await one.Sender.SendAsync(session, new Probe(number), Cancel);
            return 0;
        }, Cancel);
        await one.StartAsync();
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(90), Cancel);
        await other.StartAsync();
        await Eventually.EqualsAsync(1L, () => one.CountAsync("bus_message"));
        CollectionAssert.AreEquivalent(Enumerable.Range(Slow + 1, All - Slow - 1).ToArray(), other.Handled.ToArray());
        Assert.AreEqual(1L, await one.Store.ReadAsync(session => session.ScalarAsync<long>("SELECT attempts FROM bus_message", Cancel), Cancel));
        finish.SetResult();
        await Eventually.EqualsAsync(0L, () => one.CountAsync("bus_message"));
        Assert.HasCount(Slow + 1, one.Handled);
    }

    [TestMethod]
    public async Task What_is_given_back_keeps_its_place_and_what_was_lost_is_left_alone()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await MessagingNode.CreateAsync(fixture);
        for (var number = 0; number < 3; number++) await node.SendAsync(new Probe(number));
        var claims = await node.Queue.ClaimAsync("exchange", "n", 3, Lease, Cancel);
        await node.ExecuteAsync("UPDATE bus_message SET lease_owner = 'other' WHERE id = 2");
        await node.SendAsync(new Probe(3));
        await node.Queue.GiveBackAsync("exchange", claims, Cancel);
        Assert.AreEqual("1 1, 3 1, 4 1", string.Join(", ", (await node.Queue.ClaimAsync("exchange", "m", 4, Lease, Cancel)).Select(claim => $"{claim.Id} {claim.Attempts}")));
    }

    [TestMethod]
    public async Task A_claim_takes_what_became_visible_first_and_then_the_older_message()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await MessagingNode.CreateAsync(fixture);
        for (var number = 0; number < 5; number++) await node.SendAsync(new Probe(number));
        await node.ExecuteAsync("UPDATE bus_message SET visible_at = CASE WHEN id = 5 THEN 7 ELSE 9 END WHERE id <> 3");
        var claims = await node.Queue.ClaimAsync("exchange", "n", 4, Lease, Cancel);
        Assert.AreEqual("5,1,2,4", string.Join(',', claims.Select(claim => claim.Id)));
    }

    [TestMethod]
    public async Task An_expired_lease_gives_the_message_to_another_and_its_old_holder_ends_and_sends_nothing()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await MessagingNode.CreateAsync(fixture);
        await node.SendAsync(new Probe(1));
        var old = (await node.Queue.ClaimAsync("exchange", "old", 1, Lease, Cancel)).Single();
        Assert.IsEmpty(await node.Queue.ClaimAsync("exchange", "new", 1, Lease, Cancel));
        await node.ExecuteAsync("UPDATE bus_message SET lease_until = 1");
        var taken = (await node.Queue.ClaimAsync("exchange", "new", 1, Lease, Cancel)).Single();

        var sends = new[] { new QueuedMessage("exchange", new Dictionary<string, string>(), []) };
        var lost = await Assert.ThrowsExactlyAsync<ExchangeException>(() => node.EndAsync(old, sends));
        await node.Queue.ReturnAsync(old, TimeSpan.Zero, true, Cancel);
        await node.Queue.RenewAsync([old], Never, Cancel);
        Assert.AreEqual((ErrorCodes.LeaseLost, 2), (lost.Code, taken.Attempts));
        await node.EndAsync(taken, []);
        Assert.AreEqual(0L, await node.CountAsync("bus_message"));
    }

    [TestMethod]
    public async Task A_lease_is_renewed_while_its_handler_runs()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var finish = new TaskCompletionSource();
        var options = MessagingNode.Quick with { Lease = TimeSpan.FromMilliseconds(900) };
        var one = await MessagingNode.CreateAsync(fixture, (_, _) => finish.Task, options);
        var other = await MessagingNode.CreateAsync(fixture, (_, _) => finish.Task, options);
        await one.SendAsync(new Probe(1));
        await Task.WhenAll(one.StartAsync(), other.StartAsync());

        Task<long> Until() => one.Store.ReadAsync(session => session.ScalarAsync<long>("SELECT lease_until FROM bus_message", Cancel), Cancel);
        await Eventually.EqualsAsync(true, async () => await Until() > 0);
        var first = await Until();
        // More than two terms of the lease: unrenewed, the other node would have taken it.
        await Eventually.EqualsAsync(true, async () => await Until() > first + 2_000_000);
        finish.SetResult();
        await Eventually.EqualsAsync(0L, () => one.CountAsync("bus_message"));
        Assert.AreEqual(1, one.Handled.Count + other.Handled.Count);
    }

    [TestMethod]
    public async Task A_stop_gives_back_what_was_being_handled_and_counts_no_attempt()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var begun = new TaskCompletionSource();
        var node = await MessagingNode.CreateAsync(fixture, async (_, _) =>
        {
            var stopping = MessageContext.Current.IncomingStepContext.Load<CancellationToken>();
            begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, stopping);
        });
        await node.SendAsync(new Probe(1));
        await node.StartAsync();
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await node.Bus.StopAsync(Cancel);
        var left = await node.Store.ReadAsync(session => session.QueryAsync("SELECT attempts, lease_until FROM bus_message", row => (row.GetInt32(0), row.GetInt64(1)), Cancel), Cancel);
        Assert.AreEqual((0, 0L), left.Single());
        Assert.IsEmpty(node.Handled);
    }
}

[TestClass]
public sealed class SqliteClaimTests : ClaimContract
{
    protected override StoreEngine Engine => StoreEngine.Sqlite;
}

[TestClass]
public sealed class PostgreSqlClaimTests : ClaimContract
{
    protected override StoreEngine Engine => StoreEngine.PostgreSql;
}
