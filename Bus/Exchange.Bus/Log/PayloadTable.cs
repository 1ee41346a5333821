using Exchange.Storage;

namespace Exchange.Bus.Log;

/// <summary>
/// Payloads in the store's database (PostgreSQL), so that any node can deliver any batch. Cut into parts: neither side ever holds more than one
/// part beside the payload itself, and a value stays far below the server's limit of 1 GB.
/// </summary>
internal sealed class PayloadTable(IStore store) : IPayloadPlace
{
    const int PartBytes = 4 * 1024 * 1024;

    public Task<string?> PrepareAsync(string resource, ReadOnlyMemory<byte> content, CancellationToken cancel) => Task.FromResult<string?>(null);

    public async Task AppendAsync(StoreSession session, string resource, long number, PreparedPayload payload, CancellationToken cancel)
    {
        var part = 0;
        for (var start = 0; start < payload.Content.Length; start += PartBytes)
        {
            var content = payload.Content.Slice(start, Math.Min(PartBytes, payload.Content.Length - start));
            await session.ExecuteAsync("INSERT INTO bus_log_payload (resource, number, part, content) VALUES (@resource, @number, @part, @content)", cancel,
                ("resource", resource), ("number", number), ("part", part++), ("content", content));
        }
    }

    public async Task DropAsync(StoreSession session, string resource, IReadOnlyList<(long Number, string? File)> batches, CancellationToken cancel)
    {
        foreach (var (number, _) in batches)
            await session.ExecuteAsync("DELETE FROM bus_log_payload WHERE resource = @resource AND number = @number", cancel, ("resource", resource), ("number", number));
    }

    public async Task<ReadOnlyMemory<byte>?> ReadAsync(LogBatch batch, CancellationToken cancel) => await store.ReadAsync(async session =>
    {
        await using var command = session.Command("SELECT content FROM bus_log_payload WHERE resource = @resource AND number = @number ORDER BY part",
            ("resource", batch.Resource), ("number", batch.Number));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        using var whole = new MemoryStream((int)batch.PayloadBytes);
        var parts = 0;
        for (; await reader.ReadAsync(cancel); parts++) whole.Write(await reader.GetFieldValueAsync<byte[]>(0, cancel));
        return parts == 0 ? (ReadOnlyMemory<byte>?)null : whole.GetBuffer().AsMemory(0, (int)whole.Length);
    }, cancel);
}
