using System.Diagnostics;
using Exchange.Host.Composition;
using Exchange.Host.Output;

namespace Exchange.Host.Demo;

/// <summary>The demo from its first line to its last.</summary>
internal sealed class DemoRun(Terminal terminal, DemoFolder folder, string? key, TimeProvider time)
{
    /// <returns>The exit status.</returns>
    public async Task<int> RunAsync(bool exit, CancellationToken cancel)
    {
        var view = new StoryView(terminal);
        view.Heading("The example province 示例省: four departments, their front-end databases, one hub");
        view.Say("Everything here is made up; names, places and codes belong to nobody.");
        view.Say($"Files: {folder.Path}");
        var took = Stopwatch.StartNew();
        var province = new Province(folder);
        province.Export();
        await using var hub = await Hub.OpenAsync(new HubOptions(folder.Hub, Store: null, key), cancel);
        var results = new List<ChapterResult>();
        foreach (var chapter in Chapters())
            results.Add(await TellAsync(chapter, results.Count, new Story(hub, province, view, time), view, cancel));
        view.Summary(results, took.Elapsed);
        var held = results.All(result => result.Held == result.Checks);
        if (!exit) await new LiveProvince(terminal, hub, province, time).RunAsync(cancel);
        return held ? ExitStatus.Done : ExitStatus.Failed;
    }

    /// <summary>The story, in its order.</summary>
    static IReadOnlyList<IChapter> Chapters() => [new OpeningChapter(), new SupervisionChapter(), new KeyChangeChapter(), new PublicityChapter(), new InspectionsChapter(), new KilledChapter()];

    static async Task<ChapterResult> TellAsync(IChapter chapter, int number, Story story, StoryView view, CancellationToken cancel)
    {
        var took = Stopwatch.StartNew();
        var title = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{number} {chapter.Title}");
        view.Heading(title);
        try
        {
            await chapter.TellAsync(story, cancel);
        }
        catch (Contracts.Errors.ExchangeException fault)
        {
            story.Expect("the chapter ends", "without an error", $"{fault.Code}: {fault.Message}");
        }

        var checks = story.TakeChecks();
        view.Checks(checks);
        return new ChapterResult(title, checks.Count, checks.Count(check => check.Holds), took.Elapsed);
    }
}
