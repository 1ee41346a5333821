using System.Text;
using Exchange.Bus.Messaging;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Operations;
using Exchange.IntegrationTests.Storage;
using Exchange.Storage;
using Rebus.Bus;
using Rebus.Messages;

namespace Exchange.IntegrationTests.Messaging;

/// <summary>What becomes of messages that fail, on every engine: retries, inbox, error queue.</summary>
public abstract class FailureContract
{
    public TestContext TestContext { get; set; } = null!;

    protected abstract StoreEngine Engine { get; }

    CancellationToken Cancel => TestContext.CancellationToken;

    [TestMethod]
    public async Task A_handler_that_fails_gets_the_message_again()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var runs = 0;
        var node = await (await MessagingNode.CreateAsync(fixture, (_, _) => Interlocked.Increment(ref runs) < 3 ? throw new InvalidDataException("not yet") : Task.CompletedTask)).StartAsync();
        await node.SendAsync(new Probe(1));
        await Eventually.EqualsAsync(1, () => node.Handled.Count);
        await Eventually.EqualsAsync(0L, () => node.CountAsync("bus_message"));
        Assert.AreEqual((3, 0L), (runs, await node.CountAsync("bus_failed_message")));
    }

    [TestMethod]
    public async Task What_a_failed_handler_sent_never_gets_out_and_what_a_good_one_sent_does_once()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var runs = 0;
        var node = await (await MessagingNode.CreateAsync(fixture, async (node, probe) =>
        {
            await node.Bus.Bus.SendLocal(new Echo(probe.Number));
            if (probe.Number == 1 || Interlocked.Increment(ref runs) < 2) throw new InvalidDataException("after sending");
        })).StartAsync();
        await node.SendAsync(new Probe(1));
        await node.SendAsync(new Probe(2));
        await Eventually.EqualsAsync(1L, () => node.CountAsync("bus_failed_message"));
        await Eventually.EqualsAsync(0L, () => node.CountAsync("bus_message"));
        Assert.AreEqual("2", string.Join(',', node.Echoed));
    }

    [TestMethod]
    public async Task Attempts_are_counted_over_all_nodes_and_then_the_message_is_in_the_error_queue()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var runs = 0;
        Task Fail(MessagingNode node, Probe probe)
        {
            Interlocked.Increment(ref runs);
            throw new InvalidDataException("never");
        }

        var options = MessagingNode.Quick with { ImmediateAttempts = 4, DelayedRetries = [TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(50)] };
        var one = await (await MessagingNode.CreateAsync(fixture, Fail, options)).StartAsync();
        await (await MessagingNode.CreateAsync(fixture, Fail, options)).StartAsync();
        await one.SendAsync(new Probe(1));
        await Eventually.EqualsAsync(1L, () => one.CountAsync("bus_failed_message"));
        var failed = (await one.Errors.ListAsync(FailedMessageState.Failed, null, null, 10, Cancel)).Single();
        Assert.AreEqual((6, 6, 1), (runs, failed.Attempts, failed.Rounds));
        Assert.AreEqual(0L, await one.CountAsync("bus_message"));
    }

    [TestMethod]
    public async Task Failures_are_grouped_by_exception_and_place()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await (await MessagingNode.CreateAsync(fixture, (_, probe) => probe.Number < 3 ? FirstPlaceAsync(probe.Number) : SecondPlaceAsync())).StartAsync();
        for (var number = 0; number < 4; number++) await node.SendAsync(new Probe(number));
        await Eventually.EqualsAsync(4L, () => node.CountAsync("bus_failed_message"));
        var groups = await node.Errors.GroupsAsync(Cancel);
        Assert.AreEqual("3,1", string.Join(',', groups.Select(group => group.Count)));
        Assert.AreEqual("System.IO.InvalidDataException", groups[0].ExceptionType);
        Assert.Contains(nameof(FirstPlaceAsync), groups[0].Place);
        Assert.HasCount(3, await node.Errors.ListAsync(null, groups[0].Key, null, 10, Cancel));

        var page = await node.Errors.ListAsync(null, null, null, 3, Cancel);
        Assert.HasCount(1, await node.Errors.ListAsync(null, null, page[^1].Id, 3, Cancel));
        var shown = await node.Errors.ShowAsync(page[0].Id, Cancel);
        Assert.Contains("PlaceAsync", shown.Stack);
        Assert.Contains("number", shown.Body);
        Assert.AreEqual("test-probe", shown.Headers[Headers.Type]);
    }

    [TestMethod]
    [DataRow("test-probe", "no json")]
    [DataRow("test-probe", "null")]
    [DataRow("unknown", "{}")]
    [DataRow("System.IO.FileInfo, System.Runtime", "{}")]
    [DataRow(null, "{}")]
    public async Task A_message_that_can_never_be_read_goes_to_the_error_queue_at_once(string? type, string body)
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await (await MessagingNode.CreateAsync(fixture)).StartAsync();
        var headers = new Dictionary<string, string> { [Headers.MessageId] = "poison", [Headers.ContentType] = MessageSerializer.ContentType };
        if (type is not null) headers[Headers.Type] = type;
        await node.Queue.SendAsync([new QueuedMessage("exchange", headers, Encoding.UTF8.GetBytes(body))], Cancel);
        await Eventually.EqualsAsync(1L, () => node.CountAsync("bus_failed_message"));
        Assert.AreEqual(1, (await node.Errors.ListAsync(null, null, null, 10, Cancel)).Single().Attempts);
        await node.SendAsync(new Probe(1));
        await Eventually.EqualsAsync(1, () => node.Handled.Count);
    }

    [TestMethod]
    public async Task A_message_that_kills_its_process_each_time_is_put_aside()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await MessagingNode.CreateAsync(fixture);
        await node.SendAsync(new Probe(1));
        await node.ExecuteAsync("UPDATE bus_message SET attempts = 3, lease_owner = 'dead', lease_until = 1");
        await node.StartAsync();
        await Eventually.EqualsAsync(1L, () => node.CountAsync("bus_failed_message"));
        Assert.IsEmpty(node.Handled);
    }

    [TestMethod]
    public async Task A_duplicate_changes_no_rows_again()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await MessagingNode.CreateAsync(fixture, async (node, _) => await node.Inbox.OnceAsync("count", session =>
            session.ExecuteAsync("UPDATE tally SET hits = hits + 1", CancellationToken.None), CancellationToken.None));
        await node.ExecuteAsync("CREATE TABLE tally (hits bigint NOT NULL)");
        await node.ExecuteAsync("INSERT INTO tally VALUES (0)");
        var headers = new Dictionary<string, string> { [Headers.MessageId] = "twice", [Headers.Type] = "test-probe", [Headers.ContentType] = MessageSerializer.ContentType };
        var message = new QueuedMessage("exchange", headers, """{"number":1}"""u8.ToArray());
        await node.Queue.SendAsync([message, message, message], Cancel);
        await node.StartAsync();
        await Eventually.EqualsAsync(3, () => node.Handled.Count);
        Assert.AreEqual(1L, await node.Store.ReadAsync(session => session.ScalarAsync<long>("SELECT hits FROM tally", Cancel), Cancel));
    }

    [TestMethod]
    public async Task Rows_and_inbox_are_undone_together_when_the_message_was_lost_meanwhile()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var lost = new TaskCompletionSource<ExchangeException>();
        var node = await MessagingNode.CreateAsync(fixture, async (node, _) =>
        {
            await node.ExecuteAsync("UPDATE bus_message SET lease_owner = 'other', attempts = attempts + 1");
            lost.TrySetResult(await Assert.ThrowsExactlyAsync<ExchangeException>(() => node.Inbox.OnceAsync("h", session =>
                session.ExecuteAsync("INSERT INTO tally VALUES (1)", CancellationToken.None), CancellationToken.None)));
        });
        await node.ExecuteAsync("CREATE TABLE tally (hits bigint NOT NULL)");
        await node.SendAsync(new Probe(1));
        await node.StartAsync();
        Assert.AreEqual(ErrorCodes.LeaseLost, (await lost.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel)).Code);
        await node.Bus.StopAsync(Cancel);
        Assert.AreEqual((0L, 0L, 1L), (await node.CountAsync("tally"), await node.CountAsync("bus_inbox"), await node.CountAsync("bus_message")));
    }

    [TestMethod]
    public async Task A_retried_message_is_handled_and_only_one_of_two_operators_retries_it()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var broken = true;
        var node = await (await MessagingNode.CreateAsync(fixture, (_, _) => broken ? throw new InvalidDataException("broken") : Task.CompletedTask)).StartAsync();
        await node.SendAsync(new Probe(1));
        await Eventually.EqualsAsync(1L, () => node.CountAsync("bus_failed_message"));
        var failed = (await node.Errors.ListAsync(FailedMessageState.Failed, null, null, 10, Cancel)).Single();

        // Fails again: the same row, one round more.
        Assert.AreEqual(1, await node.Errors.RetryGroupAsync(failed.Group, Cancel));
        await Eventually.EqualsAsync((2, FailedMessageState.Failed), async () =>
        {
            var now = (await node.Errors.ListAsync(null, null, null, 10, Cancel)).Single();
            return (now.Rounds, now.State);
        });

        broken = false;
        var retried = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => node.Errors.RetryAsync([failed.Id], Cancel), Cancel)));
        Assert.AreEqual(1, retried.Sum());
        await Eventually.EqualsAsync(1, () => node.Handled.Count);
        await Eventually.EqualsAsync(0L, () => node.CountAsync("bus_message"));
        Assert.IsEmpty(await node.Errors.GroupsAsync(Cancel));
        Assert.AreEqual(FailedMessageState.Retried, (await node.Errors.ShowAsync(failed.Id, Cancel)).Message.State);
    }

    [TestMethod]
    public async Task A_mended_message_is_handled_and_a_wrong_mending_changes_nothing()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await (await MessagingNode.CreateAsync(fixture, (_, probe) => probe.Number < 0 ? throw new InvalidDataException("negative") : Task.CompletedTask)).StartAsync();
        await node.SendAsync(new Probe(-1));
        await Eventually.EqualsAsync(1L, () => node.CountAsync("bus_failed_message"));
        var id = (await node.Errors.ListAsync(FailedMessageState.Failed, null, null, 10, Cancel)).Single().Id;
        var wrong = await Assert.ThrowsExactlyAsync<ExchangeException>(() => node.Errors.EditAndRetryAsync(id, "{\"number\":\"x\"}", Cancel));
        Assert.AreEqual((ErrorCodes.MessageInvalid, FailedMessageState.Failed), (wrong.Code, (await node.Errors.ShowAsync(id, Cancel)).Message.State));
        await node.Errors.EditAndRetryAsync(id, "{\"number\":5}", Cancel);
        await Eventually.EqualsAsync("5", () => string.Join(',', node.Handled));
        Assert.AreEqual(ErrorCodes.MessageUnknown, (await Assert.ThrowsExactlyAsync<ExchangeException>(() => node.Errors.EditAndRetryAsync(id, "{}", Cancel))).Code);
    }

    [TestMethod]
    public async Task An_archived_message_is_out_of_the_way_and_cannot_be_retried()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await (await MessagingNode.CreateAsync(fixture, (_, _) => throw new InvalidDataException("\0broken"))).StartAsync();
        await node.SendAsync(new Probe(1));
        await Eventually.EqualsAsync(1L, () => node.CountAsync("bus_failed_message"));
        var id = (await node.Errors.ListAsync(null, null, null, 10, Cancel)).Single().Id;
        Assert.AreEqual(1, await node.Errors.ArchiveAsync([id, id, id + 1], Cancel));
        Assert.AreEqual(0, await node.Errors.RetryAsync([id], Cancel));
        Assert.IsEmpty(await node.Errors.GroupsAsync(Cancel));
        Assert.AreEqual(ErrorCodes.MessageUnknown, (await Assert.ThrowsExactlyAsync<ExchangeException>(() => node.Errors.ShowAsync(id + 1, Cancel))).Code);
    }

    static async Task FirstPlaceAsync(int number)
    {
        await Task.Yield();
        throw new InvalidDataException($"first {number}");
    }

    static async Task SecondPlaceAsync()
    {
        await Task.Yield();
        throw new InvalidDataException("second");
    }
}

[TestClass]
public sealed class SqliteFailureTests : FailureContract
{
    protected override StoreEngine Engine => StoreEngine.Sqlite;
}

[TestClass]
public sealed class PostgreSqlFailureTests : FailureContract
{
    protected override StoreEngine Engine => StoreEngine.PostgreSql;
}
