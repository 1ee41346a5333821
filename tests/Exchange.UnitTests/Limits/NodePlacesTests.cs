using Exchange.Bus.Limits;

namespace Exchange.UnitTests.Limits;

[TestClass]
public sealed class NodePlacesTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task A_node_has_no_more_under_way_than_it_has_places()
    {
        using var places = new NodePlaces();
        places.Open(2);
        var first = await TakeAsync(places);
        using var second = await TakeAsync(places);
        Assert.IsFalse(first.Waited || second.Waited || places.AnyFree);
        var third = TakeAsync(places);
        Assert.IsFalse(third.IsCompleted);
        first.Dispose();
        first.Dispose();
        using var had = await third;
        Assert.IsTrue(had.Waited);
        Assert.IsFalse(places.AnyFree);
    }

    [TestMethod]
    public async Task A_place_that_is_lent_out_is_anothers_until_it_comes_free()
    {
        using var places = new NodePlaces();
        places.Open(1);
        using var first = await TakeAsync(places);
        first.Lend();
        first.Lend();
        var other = await TakeAsync(places);
        var again = first.RetakeAsync(TestContext.CancellationToken);
        Assert.IsFalse(again.IsCompleted);
        other.Dispose();
        await again;
        await first.RetakeAsync(TestContext.CancellationToken);
        Assert.IsFalse(places.AnyFree);
    }

    [TestMethod]
    public async Task Without_a_limit_every_place_is_free()
    {
        using var places = new NodePlaces();
        for (var at = 0; at < 100; at++) (await TakeAsync(places)).Lend();
        Assert.IsTrue(places.AnyFree);
    }

    Task<NodePlace> TakeAsync(NodePlaces places) => places.TakeAsync(TestContext.CancellationToken);
}
