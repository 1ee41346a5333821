using Exchange.Bus.Messaging;
using Microsoft.Extensions.Time.Testing;

namespace Exchange.UnitTests.Messaging;

[TestClass]
public sealed class StockTests
{
    readonly FakeTimeProvider _time = new();

    [TestMethod]
    public void A_node_that_was_idle_claims_one_message_for_each_handler_that_waits()
    {
        var stock = new Stock(8, _time);
        _time.Advance(TimeSpan.FromHours(1));
        stock.Asked(3);
        Assert.AreEqual(3, stock.Wanted);
        stock.Claimed(3, 3);
        Assert.AreEqual((0, 0), (stock.Left, stock.Wanted));
    }

    [TestMethod]
    public void Quick_handlers_get_as_many_ahead_as_the_options_allow_and_no_more()
    {
        var stock = Busy(most: 8, messages: 100);
        stock.Asked(1);
        Assert.AreEqual(9, stock.Wanted);
        stock.Claimed(9, 9);
        // Filled again when half of it is gone.
        stock.Asked(4);
        Assert.AreEqual(0, stock.Wanted);
        stock.Asked(1);
        Assert.AreEqual(5, stock.Wanted);
    }

    [TestMethod]
    public void Handlers_that_have_become_slow_get_nothing_ahead()
    {
        var stock = Busy(most: 8, messages: 100);
        _time.Advance(TimeSpan.FromSeconds(30));
        stock.Asked(8);
        Assert.AreEqual(8, stock.Wanted);
    }

    [TestMethod]
    public void A_queue_that_held_no_more_is_asked_again_only_for_a_handler_that_waits()
    {
        var stock = Busy(most: 8, messages: 100);
        stock.Asked(1);
        stock.Claimed(2, 9);
        Assert.AreEqual((1, 0), (stock.Left, stock.Wanted));
        stock.Asked(2);
        Assert.AreEqual((-1, 9), (stock.Left, stock.Wanted));
        stock.Claimed(9, 9);
        stock.Asked(5);
        Assert.AreEqual((3, 5), (stock.Left, stock.Wanted));
    }

    [TestMethod]
    public void What_was_given_back_is_claimed_again_for_a_handler_that_asked_meanwhile()
    {
        var stock = Busy(most: 8, messages: 100);
        stock.Asked(1);
        stock.Claimed(9, 9);
        stock.GaveBack(8);
        Assert.AreEqual(0, stock.Left);
        _time.Advance(TimeSpan.FromSeconds(30));
        stock.Asked(2);
        Assert.AreEqual((-2, 2, 2), (stock.Left, stock.Waiting, stock.Wanted));
    }

    /// <summary>A tenth of a second in which handlers took so many.</summary>
    Stock Busy(int most, int messages)
    {
        var stock = new Stock(most, _time);
        for (var number = 0; number < messages; number++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100.0 / messages));
            stock.Asked(1);
            stock.Claimed(1, 1);
        }

        return stock;
    }
}
