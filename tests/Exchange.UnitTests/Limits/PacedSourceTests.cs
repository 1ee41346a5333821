using System.Runtime.CompilerServices;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Limits;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Microsoft.Extensions.Time.Testing;

namespace Exchange.UnitTests.Limits;

/// <summary>What a source gives is paid for, whatever becomes of it, and by all ways of reading.</summary>
[TestClass]
public sealed class PacedSourceTests
{
    static readonly SourceQuery Query = new() { Table = new TableName(null, "t"), Columns = [], Key = [], KeyIsUnique = true };

    readonly FakeTimeProvider _time = new();

    public TestContext TestContext { get; set; } = null!;

    CancellationToken Cancel => TestContext.CancellationToken;

    [TestMethod]
    [DataRow("page")]
    [DataRow("pages")]
    [DataRow("keys")]
    [DataRow("keys, cut")]
    [DataRow("tracked")]
    public async Task A_page_is_given_at_once_and_paid_for_before_the_next_is_read(string way)
    {
        var source = Paced(new ConnectionLimits(1, 10, null), new Given(Rows(5), way.EndsWith("cut", StringComparison.Ordinal)));
        Assert.AreEqual(5, await ReadAsync(source, way));
        var next = ReadAsync(source, way);
        _time.Advance(TimeSpan.FromMilliseconds(499));
        Assert.IsFalse(next.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await next;
    }

    [TestMethod]
    public async Task Each_of_many_pages_is_paid_for_before_the_next()
    {
        var source = Paced(new ConnectionLimits(1, 10, null), new Given(Rows(5)));
        await using var pages = source.ReadPagesAsync(Query, null, 5, long.MaxValue, 2, Cancel).GetAsyncEnumerator(Cancel);
        Assert.IsTrue(await pages.MoveNextAsync());
        var next = pages.MoveNextAsync();
        _time.Advance(TimeSpan.FromMilliseconds(499));
        Assert.IsFalse(next.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.IsTrue(await next);
    }

    [TestMethod]
    public async Task Bytes_count_as_the_database_gave_them() => await PaidAsync(
        Paced(new ConnectionLimits(1, null, 100), new Given(Rows(5))), source => source.ReadTrackedAsync(Query, Bound, null, 5, long.MaxValue, Cancel), TimeSpan.FromMilliseconds(400));

    [TestMethod]
    public async Task Keys_that_are_gone_were_looked_for_all_the_same() => await PaidAsync(
        Paced(new ConnectionLimits(1, 10, null), new Given(Rows(1))), source => source.ReadKeysAsync(Query, Rows(5), long.MaxValue, Cancel), TimeSpan.FromMilliseconds(500));

    [TestMethod]
    public async Task Contents_that_come_beside_their_row_count_too() => await PaidAsync(
        Paced(new ConnectionLimits(1, null, 100), new Given(Rows(1))), source => source.ReadContentsAsync(Query, Rows(1), new Taker(), Cancel), TimeSpan.FromMilliseconds(580));

    async Task PaidAsync(PacedSource source, Func<PacedSource, Task<SourcePage>> read, TimeSpan price)
    {
        await read(source);
        var paid = source.Turn.PaidAsync(Cancel);
        _time.Advance(price - TimeSpan.FromMilliseconds(1));
        Assert.IsFalse(paid.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await paid;
    }

    async Task<int> ReadAsync(PacedSource source, string way)
    {
        if (way == "page") return (await source.ReadPageAsync(Query, null, 5, long.MaxValue, Cancel)).Rows.Count;
        if (way == "tracked") return (await source.ReadTrackedAsync(Query, Bound, null, 5, long.MaxValue, Cancel)).Rows.Count;
        if (way != "pages") return (await source.ReadKeysAsync(Query, Rows(5), long.MaxValue, Cancel)).Rows.Count;
        var rows = 0;
        await foreach (var page in source.ReadPagesAsync(Query, null, 5, long.MaxValue, 1, Cancel))
        {
            rows += page.Rows.Count;
            break; // who reads goes on later, from the page's end
        }

        return rows;
    }

    static TrackBound Bound => new() { Columns = ["id"] };

    PacedSource Paced(ConnectionLimits limits, ISourceReader inner) => new(inner) { Turn = new ConnectionTurn(null, Pace.Of(limits, _time)) };

    /// <summary>Rows of eight bytes.</summary>
    static RowBatch Rows(int count)
    {
        var rows = RowBatch.Empty([("id", new ItemType(ItemKind.Int64))], count);
        for (var row = 0; row < count; row++)
        {
            ((LongColumn)rows.Columns[0]).Append(row);
            rows.EndRow();
        }

        return rows;
    }

    sealed class Taker : IContentTaker
    {
        public bool Wants(string item, long size) => true;

        public ValueTask TakeAsync(string item, ReadOnlyMemory<byte> piece, CancellationToken cancel) => ValueTask.CompletedTask;
    }

    /// <summary>Gives the same rows at each call; contents of 50 bytes beside them.</summary>
    sealed class Given(RowBatch rows, bool cut = false) : ISourceReader
    {
        Task<SourcePage> Page => Task.FromResult(new SourcePage { Rows = rows, Cut = cut });

        public Task<SourcePage> ReadPageAsync(SourceQuery query, string? resume, int most, long bytes, CancellationToken cancel) => Page;

        public async IAsyncEnumerable<SourcePage> ReadPagesAsync(SourceQuery query, string? resume, int most, long bytes, int pages, [EnumeratorCancellation] CancellationToken cancel)
        {
            for (var page = 0; page < pages; page++) yield return await Page;
        }

        public Task<SourcePage> ReadKeysAsync(SourceQuery query, RowBatch keys, long bytes, CancellationToken cancel) => Page;

        public async Task<SourcePage> ReadContentsAsync(SourceQuery query, RowBatch key, IContentTaker taker, CancellationToken cancel)
        {
            await taker.TakeAsync("content", new byte[50], cancel);
            return await Page;
        }

        public Task<TrackPoint> TrackAsync(SourceQuery query, string column, CancellationToken cancel) => throw new NotSupportedException();

        public Task<SourcePage> ReadTrackedAsync(SourceQuery query, TrackBound bound, string? resume, int most, long bytes, CancellationToken cancel) => Page;
    }
}
