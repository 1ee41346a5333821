using System.Data.Common;
using System.Text;
using System.Text.Json;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Operations;
using Exchange.Storage;
using Rebus.Messages;

namespace Exchange.Bus.Messaging;

internal sealed class FailedMessages(IStore store, MessageQueue queue, MessageTypes types) : IFailedMessages
{
    const string Columns = "id, message_id, type, recipient, group_key, exception_type, place, message, attempts, rounds, first_failed_at, failed_at, state";

    public async Task<IReadOnlyList<FailedMessageGroup>> GroupsAsync(CancellationToken cancel) => await store.ReadAsync(session => session.QueryAsync("""
        SELECT newest.group_key, newest.exception_type, newest.place, newest.message, g.messages, g.first_at, g.last_at
        FROM (SELECT group_key, count(*) AS messages, min(first_failed_at) AS first_at, max(failed_at) AS last_at, max(id) AS newest_id
              FROM bus_failed_message WHERE state = 'failed' GROUP BY group_key) g
        JOIN bus_failed_message newest ON newest.id = g.newest_id
        ORDER BY g.messages DESC, g.last_at DESC
        """, row => new FailedMessageGroup(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetInt32(4), Time(row, 5), Time(row, 6)), cancel), cancel);

    public async Task<IReadOnlyList<FailedMessage>> ListAsync(FailedMessageState? state, string? group, long? before, int most, CancellationToken cancel)
    {
        List<(string, object?)> parameters = [("@most", most)];
        var where = new StringBuilder("WHERE 1 = 1");
        void Narrow(string condition, string name, object? value)
        {
            if (value is null) return;
            where.Append(" AND ").Append(condition);
            parameters.Add((name, value));
        }

        Narrow("state = @state", "@state", state is { } wanted ? Word(wanted) : null);
        Narrow("group_key = @group", "@group", group);
        Narrow("id < @before", "@before", before);
        return await store.ReadAsync(session => session.QueryAsync($"SELECT {Columns} FROM bus_failed_message {where} ORDER BY id DESC LIMIT @most", Map, cancel, [.. parameters]), cancel);
    }

    public async Task<FailedMessageDetail> ShowAsync(long id, CancellationToken cancel)
    {
        var found = await store.ReadAsync(session => session.QueryAsync($"SELECT {Columns}, stack, headers, body FROM bus_failed_message WHERE id = @id", row => new FailedMessageDetail(
            Map(row), row.GetString(13), JsonSerializer.Deserialize<Dictionary<string, string>>(row.GetString(14))!, Encoding.UTF8.GetString((byte[])row.GetValue(15))), cancel, ("@id", id)), cancel);
        return found.Count == 1 ? found[0] : throw Unknown(id);
    }

    public Task<int> RetryAsync(IReadOnlyList<long> ids, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        var retried = 0;
        foreach (var id in ids.Distinct().Order())
        {
            if (await TakeAsync(session, id, FailedMessageState.Retried, cancel) is not { } message) continue;
            await queue.InsertAsync(session, message, cancel);
            retried++;
        }

        return retried;
    }, cancel);

    public async Task<int> RetryGroupAsync(string group, CancellationToken cancel)
    {
        const int page = 500;
        var retried = 0;
        while (true)
        {
            var ids = await store.ReadAsync(session => session.QueryAsync("SELECT id FROM bus_failed_message WHERE state = 'failed' AND group_key = @group ORDER BY id LIMIT @page",
                row => row.GetInt64(0), cancel, ("@group", group), ("@page", page)), cancel);
            if (ids.Count == 0) return retried;
            var done = await RetryAsync(ids, cancel);
            retried += done;
            // A full page may be followed by more; messages that fail again meanwhile wait for the next decision.
            if (done == 0 || ids.Count < page) return retried;
        }
    }

    public Task EditAndRetryAsync(long id, string body, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        var message = await TakeAsync(session, id, FailedMessageState.Retried, cancel) ?? throw Unknown(id);
        var bytes = Encoding.UTF8.GetBytes(body);
        try
        {
            types.Read(message.Headers.GetValueOrDefault(Headers.Type), bytes);
        }
        catch (PoisonMessageException unfit)
        {
            throw new ExchangeException(ErrorCodes.MessageInvalid, Party.Caller, unfit.Message, $"Mend the body and try again; message {id} was not changed.", unfit);
        }

        var headers = new Dictionary<string, string>(message.Headers) { [Headers.MessageId] = Guid.NewGuid().ToString() };
        await queue.InsertAsync(session, message with { Headers = headers, Body = bytes }, cancel);
        return 0;
    }, cancel);

    public Task<int> ArchiveAsync(IReadOnlyList<long> ids, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        var archived = 0;
        foreach (var id in ids.Distinct().Order()) archived += await TakeAsync(session, id, FailedMessageState.Archived, cancel) is null ? 0 : 1;
        return archived;
    }, cancel);

    /// <summary>Changes the state of a message that is still Failed; null: somebody was faster.</summary>
    static async Task<QueuedMessage?> TakeAsync(StoreSession session, long id, FailedMessageState state, CancellationToken cancel) => (await session.QueryAsync(
        "UPDATE bus_failed_message SET state = @state WHERE id = @id AND state = 'failed' RETURNING recipient, headers, body, rounds, first_failed_at",
        row => new QueuedMessage(row.GetString(0), JsonSerializer.Deserialize<Dictionary<string, string>>(row.GetString(1))!, (byte[])row.GetValue(2), Rounds: row.GetInt32(3), FirstFailedAt: row.GetInt64(4)),
        cancel, ("@id", id), ("@state", Word(state)))).SingleOrDefault();

    static FailedMessage Map(DbDataReader row) => new(row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6),
        row.GetString(7), row.GetInt32(8), row.GetInt32(9), Time(row, 10), Time(row, 11), State(row.GetString(12)));

    static DateTimeOffset Time(DbDataReader row, int column) => StoreTime.FromUnixMicroseconds(row.GetInt64(column));

    static string Word(FailedMessageState state) => state switch
    {
        FailedMessageState.Failed => "failed",
        FailedMessageState.Retried => "retried",
        _ => "archived",
    };

    static FailedMessageState State(string word) => word switch
    {
        "failed" => FailedMessageState.Failed,
        "retried" => FailedMessageState.Retried,
        _ => FailedMessageState.Archived,
    };

    static ExchangeException Unknown(long id) => new(ErrorCodes.MessageUnknown, Party.Caller, $"There is no failed message {id}, or it has been retried or archived.", "List them with exchange errors list.");
}
