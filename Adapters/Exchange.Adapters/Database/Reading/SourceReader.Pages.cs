using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Adapters.Database.Reading;

internal sealed partial class SourceReader
{
    /// <summary>Full pages that wait for the caller, besides the one that is being filled.</summary>
    const int PagesAhead = 1;

    public async IAsyncEnumerable<SourcePage> ReadPagesAsync(SourceQuery query, string? resume, int rows, long bytes, int most, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var ahead = Channel.CreateBounded<SourcePage>(new BoundedChannelOptions(PagesAhead) { SingleReader = true, SingleWriter = true });
        // On a thread of its own: some engines read without ever waiting.
        var reading = Task.Run(() => ReadAheadAsync(query, resume, rows, bytes, most, ahead.Writer, stop.Token), CancellationToken.None);
        try
        {
            await foreach (var page in ahead.Reader.ReadAllAsync(cancel)) yield return page;
        }
        finally
        {
            await stop.CancelAsync();
            await reading;
        }
    }

    /// <summary>Never throws: what went wrong is given to the one who reads the pages.</summary>
    async Task ReadAheadAsync(SourceQuery query, string? resume, int rows, long bytes, int most, ChannelWriter<SourcePage> pages, CancellationToken cancel)
    {
        Exception? fault = null;
        try
        {
            if (query.KeyIsUnique) await StreamAsync(query, resume, rows, bytes, most, pages, cancel);
            else await OneByOneAsync(query, resume, rows, bytes, most, pages, cancel);
        }
#pragma warning disable CA1031 // it is thrown by the channel's reader
        catch (Exception exception)
#pragma warning restore CA1031
        {
            fault = exception;
        }

        pages.TryComplete(fault);
    }

    /// <summary>Grouped rows are looked up page by page anyway.</summary>
    async Task OneByOneAsync(SourceQuery query, string? resume, int rows, long bytes, int most, ChannelWriter<SourcePage> pages, CancellationToken cancel)
    {
        for (var next = resume; most > 0; most--)
        {
            var page = await ReadPageAsync(query, next, rows, bytes, cancel);
            await pages.WriteAsync(page, cancel);
            if (page.Resume is not { } further) return;
            next = further;
        }
    }

    /// <summary>All pages by one statement, handed on as they are filled.</summary>
    async Task StreamAsync(SourceQuery query, string? resume, int rows, long bytes, int most, ChannelWriter<SourcePage> pages, CancellationToken cancel) => await GuardedAsync(query, async session =>
    {
        var plan = await PlanAsync(session, query, cancel);
        var token = ResumeToken.Parse(resume, plan.Key.Count);
        if (token?.NullRows is { } passed)
        {
            await pages.WriteAsync(await NullKeysAsync(session, query, plan, passed, rows, bytes, cancel), cancel);
            return true;
        }

        var began = Stopwatch.StartNew();
        var left = most;
        var page = new PageBuilder(plan.Columns, plan.Key.Count, query, rows, bytes, _local.Value)
        {
            Next = async (full, stopping) =>
            {
                if (--left == 0 || began.Elapsed >= session.LongestRead) return false; // written below, as the last
                await pages.WriteAsync(full, stopping);
                return true;
            },
        };
        var limit = (long)rows * most;
        await UniqueAsync(session, plan, token, limit, page, cancel);
        // Fewer rows than asked for and not stopped: the next are those without a whole key.
        var ended = !page.Stopped && page.Total < limit;
        await pages.WriteAsync(ended && page.Rows.Count == 0 ? await NullKeysAsync(session, query, plan, 0, rows, bytes, cancel) : page.Page(ended ? ResumeToken.AmongNulls(0) : page.Place()), cancel);
        return true;
    }, cancel);
}
