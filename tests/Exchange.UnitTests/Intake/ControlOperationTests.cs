using Exchange.Bus.Intake;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.UnitTests.Intake;

/// <summary>What `control` rows ask for.</summary>
[TestClass]
public sealed class ControlOperationTests
{
    [TestMethod]
    public void An_operation_that_can_not_be_known_is_told_as_it_stands()
    {
        var rows = RowBatch.Empty([(ControlColumns.Operation, new ItemType(ItemKind.Text))], 3);
        foreach (var operation in new[] { null, "", "x" })
        {
            if (operation is null) rows.Columns[0].AppendNull();
            else ((BytesColumn)rows.Columns[0]).Append(operation);
            rows.EndRow();
        }

        var told = ControlOperations.Sort(new SourcePage { Rows = rows, Faults = [], Resume = null }).Refused.Select(refused => refused.Broken[0]).ToList();
        CollectionAssert.AreEqual(new[] { null, "", "x" }, told.Select(broken => broken.Value).ToArray());
        CollectionAssert.AreEqual(new[] { "NULL", "''", "'x'" }, told.Select(broken => broken.Message.Split(';')[0]["cd_operation is ".Length..]).ToArray());
    }
}
