using Exchange.Bus.Catalogue;
using Exchange.Bus.Intake;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Operations;
using Exchange.Contracts.Rows;

namespace Exchange.UnitTests.Intake;

/// <summary>The digest by which a program sees that a resource is read otherwise than before.</summary>
[TestClass]
public sealed class FingerprintTests
{
    static readonly Resource Resource = new()
    {
        Name = "r",
        Title = "T",
        Provider = "d",
        Key = ["id"],
        MaxErrors = 5,
        Items =
        [
            new Item { Name = "id", Title = "X", Type = new ItemType(ItemKind.Int32), Required = true },
            new Item { Name = "v", Type = ItemType.String(9), CodeSet = "k", Rules = [new ItemRule("pattern", "[0-9]")], Normalize = ["trim"] },
        ],
        Rules = [new RowRule { Name = "x", Expression = "id > 0", Message = "m" }],
        Source = new TableSource { Connection = "c", Table = new TableName(null, "t"), Columns = new Dictionary<string, string> { ["id"] = "id" }, Mode = CaptureMode.ChangeLog },
    };

    /// <summary>As the first version computed it: were it another one, every source would be read anew by a newer program, and once more by an older one beside it.</summary>
    [TestMethod]
    public void A_newer_program_takes_a_resource_for_the_same_as_the_first_one_did() =>
        Assert.AreEqual("be49e14dc1cce7a60e8119fa8839ef816794043f78b875b8a550c4648ae9558d", SourcePlan.FingerprintOf(Resource, null));

    [TestMethod]
    public void What_decides_nothing_about_rows_does_not_count_and_what_does_counts()
    {
        var before = SourcePlan.FingerprintOf(Resource, null);
        Assert.AreEqual(before, SourcePlan.FingerprintOf(Resource with { Title = "other", BatchRows = 7, MaxErrors = 1, ReorganiseByItself = [ReorganisationReason.KeyChanged], Source = Resource.Source! with { MaxSlotLag = 7 } }, null));
        Assert.AreNotEqual(before, SourcePlan.FingerprintOf(Resource with { BusinessKey = ["v"] }, null));
        Assert.AreNotEqual(before, SourcePlan.FingerprintOf(Resource with { Key = ["v"] }, null));
        Assert.AreNotEqual(before, SourcePlan.FingerprintOf(Resource, "r"));
    }
}
