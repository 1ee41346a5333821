using System.Collections.Concurrent;
using Exchange.Bus.Messaging;
using Exchange.Contracts.Errors;
using Exchange.IntegrationTests.Storage;
using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;
using Rebus.Handlers;
using Rebus.Messages;

namespace Exchange.IntegrationTests.Messaging;

/// <summary>A handler's rows, the end of its message and what it sent, in one write, alone and together with other messages, on every engine.</summary>
public abstract class EndingContract
{
    public TestContext TestContext { get; set; } = null!;

    protected abstract StoreEngine Engine { get; }

    CancellationToken Cancel => TestContext.CancellationToken;

    [TestMethod]
    [DataRow(1)]
    [DataRow(100)]
    public async Task Rows_sends_and_the_end_of_a_message_are_one_write_and_nothing_after_it_repeats_them(int perWrite)
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var tooLate = new ConcurrentQueue<Exception>();
        var node = await CreateAsync(fixture, perWrite, async (node, probe) =>
        {
            await node.Bus.Bus.SendLocal(new Echo(1));
            await node.Inbox.FinishAsync("h", async session =>
            {
                await HitAsync(session, probe.Number);
                await node.Bus.Bus.SendLocal(new Echo(2));
            }, Cancel);
            tooLate.Enqueue(await Assert.ThrowsAsync<InvalidOperationException>(() => node.Bus.Bus.SendLocal(new Echo(3))));
            throw new InvalidDataException("after the end");
        });
        await node.SendAsync(new Probe(7));
        await node.StartAsync();
        await Eventually.EqualsAsync("1,2", () => string.Join(',', node.Echoed.Order()));
        await Eventually.EqualsAsync(0L, () => node.CountAsync("bus_message"));
        await node.Bus.StopAsync(Cancel);
        Assert.HasCount(1, tooLate);
        Assert.AreEqual(("7", 0L, 1L), (await HitsAsync(node), await node.CountAsync("bus_failed_message"), await node.CountAsync("bus_inbox")));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(100)]
    public async Task Work_that_fails_undoes_its_own_message_and_no_other_of_its_group(int perWrite)
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var together = new Gate(4);
        var node = await CreateAsync(fixture, perWrite, async (node, probe) =>
        {
            await together.PassAsync();
            await node.Inbox.FinishAsync("h", async session =>
            {
                await HitAsync(session, probe.Number);
                await node.Bus.Bus.SendLocal(new Echo(probe.Number));
                if (probe.Number == 2) throw new InvalidDataException("refused");
            }, Cancel);
        });
        for (var number = 0; number < 4; number++) await node.SendAsync(new Probe(number));
        await node.StartAsync();
        await Eventually.EqualsAsync(1L, () => node.CountAsync("bus_failed_message"));
        await Eventually.EqualsAsync(0L, () => node.CountAsync("bus_message"));
        await Eventually.EqualsAsync("0,1,3", () => string.Join(',', node.Echoed.Order()));
        Assert.AreEqual("0,1,3", await HitsAsync(node));
        Assert.AreEqual(3, (await node.Errors.ListAsync(null, null, null, 10, Cancel)).Single().Attempts);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(100)]
    public async Task Duplicates_that_end_together_do_their_work_once(int perWrite)
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var together = new Gate(4);
        var node = await CreateAsync(fixture, perWrite, async (node, probe) =>
        {
            await together.PassAsync();
            await node.Inbox.FinishAsync("h", session => HitAsync(session, probe.Number), Cancel);
        });
        var headers = new Dictionary<string, string> { [Headers.MessageId] = "same", [Headers.Type] = "test-probe", [Headers.ContentType] = MessageSerializer.ContentType };
        var message = new QueuedMessage("exchange", headers, """{"number":5}"""u8.ToArray());
        await node.Queue.SendAsync([message, message, message, message], Cancel);
        await node.StartAsync();
        await Eventually.EqualsAsync(4, () => node.Handled.Count);
        Assert.AreEqual(("5", 0L), (await HitsAsync(node), await node.CountAsync("bus_message")));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(100)]
    public async Task A_message_that_was_lost_meanwhile_writes_nothing_and_the_others_of_its_group_end(int perWrite)
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var together = new Gate(4, passes: 2);
        var lost = new ConcurrentQueue<ExchangeException>();
        var node = await CreateAsync(fixture, perWrite, async (node, probe) =>
        {
            await together.PassAsync();
            await node.ExecuteAsync("UPDATE bus_message SET lease_owner = 'other', attempts = 2 WHERE id = 3");
            await together.PassAsync();
            try
            {
                await node.Inbox.FinishAsync("h", session => HitAsync(session, probe.Number), Cancel);
            }
            catch (ExchangeException failed)
            {
                lost.Enqueue(failed);
                throw;
            }
        });
        for (var number = 1; number <= 4; number++) await node.SendAsync(new Probe(number));
        await node.StartAsync();
        await Eventually.EqualsAsync(1, () => lost.Count);
        await Eventually.EqualsAsync(1L, () => node.CountAsync("bus_message"));
        await node.Bus.StopAsync(Cancel);
        Assert.AreEqual((ErrorCodes.LeaseLost, "1,2,4", 3L), (lost.Single().Code, await HitsAsync(node), await node.CountAsync("bus_inbox")));
    }

    [TestMethod]
    public async Task A_message_of_two_handlers_ends_with_the_last_of_them()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var runs = 0;
        var node = await CreateAsync(fixture, 100, (node, probe) => node.Inbox.FinishAsync("first", session => HitAsync(session, probe.Number), Cancel),
            services => services.AddSingleton<IHandleMessages<Probe>>(provider => new Second(async probe =>
            {
                if (Interlocked.Increment(ref runs) == 1) throw new InvalidDataException("not yet");
                await provider.GetRequiredService<IInbox>().FinishAsync("second", session => HitAsync(session, probe.Number + 10), Cancel);
            })));
        await node.SendAsync(new Probe(1));
        await node.StartAsync();
        await Eventually.EqualsAsync("1,11", () => HitsAsync(node));
        await Eventually.EqualsAsync(0L, () => node.CountAsync("bus_message"));
        Assert.AreEqual(2, runs);
    }

    [TestMethod]
    public async Task Items_of_messages_that_end_together_are_written_by_one_call_and_one_that_fails_undoes_no_other()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var calls = new ConcurrentQueue<int>();
        var (came, together) = (0, new Gate(4));
        // Four may be handled at a time; those that wait for their end do not count. On SQLite nothing is claimed while something is written.
        var (waiting, most) = Engine == StoreEngine.PostgreSql ? (12, 4) : (4, 1);
        var node = await CreateAsync(fixture, 100, async (node, probe) =>
        {
            await together.PassAsync();
            Interlocked.Increment(ref came);
            await node.Inbox.FinishTogetherAsync("h", probe.Number, async (session, numbers) =>
            {
                calls.Enqueue(numbers.Count);
                await Eventually.EqualsAsync(true, () => Volatile.Read(ref came) >= waiting);
                if (numbers.Contains(5)) throw new InvalidDataException("refused");
                foreach (var number in numbers) await HitAsync(session, number);
            }, Cancel);
        });
        for (var number = 0; number < 12; number++) await node.SendAsync(new Probe(number));
        await node.StartAsync();
        await Eventually.EqualsAsync(1L, () => node.CountAsync("bus_failed_message"));
        await Eventually.EqualsAsync(0L, () => node.CountAsync("bus_message"));
        Assert.AreEqual(("0,1,2,3,4,6,7,8,9,10,11", 11L), (await HitsAsync(node), await node.CountAsync("bus_inbox")));
        Assert.IsGreaterThan(most, calls.Max());
    }

    [TestMethod]
    public async Task Items_of_a_message_of_two_handlers_are_written_alone()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await CreateAsync(fixture, 100, (node, probe) => node.Inbox.FinishTogetherAsync("first", probe.Number, (session, numbers) => HitAsync(session, numbers.Single()), Cancel),
            services => services.AddSingleton<IHandleMessages<Probe>>(provider => new Second(probe =>
                provider.GetRequiredService<IInbox>().FinishAsync("second", session => HitAsync(session, probe.Number + 10), Cancel))));
        await node.SendAsync(new Probe(1));
        await node.StartAsync();
        await Eventually.EqualsAsync("1,11", () => HitsAsync(node));
        await Eventually.EqualsAsync(0L, () => node.CountAsync("bus_message"));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(100)]
    public async Task A_message_that_is_ended_inside_a_write_is_refused_at_once(int perWrite)
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await CreateAsync(fixture, perWrite, (node, probe) => node.Store.WriteAsync(
            _ => node.Inbox.FinishAsync("h", session => HitAsync(session, probe.Number), Cancel), Cancel));
        await node.SendAsync(new Probe(1));
        await node.StartAsync();
        await Eventually.EqualsAsync(1L, () => node.CountAsync("bus_failed_message"));
        var failed = (await node.Errors.ListAsync(null, null, null, 10, Cancel)).Single();
        Assert.Contains("inside a write", failed.Message);
        Assert.AreEqual("", await HitsAsync(node));
    }

    [TestMethod]
    [Timeout(400_000, CooperativeCancellation = true)]
    public async Task A_process_that_is_killed_at_any_moment_loses_no_message_and_doubles_none()
    {
        const int Kills = 6, Each = 150;
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await MessagingNode.CreateAsync(fixture);
        await node.ExecuteAsync("CREATE TABLE effect (kind text NOT NULL, number bigint NOT NULL)");
        // A fixed seed; the moment within a write is the machine's.
        var random = new Random(20260701);
        var sent = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            for (var end = sent + Each; sent < end; sent++) await node.SendAsync(new Probe(sent));
            using var process = MessagingProcess.Start(fixture.Options);
            var wanted = await node.CountAsync("effect") + random.Next(1, Each);
            await Eventually.EqualsAsync(true, async () => await node.CountAsync("effect") >= wanted);
            await process.KillAsync();
            TestContext.WriteLine($"killed with {await node.CountAsync("effect")} of {2 * sent} rows written and {await node.ExecuteAsync("UPDATE bus_message SET rounds = rounds WHERE lease_owner IS NOT NULL")} messages held");
        }

        using var last = MessagingProcess.Start(fixture.Options);
        await Eventually.EqualsAsync(0L, () => node.CountAsync("bus_message"));
        var wrong = await node.Store.ReadAsync(session => session.QueryAsync("SELECT kind, number, count(*) FROM effect GROUP BY kind, number HAVING count(*) <> 1",
            row => $"{row.GetString(0)} {row.GetInt64(1)}: {row.GetInt64(2)}", Cancel), Cancel);
        Assert.AreEqual(("", 2L * sent, 0L), (string.Join("; ", wrong), await node.CountAsync("effect"), await node.CountAsync("bus_failed_message")));
    }

    static async Task<MessagingNode> CreateAsync(StoreFixture fixture, int perWrite, Func<MessagingNode, Probe, Task> handle, Action<IServiceCollection>? more = null)
    {
        var node = await MessagingNode.CreateAsync(fixture, handle, MessagingNode.Quick with { MessagesPerWrite = perWrite }, more);
        await node.ExecuteAsync("CREATE TABLE tally (number bigint NOT NULL)");
        return node;
    }

    static Task<int> HitAsync(StoreSession session, int number) => session.ExecuteAsync("INSERT INTO tally (number) VALUES (@number)", CancellationToken.None, ("@number", number));

    static async Task<string> HitsAsync(MessagingNode node) => string.Join(',', await node.Store.ReadAsync(session =>
        session.QueryAsync("SELECT number FROM tally ORDER BY number", row => row.GetInt64(0), CancellationToken.None), CancellationToken.None));

    /// <summary>Lets each through once so many wait, a number of times, and then everybody at once.</summary>
    sealed class Gate(int count, int passes = 1)
    {
        readonly Lock _lock = new();
        readonly List<TaskCompletionSource> _passes = [];
        int _came;

        public Task PassAsync()
        {
            lock (_lock)
            {
                // A failed message comes again, alone.
                if (_came == passes * count) return Task.CompletedTask;
                var pass = _came++ / count;
                if (pass == _passes.Count) _passes.Add(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
                if (_came % count == 0) _passes[pass].SetResult();
                return _passes[pass].Task;
            }
        }
    }

    sealed class Second(Func<Probe, Task> handle) : IHandleMessages<Probe>
    {
        public Task Handle(Probe message) => handle(message);
    }
}

[TestClass]
public sealed class SqliteEndingTests : EndingContract
{
    protected override StoreEngine Engine => StoreEngine.Sqlite;
}

[TestClass]
public sealed class PostgreSqlEndingTests : EndingContract
{
    protected override StoreEngine Engine => StoreEngine.PostgreSql;
}
