using Exchange.AcceptanceTests.Hubs;

namespace Exchange.AcceptanceTests.Nodes;

/// <summary>Nodes of two versions of the program on one store.</summary>
[TestClass]
public sealed class NewerProgramTests
{
    [TestMethod]
    public async Task A_hub_that_runs_goes_on_while_a_newer_program_has_changed_the_store_and_an_older_one_is_not_let_in()
    {
        await using var province = await Province.CreateAsync("postgresql");
        using var older = HubNode.Start(province.Hub);
        await province.MarkAsync(1);
        // What the next version's setup does: an addition, recorded.
        await province.Store.ExecuteAsync("""
            ALTER TABLE bus_run ADD COLUMN of_the_future text NULL;
            CREATE TABLE bus_of_the_future (id bigint PRIMARY KEY);
            INSERT INTO exchange_migration (module, number, name, digest, applied_at) SELECT module, max(number) + 1, 'of the future', 'x', 0 FROM exchange_migration WHERE module = 'bus-runs' GROUP BY module
            """);
        await province.MarkAsync(2);
        await province.EqualAsync();
        var refused = await province.Hub.RunAsync(1, "get", "runs");
        Assert.Contains("newer than this program", refused.Error);
        Assert.Contains("Nothing was changed", refused.Error);
        await older.EndAsync();
    }
}
