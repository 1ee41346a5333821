using System.Globalization;
using Exchange.Contracts.Operations;
using Exchange.Host.Composition;
using Exchange.Samples.FrontEnd;

namespace Exchange.Host.Demo;

/// <summary>A part of the story. Chapters follow each other; a later one may build on what an earlier one left.</summary>
internal interface IChapter
{
    string Title { get; }

    Task TellAsync(Story story, CancellationToken cancel);
}

/// <summary>What every chapter needs: the hub, the province, and a place for what it expects and finds. Used by one chapter after the other.</summary>
internal sealed class Story(Hub hub, Province province, StoryView view, TimeProvider time)
{
    readonly List<Check> _checks = [];

    public Hub Hub => hub;

    public Province Province => province;

    public DateTimeOffset Now => time.GetUtcNow();

    public void Say(string text) => view.Say(text);

    public void Note(string text) => view.Note(text);

    public void Expect(string what, string expected, string got) => _checks.Add(new Check(what, expected, got));

    public void Expect(string what, long expected, long got) => Expect(what, Number(expected), Number(got));

    /// <summary>Every row of the source, as SQL sees it, stands at the target as it must, and no other.</summary>
    public void ExpectSame(string what, long rows, RowDifference difference) => Expect(what, new RowDifference(rows, rows, 0, 0).ToString(), difference.ToString());

    /// <summary>Runs one exchange that is to be held.</summary>
    public async Task<SyncResult> SyncHeldAsync(string subscription, CancellationToken cancel) =>
        (await hub.Get<IExchanges>().SyncAsync(new SyncRequest([subscription], Full: false), null, cancel)).Single();

    /// <summary>Runs one exchange as `exchange sync` does.</summary>
    public async Task<SyncResult> SyncAsync(string subscription, CancellationToken cancel)
    {
        var result = (await hub.Get<IExchanges>().SyncAsync(new SyncRequest([subscription], Full: false), null, cancel)).Single();
        Tell(result);
        return result;
    }

    /// <summary>Runs several at once.</summary>
    public async Task<IReadOnlyList<SyncResult>> SyncAsync(IReadOnlyList<string> subscriptions, CancellationToken cancel)
    {
        var results = await hub.Get<IExchanges>().SyncAsync(new SyncRequest(subscriptions, Full: false), null, cancel);
        foreach (var result in results) Tell(result);
        return results;
    }

    /// <summary>The checks since the last call.</summary>
    public IReadOnlyList<Check> TakeChecks()
    {
        var taken = _checks.ToList();
        _checks.Clear();
        return taken;
    }

    void Tell(SyncResult result)
    {
        view.Note(string.Create(CultureInfo.InvariantCulture,
            $"{result.Subscription}: {result.Kind}, {result.Read:N0} read, {result.Accepted:N0} accepted, {result.Rejected:N0} rejected, {result.Upserted:N0} written, {result.DeletedAtTarget:N0} deleted"));
        if (result.Error is null) return;
        view.Note($"{result.Error} {result.Next} ({result.ErrorCode})");
        Expect(result.Subscription, "no error", result.ErrorCode ?? "failed");
    }

    static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
