using System.Diagnostics;
using System.Runtime.CompilerServices;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Limits;

/// <summary>
/// Reads a source no faster than its connection allows. What counts is what the database gave, page by page, whatever becomes of it afterwards: rows that are passed over because they stand as
/// they were taken up, pages that are thrown away, refused rows. A page is given at once, and paid for before the next is asked for; who has the turn pays for the last one. Used by one flow of control.
/// </summary>
internal sealed class PacedSource(ISourceReader inner) : ISourceReader
{
    /// <summary>The right to use the connection, and at what rate.</summary>
    public ConnectionTurn Turn { get; set; } = ConnectionTurn.Free;

    /// <summary>Told how long the source took for each answer, without what the rate asks for.</summary>
    public Action<TimeSpan>? Waited { get; set; }

    public Task<SourcePage> ReadPageAsync(SourceQuery query, string? resume, int rows, long bytes, CancellationToken cancel) => ReadAsync(() => inner.ReadPageAsync(query, resume, rows, bytes, cancel), cancel);

    public async IAsyncEnumerable<SourcePage> ReadPagesAsync(SourceQuery query, string? resume, int rows, long bytes, int most, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var pages = inner.ReadPagesAsync(query, resume, rows, bytes, most, cancel).GetAsyncEnumerator(cancel);
        while (true)
        {
            await Turn.PaidAsync(cancel);
            var began = Stopwatch.GetTimestamp();
            if (!await pages.MoveNextAsync()) yield break;
            Waited?.Invoke(Stopwatch.GetElapsedTime(began));
            Spend(pages.Current);
            yield return pages.Current;
        }
    }

    public async Task<SourcePage> ReadKeysAsync(SourceQuery query, RowBatch keys, long bytes, CancellationToken cancel)
    {
        var page = await ReadAsync(() => inner.ReadKeysAsync(query, keys, bytes, cancel), cancel);
        // A key that is gone was looked for all the same.
        if (!page.Cut) Turn.Spend(Math.Max(keys.Count - page.Rows.Count, 0), 0);
        return page;
    }

    public async Task<SourcePage> ReadContentsAsync(SourceQuery query, RowBatch key, IContentTaker taker, CancellationToken cancel)
    {
        var counting = new CountingTaker(taker, Turn);
        return await ReadAsync(() => inner.ReadContentsAsync(query, key, counting, cancel), cancel);
    }

    public Task<TrackPoint> TrackAsync(SourceQuery query, string column, CancellationToken cancel) => inner.TrackAsync(query, column, cancel);

    public Task<SourcePage> ReadTrackedAsync(SourceQuery query, TrackBound bound, string? resume, int rows, long bytes, CancellationToken cancel) =>
        ReadAsync(() => inner.ReadTrackedAsync(query, bound, resume, rows, bytes, cancel), cancel);

    async Task<SourcePage> ReadAsync(Func<Task<SourcePage>> read, CancellationToken cancel)
    {
        await Turn.PaidAsync(cancel);
        var began = Stopwatch.GetTimestamp();
        var page = await read();
        Waited?.Invoke(Stopwatch.GetElapsedTime(began));
        Spend(page);
        return page;
    }

    void Spend(SourcePage page) => Turn.Spend(page.Rows.Count, page.Rows.DataBytes);

    /// <summary>Counts contents that come beside their row.</summary>
    sealed class CountingTaker(IContentTaker inner, ConnectionTurn turn) : IContentTaker
    {
        public bool Wants(string item, long size) => inner.Wants(item, size);

        public ValueTask TakeAsync(string item, ReadOnlyMemory<byte> piece, CancellationToken cancel)
        {
            turn.Spend(0, piece.Length);
            return inner.TakeAsync(item, piece, cancel);
        }
    }
}
