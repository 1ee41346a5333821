using Exchange.Bus.Bulk;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Attachments;

/// <summary>Puts contents into the hub's store: what stands there already is only touched, so that no sweep takes it; the rest is put in its place and named once it is durable.</summary>
internal sealed class StoredContents(IStore store, IContentPlace place, TimeProvider time) : ContentIntake
{
    /// <summary>Contents that are put at the same time.</summary>
    const int Together = 8;

    readonly Dictionary<string, string> _placed = new(StringComparer.Ordinal);
    readonly List<string> _needless = [];

    public override async Task<IReadOnlyList<string>> AddAsync(IReadOnlyList<ReadOnlyMemory<byte>> contents, CancellationToken cancel)
    {
        var references = await base.AddAsync(contents, cancel);
        var known = new HashSet<string>(_placed.Keys, StringComparer.Ordinal);
        foreach (var asked in references.Where(reference => !known.Contains(reference)).Distinct(StringComparer.Ordinal).Chunk(ValueTable.Chunk))
        {
            var table = ValueTable.Of("v", "reference", asked);
            known.UnionWith(await store.WriteAsync(session => session.QueryAsync($"UPDATE bus_attachment SET touched_at = @now WHERE reference IN (SELECT reference FROM {table.Sql(session.Engine)}) RETURNING reference",
                row => row.GetString(0), cancel, table.Parameters(session.Engine, ("now", Now))), cancel));
        }

        var missing = Enumerable.Range(0, contents.Count).Where(at => known.Add(references[at])).ToList();
        // Each waits for its own sync: beside each other they wait for one.
        await Parallel.ForEachAsync(missing, new ParallelOptions { MaxDegreeOfParallelism = Together, CancellationToken = cancel }, async (at, stop) =>
        {
            await using var writer = await place.BeginAsync(stop);
            await writer.WriteAsync(contents[at], stop);
            var placed = await writer.FinishAsync(AttachmentReference.Parse(references[at]), stop);
            lock (_placed) _placed[references[at]] = placed;
        });
        return references;
    }

    public override async Task<ContentWriter> BeginAsync(CancellationToken cancel) => new Writer(this, await place.BeginAsync(cancel));

    public override async Task SealAsync(CancellationToken cancel)
    {
        if (_placed.Count > 0)
        {
            await place.SyncAsync(_placed.Values, cancel);
            foreach (var placed in _placed.Chunk(ValueTable.Chunk)) await NameAsync(placed, cancel);
            _placed.Clear();
        }

        if (_needless.Count > 0) await place.RemoveAsync(_needless, cancel);
        _needless.Clear();
    }

    /// <summary>What was taken and is not sealed is removed: nothing will name it.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (_placed.Count > 0) await place.RemoveAsync(_placed.Values, CancellationToken.None);
        await base.DisposeAsync();
    }

    long Now => Temporal.Microseconds(time.GetUtcNow());

    /// <summary>Another may have put the same contents meanwhile: then its place stands.</summary>
    async Task NameAsync(IReadOnlyList<KeyValuePair<string, string>> placed, CancellationToken cancel)
    {
        var table = new ValueTable("v", "reference", "place", "bytes#");
        // In one order everywhere, so that two nodes don't wait for each other.
        foreach (var (reference, at) in placed.OrderBy(entry => entry.Key, StringComparer.Ordinal)) table.Add(reference, at, AttachmentReference.Parse(reference).Size);

        var standing = await store.WriteAsync(session => session.QueryAsync(
            $"""
            INSERT INTO bus_attachment (reference, place, bytes, touched_at) SELECT v.reference, v.place, v.bytes, @now FROM {table.Sql(session.Engine)} WHERE true
            ON CONFLICT (reference) DO UPDATE SET touched_at = excluded.touched_at RETURNING reference, place
            """, row => (Reference: row.GetString(0), Place: row.GetString(1)), cancel, table.Parameters(session.Engine, ("now", Now))), cancel);
        var ours = placed.ToDictionary(StringComparer.Ordinal);
        _needless.AddRange(standing.Where(entry => ours[entry.Reference] != entry.Place).Select(entry => ours[entry.Reference]));
    }

    sealed class Writer(StoredContents owner, PlacedContents contents) : ContentWriter
    {
        protected override ValueTask KeepAsync(ReadOnlyMemory<byte> piece, CancellationToken cancel) => contents.WriteAsync(piece, cancel);

        protected override async Task EndAsync(AttachmentReference reference, CancellationToken cancel)
        {
            var at = await contents.FinishAsync(reference, cancel);
            if (!owner._placed.TryAdd(reference.ToString(), at)) owner._needless.Add(at);
        }

        public override async ValueTask DisposeAsync()
        {
            await contents.DisposeAsync();
            await base.DisposeAsync();
        }
    }
}
