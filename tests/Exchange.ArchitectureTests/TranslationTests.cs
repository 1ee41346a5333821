namespace Exchange.ArchitectureTests;

/// <summary>The README says the same in each language: the same sections in the same order, the same names and commands in each. Shown to fail on deliberate violators.</summary>
[TestClass]
public sealed class TranslationTests
{
    [TestMethod]
    public void The_Chinese_README_says_what_the_English_one_says() =>
        Assert.AreEqual("", string.Join('\n', Differences(Document.Read("README.md"), Document.Read("README.zh-CN.md"))), "because a reader of either must not miss what the other is told");

    [TestMethod]
    public void Deliberate_violators_are_found()
    {
        var english = Page("# A\n## B\n`x` and `y`\n```sh\nls\n```\n");
        Assert.AreEqual(0, Differences(english, Page("# 甲\n## 乙\n`y` 和 `x`\n```sh\nls\n```\n")).Count());
        Assert.AreEqual(1, Differences(english, Page("# 甲\n### 乙\n`y` 和 `x`\n```sh\nls\n```\n")).Count(), "another level");
        Assert.AreEqual(1, Differences(english, Page("# 甲\n")).Count(), "a section less");
        Assert.AreEqual(1, Differences(english, Page("# 甲\n## 乙\n`y`\n```sh\nls\n```\n")).Count(), "a name less");
        Assert.AreEqual(1, Differences(english, Page("# 甲\n## 乙\n`y` 和 `x`\n```sh\nls -l\n```\n")).Count(), "another command");
    }

    static Document Page(string text) => new("README.md", text);

    static IEnumerable<string> Differences(Document one, Document other)
    {
        var (here, there) = (one.Sections, other.Sections);
        if (!here.Select(section => section.Level).SequenceEqual(there.Select(section => section.Level)))
            return [$"sections differ: {string.Join(", ", here.Select(section => section.Title))} / {string.Join(", ", there.Select(section => section.Title))}"];
        return here.Zip(there).SelectMany(pair => Differences(pair.First.Title, pair.First.Body, pair.Second.Body));
    }

    static IEnumerable<string> Differences(string section, Document one, Document other)
    {
        var (here, there) = (one.Names.ToHashSet(), other.Names.ToHashSet());
        foreach (var name in here.Except(there)) yield return $"{section}: only the one names {name}";
        foreach (var name in there.Except(here)) yield return $"{section}: only the other names {name}";
        if (!one.Blocks.SequenceEqual(other.Blocks)) yield return $"{section}: what is to be typed differs";
    }
}
