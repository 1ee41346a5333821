using System.Data.Common;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Runs;

/// <inheritdoc cref="IRuns"/>
internal sealed class StoredRuns(IStore store, TimeProvider time) : IRuns
{
    const string Columns = """
        id, resource, subscription, kind, state, started_at, ended_at, seen_at, read_rows, accepted, rejected, closed, deleted, delivered_upserts, delivered_deletes,
        batches, bytes, waited_source_us, waited_target_us, error_code, error_message, next_step, node
        """;

    const string Progress = """
        seen_at = @now, read_rows = @read_rows, accepted = @accepted, rejected = @rejected, closed = @closed, deleted = @deleted,
        delivered_upserts = @delivered_upserts, delivered_deletes = @delivered_deletes, batches = @batches, bytes = @bytes,
        waited_source_us = @waited_source_us, waited_target_us = @waited_target_us, error_code = @error_code, error_message = @error_message, next_step = @next_step
        """;

    long Now => Temporal.Microseconds(time.GetUtcNow());

    public Task<long> BeginAsync(RunRecord run, CancellationToken cancel) => store.WriteAsync(session => session.ScalarAsync<long>("""
        INSERT INTO bus_run (resource, subscription, kind, state, started_at, seen_at, read_rows, accepted, rejected, closed, deleted, delivered_upserts, delivered_deletes,
            batches, bytes, waited_source_us, waited_target_us, error_code, error_message, next_step, node)
        VALUES (@resource, @subscription, @kind, 'running', @now, @now, @read_rows, @accepted, @rejected, @closed, @deleted, @delivered_upserts, @delivered_deletes,
            @batches, @bytes, @waited_source_us, @waited_target_us, @error_code, @error_message, @next_step, @node)
        RETURNING id
        """, cancel, [.. Parameters(run), ("resource", run.Resource), ("subscription", run.Subscription ?? ""), ("kind", run.Kind), ("node", run.Node)]), cancel);

    public Task UpdateAsync(RunRecord run, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        await UpdateAsync(session, run, cancel);
        return 0;
    }, cancel);

    public Task UpdateAsync(StoreSession session, RunRecord run, CancellationToken cancel) =>
        session.ExecuteAsync($"UPDATE bus_run SET {Progress} WHERE id = @id AND state = 'running'", cancel, [.. Parameters(run), ("id", run.Id)]);

    public Task<int> ReopenAsync(StoreSession session, long id, CancellationToken cancel) => session.ExecuteAsync(
        "UPDATE bus_run SET state = 'running', ended_at = NULL, error_code = NULL, error_message = NULL, next_step = NULL, seen_at = @now WHERE id = @id", cancel, ("id", id), ("now", Now));

    public Task EndAsync(RunRecord run, CancellationToken cancel)
    {
        if (run.State == RunState.Running) throw new ArgumentException("A run ends as something else than running.", nameof(run));
        return store.WriteAsync(session => session.ExecuteAsync($"UPDATE bus_run SET {Progress}, state = @state, ended_at = @now WHERE id = @id", cancel,
            [.. Parameters(run), ("id", run.Id), ("state", Text(run.State))]), cancel);
    }

    public async Task<IReadOnlyList<RunRecord>> ListAsync(string? resource, string? subscription, int most, CancellationToken cancel)
    {
        List<(string Name, object? Value)> parameters = [("most", most)];
        var condition = "1 = 1";
        if (resource is not null)
        {
            condition += " AND resource = @resource";
            parameters.Add(("resource", resource));
        }

        if (subscription is not null)
        {
            condition += " AND subscription = @subscription";
            parameters.Add(("subscription", subscription));
        }

        return await store.ReadAsync(session => session.QueryAsync($"SELECT {Columns} FROM bus_run WHERE {condition} ORDER BY id DESC LIMIT @most", Read, cancel, [.. parameters]), cancel);
    }

    public async Task<RunRecord?> FindAsync(long id, CancellationToken cancel) =>
        (await store.ReadAsync(session => session.QueryAsync($"SELECT {Columns} FROM bus_run WHERE id = @id", Read, cancel, ("id", id)), cancel)).FirstOrDefault();

    public Task<int> CloseAbandonedAsync(StoreSession session, string resource, string? subscription, CancellationToken cancel) =>
        AbandonAsync(session, "resource = @resource AND subscription = @subscription", cancel, ("resource", resource), ("subscription", subscription ?? ""));

    public async Task<IReadOnlyList<RunRecord>> SilentAsync(TimeSpan silence, CancellationToken cancel) => await store.ReadAsync(session => session.QueryAsync(
        $"SELECT {Columns} FROM bus_run WHERE state = 'running' AND seen_at < @before ORDER BY id", Read, cancel, ("before", Temporal.Microseconds(time.GetUtcNow() - silence))), cancel);

    public async Task<bool> CloseLostAsync(RunRecord run, CancellationToken cancel) =>
        await store.WriteAsync(session => AbandonAsync(session, "id = @id AND seen_at = @seen", cancel, ("id", run.Id), ("seen", Temporal.Microseconds(run.SeenAt))), cancel) == 1;

    public Task<int> ForgetAsync(DateTimeOffset before, CancellationToken cancel) => store.WriteAsync(session => session.ExecuteAsync("""
        DELETE FROM bus_run WHERE state <> 'running' AND ended_at < @before
            AND id NOT IN (SELECT max(id) FROM bus_run WHERE state = 'done' GROUP BY resource, subscription)
        """, cancel, ("before", Temporal.Microseconds(before))), cancel);

    Task<int> AbandonAsync(StoreSession session, string condition, CancellationToken cancel, params (string Name, object? Value)[] parameters) =>
        session.ExecuteAsync($"UPDATE bus_run SET state = 'abandoned', ended_at = @now WHERE state = 'running' AND {condition}", cancel, [.. parameters, ("now", Now)]);

    (string Name, object? Value)[] Parameters(RunRecord run) =>
    [
        ("now", Now), ("read_rows", run.Read), ("accepted", run.Accepted), ("rejected", run.Rejected), ("closed", run.Closed), ("deleted", run.Deleted),
        ("delivered_upserts", run.DeliveredUpserts), ("delivered_deletes", run.DeliveredDeletes), ("batches", run.Batches), ("bytes", run.Bytes),
        ("waited_source_us", (long)run.WaitedSource.TotalMicroseconds), ("waited_target_us", (long)run.WaitedTarget.TotalMicroseconds),
        ("error_code", run.ErrorCode), ("error_message", run.ErrorMessage), ("next_step", run.Next),
    ];

    static string Text(RunState state) => state switch
    {
        RunState.Running => "running",
        RunState.Done => "done",
        RunState.Failed => "failed",
        RunState.Held => "held",
        RunState.Stopped => "stopped",
        RunState.Abandoned => "abandoned",
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };

    static RunRecord Read(DbDataReader row) => new()
    {
        Id = row.GetInt64(0),
        Resource = row.GetString(1),
        Subscription = row.GetString(2) is { Length: > 0 } subscription ? subscription : null,
        Kind = row.GetString(3),
        State = Enum.Parse<RunState>(row.GetString(4), ignoreCase: true),
        StartedAt = Temporal.Instant(row.GetInt64(5)),
        EndedAt = row.IsDBNull(6) ? null : new DateTimeOffset(Temporal.Instant(row.GetInt64(6))),
        SeenAt = Temporal.Instant(row.GetInt64(7)),
        Read = row.GetInt64(8),
        Accepted = row.GetInt64(9),
        Rejected = row.GetInt64(10),
        Closed = row.GetInt64(11),
        Deleted = row.GetInt64(12),
        DeliveredUpserts = row.GetInt64(13),
        DeliveredDeletes = row.GetInt64(14),
        Batches = row.GetInt64(15),
        Bytes = row.GetInt64(16),
        WaitedSource = TimeSpan.FromMicroseconds(row.GetInt64(17)),
        WaitedTarget = TimeSpan.FromMicroseconds(row.GetInt64(18)),
        ErrorCode = Optional(row, 19),
        ErrorMessage = Optional(row, 20),
        Next = Optional(row, 21),
        Node = row.GetString(22),
    };

    static string? Optional(DbDataReader row, int at) => row.IsDBNull(at) ? null : row.GetString(at);
}
