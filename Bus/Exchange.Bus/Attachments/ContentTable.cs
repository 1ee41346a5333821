using System.Runtime.CompilerServices;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Attachments;

/// <summary>
/// Contents in the store's database (PostgreSQL), so that any node can deliver them: parts of <see cref="AttachmentReference.PartBytes"/>, each in a write of its own, under a name that is used once.
/// Durable as every write of the store is.
/// </summary>
internal sealed class ContentTable(IStore store, TimeProvider time) : IContentPlace
{
    const int Chunk = 1000, PartsBetweenSigns = 256;

    public Task<PlacedContents> BeginAsync(CancellationToken cancel) => Task.FromResult<PlacedContents>(new Writer(store, time));

    public Task SyncAsync(IReadOnlyCollection<string> places, CancellationToken cancel) => Task.CompletedTask;

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string place, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (var number = 0; await PartAsync(place, number, cancel) is { } part; number++) yield return part;
    }

    public async Task RemoveAsync(IReadOnlyCollection<string> places, CancellationToken cancel)
    {
        foreach (var place in places)
        {
            await store.WriteAsync(async session =>
            {
                await session.ExecuteAsync("DELETE FROM bus_attachment_part WHERE place = @place", cancel, ("place", place));
                return await session.ExecuteAsync("DELETE FROM bus_attachment_place WHERE place = @place", cancel, ("place", place));
            }, cancel);
        }
    }

    public async IAsyncEnumerable<IReadOnlyList<string>> FindStrayAsync(DateTimeOffset before, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (var after = ""; await StrayAsync(after, before, cancel) is { Count: > 0 } places; after = places[^1]) yield return places;
    }

    Task<byte[]?> PartAsync(string place, int number, CancellationToken cancel) => store.ReadAsync(async session =>
        (await session.QueryAsync("SELECT content FROM bus_attachment_part WHERE place = @place AND part = @part", row => (byte[])row.GetValue(0), cancel, ("place", place), ("part", number))).FirstOrDefault(), cancel);

    Task<List<string>> StrayAsync(string after, DateTimeOffset before, CancellationToken cancel) => store.ReadAsync(session => session.QueryAsync("""
        SELECT p.place FROM bus_attachment_place p
        WHERE p.place > @after AND p.begun_at < @before AND NOT EXISTS (SELECT 1 FROM bus_attachment a WHERE a.place = p.place) ORDER BY p.place LIMIT @most
        """, row => row.GetString(0), cancel, ("after", after), ("before", Temporal.Microseconds(before)), ("most", Chunk)), cancel);

    sealed class Writer(IStore store, TimeProvider time) : PlacedContents
    {
        readonly string _place = Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
        readonly byte[] _part = new byte[AttachmentReference.PartBytes];
        int _held;
        int _written;
        bool _finished;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> piece, CancellationToken cancel)
        {
            while (piece.Length > 0)
            {
                if (_held == _part.Length) await PartAsync(cancel);
                var now = Math.Min(piece.Length, _part.Length - _held);
                piece[..now].CopyTo(_part.AsMemory(_held));
                _held += now;
                piece = piece[now..];
            }
        }

        public override async Task<string> FinishAsync(AttachmentReference reference, CancellationToken cancel)
        {
            await PartAsync(cancel);
            _finished = true;
            return _place;
        }

        public override async ValueTask DisposeAsync()
        {
            if (!_finished && _written > 0) await new ContentTable(store, time).RemoveAsync([_place], CancellationToken.None);
        }

        async Task PartAsync(CancellationToken cancel)
        {
            var content = _part.AsMemory(0, _held);
            await store.WriteAsync(async session =>
            {
                // Told again now and then, so that no sweep takes it for one that was left.
                if (_written % PartsBetweenSigns == 0)
                    await session.ExecuteAsync("INSERT INTO bus_attachment_place (place, begun_at) VALUES (@place, @now) ON CONFLICT (place) DO UPDATE SET begun_at = excluded.begun_at", cancel,
                        ("place", _place), ("now", Temporal.Microseconds(time.GetUtcNow())));
                return await session.ExecuteAsync("INSERT INTO bus_attachment_part (place, part, content) VALUES (@place, @part, @content)", cancel, ("place", _place), ("part", _written), ("content", content));
            }, cancel);
            _written++;
            _held = 0;
        }
    }
}
