using System.Text.RegularExpressions;
using Exchange.AcceptanceTests.Hubs;

namespace Exchange.AcceptanceTests.Demo;

/// <summary>A newcomer's first command.</summary>
[TestClass]
public sealed partial class DemoTests
{
    [TestMethod]
    public async Task The_story_of_the_example_province_holds()
    {
        using var hub = new HubProcess();
        var demo = await hub.RunAsync("demo", "--exit");
        Assert.AreEqual(0, demo.Status, demo.Out + demo.Error);

        // Scenario S2, in its own numbers.
        StringAssert.Contains(demo.Out, "12 read, 8 loaded, 4 errors, 0 tombstoned, 0 closed");
        StringAssert.Contains(demo.Out, "4 read, 3 loaded, 0 errors, 1 tombstoned, 3 closed");
        StringAssert.Contains(demo.Out, "0 read, 0 loaded, 0 errors, 0 tombstoned, 0 closed");
        StringAssert.Contains(demo.Out, "12, 66.7 %, 100 %");
        StringAssert.Contains(demo.Out, "the same in 49 hours");
        StringAssert.Contains(demo.Out, "a, done: 11 accepted = 11 at the centre, 0 duplicates");
        StringAssert.Contains(demo.Out, "refused, naming data_up_status");

        Assert.IsFalse(NotHeld().IsMatch(demo.Out), demo.Out);
        var total = Total().Match(demo.Out);
        Assert.IsTrue(total.Success, demo.Out);
        Assert.AreEqual(total.Groups["all"].Value, total.Groups["held"].Value);
        Assert.IsTrue(File.Exists(Path.Combine(hub.Folder, "demo-data", "province", "credit-front.db")));
    }

    [TestMethod]
    public async Task A_folder_that_no_demo_has_made_is_left_alone()
    {
        using var hub = new HubProcess();
        hub.Write("mine/province/thesis.txt", "years of work");
        var demo = await hub.RunAsync("demo", "--exit", "--data", "mine");
        Assert.AreEqual(2, demo.Status, demo.Error);
        StringAssert.Contains(demo.Error, "was not made by a demo");
        Assert.AreEqual("years of work", await File.ReadAllTextAsync(Path.Combine(hub.Folder, "mine/province/thesis.txt")));
    }

    [TestMethod]
    public async Task The_help_says_that_the_console_comes_later()
    {
        using var hub = new HubProcess();
        var help = await hub.RunAsync("demo", "--help");
        Assert.AreEqual(0, help.Status, help.Error);
        StringAssert.Contains(help.Out, "--port");
        StringAssert.Contains(string.Join(' ', help.Out.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), "not used yet");
    }

    [GeneratedRegex(@"\sNO\s*$", RegexOptions.Multiline)]
    private static partial Regex NotHeld();

    [GeneratedRegex("^(?<held>[0-9]+) of (?<all>[0-9]+) checks held in ", RegexOptions.Multiline)]
    private static partial Regex Total();
}
