using Exchange.Adapters.Database.Wal;

namespace Exchange.UnitTests.Database;

/// <summary>Which transactions a snapshot of PostgreSQL sees.</summary>
[TestClass]
public sealed class CommitVisibilityTests
{
    const long Circle = 1L << 32;

    [TestMethod]
    [DataRow("10:20:", 19u, true)]
    [DataRow("10:20:", 20u, false)]
    [DataRow("10:20:12,15", 12u, false)]
    [DataRow("10:20:12,15", 9u, true)]
    [DataRow("10:20:12,15", 13u, true)]
    public void A_commit_is_seen_once_it_is_neither_open_nor_later(string snapshot, uint id, bool seen) => Assert.AreEqual(seen, CommitVisibility.Snapshot.Parse(snapshot).SeesAll([id]));

    [TestMethod]
    public void Ids_go_around_the_circle()
    {
        var snapshot = CommitVisibility.Snapshot.Parse($"{Circle - 5}:{Circle + 7}:{Circle - 2},{Circle + 3}");
        Assert.IsTrue(snapshot.SeesAll([uint.MaxValue, 0, 6, 5]), "just before and after the turn");
        Assert.IsFalse(snapshot.SeesAll([uint.MaxValue - 1]), "open, before the turn");
        Assert.IsFalse(snapshot.SeesAll([3u]), "open, after the turn");
        Assert.IsFalse(snapshot.SeesAll([7u]), "not begun");
    }

    [TestMethod]
    [DataRow("10:10:", "12:11:", false)]
    [DataRow("12:12:", "12:11:", true)]
    [DataRow("10:15:11", "10:12:11", true)]
    [DataRow("10:15:11", "12:13:", false)]
    public void All_that_an_exported_snapshot_sees_is_waited_for(string now, string exported, bool seen) =>
        Assert.AreEqual(seen, CommitVisibility.Snapshot.Parse(now).SeesAll(CommitVisibility.Snapshot.Parse(exported)));
}
