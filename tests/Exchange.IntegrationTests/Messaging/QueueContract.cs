using Exchange.Bus.Messaging;
using Exchange.Contracts.Errors;
using Exchange.IntegrationTests.Storage;
using Exchange.Storage;
using Rebus.Bus;
using Rebus.Messages;
using Rebus.Pipeline;

namespace Exchange.IntegrationTests.Messaging;

/// <summary>What the queue must hold on every engine: sending, sharing, deferral.</summary>
public abstract class QueueContract
{
    protected static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);
    static readonly TimeSpan Never = TimeSpan.FromHours(1);

    public TestContext TestContext { get; set; } = null!;

    protected abstract StoreEngine Engine { get; }

    protected CancellationToken Cancel => TestContext.CancellationToken;

    [TestMethod]
    public async Task A_message_exists_exactly_when_the_write_that_sent_it_commits()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await MessagingNode.CreateAsync(fixture);
        await Assert.ThrowsExactlyAsync<InvalidDataException>(() => node.Store.WriteAsync<int>(async session =>
        {
            await node.Sender.SendAsync(session, new Probe(1), Cancel);
            throw new InvalidDataException();
        }, Cancel));
        await node.SendAsync(new Probe(2));
        await node.StartAsync();
        await Eventually.EqualsAsync("2", () => string.Join(',', node.Handled));
        await Eventually.EqualsAsync(0L, () => node.CountAsync("bus_message"));
    }

    [TestMethod]
    public async Task Nothing_is_received_before_the_bus_is_started()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await MessagingNode.CreateAsync(fixture);
        await node.SendAsync(new Probe(1));
        Assert.AreEqual(1L, await node.CountAsync("bus_message"));
        Assert.IsEmpty(node.Handled);
    }

    [TestMethod]
    public async Task Two_nodes_share_the_messages_and_never_one_of_them()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var one = await MessagingNode.CreateAsync(fixture);
        var other = await MessagingNode.CreateAsync(fixture);
        for (var number = 0; number < 100; number++) await one.SendAsync(new Probe(number));
        await Task.WhenAll(one.StartAsync(), other.StartAsync());
        await Eventually.EqualsAsync(0L, () => one.CountAsync("bus_message"));
        CollectionAssert.AreEquivalent(Enumerable.Range(0, 100).ToArray(), one.Handled.Concat(other.Handled).ToArray());
    }

    [TestMethod]
    public async Task Deferred_messages_come_in_the_order_of_their_times()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        // Without looking by itself, a node must still wake when something is due.
        var node = await MessagingNode.CreateAsync(fixture, options: MessagingNode.Quick with { LookInterval = Never });
        await node.StartAsync();
        await node.SendAsync(new Probe(3), TimeSpan.FromMilliseconds(1500));
        await node.Bus.Bus.DeferLocal(TimeSpan.FromMilliseconds(800), new Probe(2));
        await node.SendAsync(new Probe(1));
        await Eventually.EqualsAsync("1,2,3", () => string.Join(',', node.Handled));
    }

    [TestMethod]
    public async Task A_message_that_became_due_after_the_last_claim_is_due_at_once_and_one_that_is_held_is_not()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await MessagingNode.CreateAsync(fixture, options: MessagingNode.Quick);
        var (queue, recipient) = (node.Queue, MessagingNode.Quick.Queue);
        Assert.IsNull(await queue.NextDueAsync(recipient, CancellationToken.None));
        await node.SendAsync(new Probe(1));
        Assert.AreEqual(TimeSpan.Zero, await queue.NextDueAsync(recipient, CancellationToken.None));
        Assert.HasCount(1, await queue.ClaimAsync(recipient, "node", 1, TimeSpan.FromMinutes(1), CancellationToken.None));
        Assert.IsNull(await queue.NextDueAsync(recipient, CancellationToken.None));
    }

    [TestMethod]
    public async Task A_message_wakes_another_node_that_never_looks_by_itself()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var options = MessagingNode.Quick with { LookInterval = Never };
        var sender = await MessagingNode.CreateAsync(fixture, options: options);
        var receiver = await (await MessagingNode.CreateAsync(fixture, options: options)).StartAsync();
        await sender.SendAsync(new Probe(0));
        await Eventually.EqualsAsync(1, () => receiver.Handled.Count);
        for (var number = 1; number <= 5; number++)
        {
            var sent = TimeProvider.System.GetTimestamp();
            await sender.SendAsync(new Probe(number));
            await Eventually.EqualsAsync(number + 1, () => receiver.Handled.Count);
            Assert.IsLessThan(TimeSpan.FromSeconds(3), TimeProvider.System.GetElapsedTime(sent));
        }
    }

    [TestMethod]
    public async Task An_idle_node_leaves_the_store_alone()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await (await MessagingNode.CreateAsync(fixture, options: MessagingNode.Quick with { LookInterval = Never })).StartAsync();
        await node.SendAsync(new Probe(1));
        await Eventually.EqualsAsync(1, () => node.Handled.Count);
        await Eventually.EqualsAsync(0L, () => node.CountAsync("bus_message"));
        await Task.Delay(TimeSpan.FromMilliseconds(500), Cancel);
        var before = node.Bus.Transport.Looks;
        await Task.Delay(TimeSpan.FromSeconds(1), Cancel);
        Assert.AreEqual(before, node.Bus.Transport.Looks);
    }

    [TestMethod]
    public async Task One_handler_at_a_time_is_not_slowed_by_pauses_between_messages()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await MessagingNode.CreateAsync(fixture, options: MessagingNode.Quick with { Parallelism = 1 });
        for (var number = 0; number < 100; number++) await node.SendAsync(new Probe(number));
        var started = TimeProvider.System.GetTimestamp();
        await node.StartAsync();
        await Eventually.EqualsAsync(100, () => node.Handled.Count);
        // Rebus's own back-off allows ten a second: ten seconds.
        Assert.IsLessThan(TimeSpan.FromSeconds(7), TimeProvider.System.GetElapsedTime(started));
    }

    [TestMethod]
    public async Task Ids_past_thirty_two_bits_are_handled()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await MessagingNode.CreateAsync(fixture);
        await node.SendAsync(new Probe(7));
        await node.ExecuteAsync("UPDATE bus_message SET id = @id", ("@id", 5_000_000_000L));
        await node.StartAsync();
        await Eventually.EqualsAsync(0L, () => node.CountAsync("bus_message"));
        Assert.AreEqual(1, node.Handled.Count);
    }

    [TestMethod]
    public async Task No_delivery_count_travels()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await MessagingNode.CreateAsync(fixture);
        var headers = new Dictionary<string, string> { [Headers.MessageId] = "m", [Headers.DeliveryCount] = "99" };
        await node.Queue.SendAsync([new QueuedMessage("exchange", headers, [1])], Cancel);
        var claim = (await node.Queue.ClaimAsync("exchange", "n", 1, Lease, Cancel)).Single();
        Assert.AreEqual("m", claim.Headers.Single().Value);
        Assert.AreEqual(1, claim.Body.Single());
    }

    [TestMethod]
    public async Task Messages_that_only_wake_are_merged_while_one_waits_untouched()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await MessagingNode.CreateAsync(fixture);
        Task WakeAsync(string key) => node.Store.WriteAsync(async session =>
        {
            await node.Sender.SendAsync(session, new Probe(1), Cancel, mergeKey: key);
            return 0;
        }, Cancel);

        for (var time = 0; time < 5; time++) await WakeAsync("a");
        await WakeAsync("b");
        Assert.AreEqual(2L, await node.CountAsync("bus_message"));
        await node.Queue.ClaimAsync("exchange", "n", 1, Lease, Cancel);
        // Its handler may have looked already: this one is needed.
        await WakeAsync("a");
        Assert.AreEqual(3L, await node.CountAsync("bus_message"));
    }

    [TestMethod]
    public async Task A_message_that_stands_for_an_open_write_is_not_claimed_before_its_end()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await MessagingNode.CreateAsync(fixture);
        var other = await MessagingNode.CreateAsync(fixture);
        await node.Store.WriteAsync(session => MergeAsync(node, session), Cancel);
        Task<IReadOnlyList<ClaimedMessage>>? claiming = null;
        await node.Store.WriteAsync(async session =>
        {
            await MergeAsync(node, session);
            using (ExecutionContext.SuppressFlow()) claiming = Task.Run(() => other.Queue.ClaimAsync("exchange", "n", 1, Lease, Cancel), Cancel);
            if (Engine == StoreEngine.PostgreSql) Assert.IsEmpty(await claiming);
            else await Assert.ThrowsExactlyAsync<TimeoutException>(() => claiming.WaitAsync(TimeSpan.FromMilliseconds(300), Cancel));
            return 0;
        }, Cancel);
        await claiming!;
        Assert.AreEqual(1L, await node.CountAsync("bus_message"));

        async Task<int> MergeAsync(MessagingNode sender, StoreSession session)
        {
            await sender.Sender.SendAsync(session, new Probe(1), Cancel, mergeKey: "a");
            return 0;
        }
    }

    [TestMethod]
    public async Task A_published_message_reaches_its_subscribers_until_they_leave()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await (await MessagingNode.CreateAsync(fixture)).StartAsync();
        await node.Bus.Bus.Subscribe<Echo>();
        await node.Bus.Bus.Subscribe<Echo>();
        await node.Bus.Bus.Publish(new Echo(1));
        await Eventually.EqualsAsync("1", () => string.Join(',', node.Echoed));
        await node.Bus.Bus.Unsubscribe<Echo>();
        await node.Bus.Bus.Publish(new Echo(2));
        Assert.AreEqual(0L, await node.CountAsync("bus_message_subscription"));
        await Eventually.EqualsAsync(0L, () => node.CountAsync("bus_message"));
        Assert.AreEqual("1", string.Join(',', node.Echoed));
    }
}

[TestClass]
public sealed class SqliteQueueTests : QueueContract
{
    protected override StoreEngine Engine => StoreEngine.Sqlite;
}

[TestClass]
public sealed class PostgreSqlQueueTests : QueueContract
{
    protected override StoreEngine Engine => StoreEngine.PostgreSql;

    [TestMethod]
    public async Task A_server_that_cuts_all_connections_delays_messages_and_loses_none()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await (await MessagingNode.CreateAsync(fixture)).StartAsync();
        await node.SendAsync(new Probe(1));
        await Eventually.EqualsAsync(1, () => node.Handled.Count);
        await fixture.Database.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        await node.SendAsync(new Probe(2));
        await Eventually.EqualsAsync("1,2", () => string.Join(',', node.Handled));
        await Eventually.EqualsAsync(0L, () => node.CountAsync("bus_message"));
    }

    [TestMethod]
    public async Task A_claim_reads_what_it_takes_and_not_all_that_waits_or_is_deferred()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await MessagingNode.CreateAsync(fixture);
        // Statistics of a moment when the queue was empty.
        await node.ExecuteAsync("ANALYZE bus_message");
        Task FillAsync(string queue, int messages, long visibleAt) => node.ExecuteAsync("""
            INSERT INTO bus_message (recipient, priority, visible_at, lease_until, attempts, rounds, headers, body)
            SELECT @queue, 0, @visible, 0, 0, 0, '{"rbs2-msg-id":"m"}', '' FROM generate_series(1, @messages)
            """, ("@queue", queue), ("@visible", visibleAt), ("@messages", messages));
        await FillAsync("long", 5_000, 1);
        await FillAsync("deferred", 10, 1);
        await FillAsync("deferred", 5_000, long.MaxValue);
        var claimed = 0;
        // More often than PostgreSQL plans a statement for its values.
        for (var claim = 0; claim < 10; claim++)
            foreach (var queue in new[] { "long", "deferred" }) claimed += (await node.Queue.ClaimAsync(queue, "n", 2, Lease, Cancel, ahead: 8)).Count;
        // A session tells what it read when it ends.
        await node.Store.DisposeAsync();
        var read = 0L;
        await Eventually.EqualsAsync(true, async () =>
        {
            read = (long)(await fixture.Database.QueryAsync("SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_user_tables WHERE relname = 'bus_message'")).Single()[0]!;
            return read >= 2 * claimed;
        });
        Assert.AreEqual(110, claimed);
        Assert.IsLessThan(2_000L, read);
    }
}
