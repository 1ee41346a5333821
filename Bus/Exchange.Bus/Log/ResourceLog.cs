using System.Security.Cryptography;
using Exchange.Bus.Attachments;
using Exchange.Bus.Bulk;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Log;

/// <inheritdoc cref="IResourceLog"/>
/// <remarks>
/// Numbers have no gaps: the head row of a resource is locked from the append to the end of its transaction, so a second appender waits and then goes on
/// from what was committed; a rolled-back append gives its number back.
/// </remarks>
internal sealed partial class ResourceLog(IStore store, ArrowCodec codec, IPayloadPlace place, RecentBatches recent, TimeProvider time) : IResourceLog
{
    public async Task<PreparedPayload> PrepareAsync(string resource, RowBatch rows, CancellationToken cancel)
    {
        var content = codec.Encode(rows);
        var deletes = 0L;
        foreach (var operation in rows.Operations)
            if (operation == RowOperation.Delete) deletes++;
        var file = await place.PrepareAsync(resource, content, cancel);
        return new PreparedPayload(Digest(content), content.Length, rows.Count - deletes, deletes, file, file is null ? content : ReadOnlyMemory<byte>.Empty) { Rows = rows };
    }

    public async Task<LogBatch> AppendAsync(StoreSession session, string resource, BatchHeader header, PreparedPayload payload, CancellationToken cancel)
    {
        var (number, previous) = (await session.QueryAsync("""
            INSERT INTO bus_log_head (resource, number, digest) VALUES (@resource, 1, @none)
            ON CONFLICT (resource) DO UPDATE SET number = bus_log_head.number + 1
            RETURNING number, digest
            """, row => (row.GetInt64(0), row.GetString(1)), cancel, ("resource", resource), ("none", BatchRow.NoDigest)))[0];
        var batch = new LogBatch
        {
            Resource = resource,
            Number = number,
            Kind = header.Kind,
            State = header.Pending ? BatchState.Pending : BatchState.Visible,
            Run = header.Run,
            Staged = header.Staged,
            FullStart = header.FullStart < 0 ? number : header.FullStart,
            Upserts = payload.Upserts,
            Deletes = payload.Deletes,
            PayloadBytes = payload.Bytes,
            PayloadDigest = payload.Digest,
            Digest = BatchRow.Chain(previous, number, header.Kind, payload.Digest),
            PreviousDigest = previous,
            AppendedAt = Temporal.Instant(Temporal.Microseconds(time.GetUtcNow())),
        };
        await place.AppendAsync(session, resource, number, payload, cancel);
        await ContentUses.AddAsync(session, resource, number, payload.Rows, batch.AppendedAt, cancel);
        await InsertAsync(session, batch, payload.File, cancel);
        await session.ExecuteAsync("UPDATE bus_log_head SET digest = @digest WHERE resource = @resource", cancel, ("digest", batch.Digest), ("resource", resource));
        session.AfterCommit(() => recent.Keep(batch, payload.Rows));
        return batch;
    }

    public Task SettleAsync(StoreSession session, string resource, long run, BatchState state, CancellationToken cancel)
    {
        if (state == BatchState.Pending) throw new ArgumentException("Batches settle as visible or discarded.", nameof(state));
        return session.ExecuteAsync("UPDATE bus_log_batch SET state = @state WHERE resource = @resource AND run = @run AND state = 'pending'", cancel,
            ("state", BatchRow.Text(state)), ("resource", resource), ("run", run));
    }

    public Task<LogBatch?> HeadAsync(string resource, CancellationToken cancel) =>
        FirstAsync("resource = @resource ORDER BY number DESC LIMIT 1", cancel, ("resource", resource));

    public async Task<IReadOnlyDictionary<string, long>> HeadsAsync(IReadOnlyCollection<string> resources, CancellationToken cancel) => await store.ReadAsync(async session =>
    {
        var named = ValueTable.Of("named", "resource", resources);
        return (await session.QueryAsync($"""
            SELECT resource, head FROM (
                SELECT named.resource, (SELECT number FROM bus_log_batch AS batch WHERE batch.resource = named.resource ORDER BY number DESC LIMIT 1) AS head FROM {named.Sql(session.Engine)}) AS heads
            WHERE head IS NOT NULL
            """, row => (row.GetString(0), row.GetInt64(1)), cancel, named.Parameters(session.Engine))).ToDictionary();
    }, cancel);

    public async Task<IReadOnlyList<LogBatch>> ReadAsync(string resource, long after, int most, CancellationToken cancel) => await store.ReadAsync(session =>
        session.QueryAsync($"SELECT {BatchRow.Columns} FROM bus_log_batch WHERE resource = @resource AND number > @after ORDER BY number LIMIT @most", BatchRow.Read, cancel,
            ("resource", resource), ("after", after), ("most", most)), cancel);

    public Task<LogBatch?> FindAsync(string resource, long number, CancellationToken cancel) =>
        FirstAsync("resource = @resource AND number = @number", cancel, ("resource", resource), ("number", number));

    public Task<LogBatch?> NewestMarkAsync(string resource, CancellationToken cancel) =>
        FirstAsync("resource = @resource AND kind = 'mark' AND state = 'visible' ORDER BY number DESC LIMIT 1", cancel, ("resource", resource));

    public Task<long> NewestFullStartAsync(string resource, CancellationToken cancel) => store.ReadAsync(session => session.ScalarAsync<long>(
        "SELECT max(full_start) FROM bus_log_batch WHERE resource = @resource AND kind <> 'change' AND state <> 'discarded'", cancel, ("resource", resource)), cancel);

    public Task<LogBatch?> FindMarkAsync(string resource, long fullStart, CancellationToken cancel) =>
        FirstAsync("resource = @resource AND kind = 'mark' AND full_start = @start AND state <> 'discarded'", cancel, ("resource", resource), ("start", fullStart));

    public async Task<RowBatch> LoadAsync(LogBatch batch, CancellationToken cancel)
    {
        if (recent.Find(batch) is { } known) return known;
        var content = await place.ReadAsync(batch, cancel) ?? throw Damaged(batch, batch.Dropped ? "was dropped, since a newer full had taken its place" : "is missing");
        if (Digest(content) != batch.PayloadDigest) throw Damaged(batch, "is not what was appended: its digest differs");
        try
        {
            return codec.Decode(content);
        }
        catch (InvalidDataException unreadable)
        {
            throw Damaged(batch, "cannot be read: " + unreadable.Message, unreadable);
        }
    }

    static Task<int> InsertAsync(StoreSession session, LogBatch batch, string? file, CancellationToken cancel) => session.ExecuteAsync(
        $"""
        INSERT INTO bus_log_batch ({BatchRow.Columns}, file)
        VALUES (@resource, @number, @kind, @state, @run, @full_start, @upserts, @deletes, @payload_bytes, @payload_digest, @digest, @previous_digest, @appended_at, @staged, 0, @file)
        """, cancel,
        ("resource", batch.Resource), ("number", batch.Number), ("kind", BatchRow.Text(batch.Kind)), ("state", BatchRow.Text(batch.State)), ("run", batch.Run),
        ("full_start", batch.FullStart), ("upserts", batch.Upserts), ("deletes", batch.Deletes), ("payload_bytes", batch.PayloadBytes),
        ("payload_digest", batch.PayloadDigest), ("digest", batch.Digest), ("previous_digest", batch.PreviousDigest),
        ("appended_at", Temporal.Microseconds(batch.AppendedAt)), ("staged", batch.Staged), ("file", file));

    async Task<LogBatch?> FirstAsync(string condition, CancellationToken cancel, params (string Name, object? Value)[] parameters) =>
        (await store.ReadAsync(session => session.QueryAsync($"SELECT {BatchRow.Columns} FROM bus_log_batch WHERE {condition}", BatchRow.Read, cancel, parameters), cancel)).FirstOrDefault();

    static string Digest(ReadOnlyMemory<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content.Span));

    static ExchangeException Damaged(LogBatch batch, string what, Exception? inner = null) => new(ErrorCodes.StoreDamaged, Party.Hub,
        $"The payload of batch {batch.Number} of resource '{batch.Resource}' {what}.",
        "Restore the hub's store from a backup, or read the resource anew: exchange sync SUBSCRIPTION --full.", inner);
}
