using Exchange.Bus.Catalogue;
using Exchange.Bus.Limits;
using Microsoft.Extensions.Time.Testing;

namespace Exchange.UnitTests.Limits;

[TestClass]
public sealed class PaceTests
{
    readonly FakeTimeProvider _time = new();

    [TestMethod]
    public async Task What_was_spent_is_waited_for_before_more_is()
    {
        var pace = Pace.Of(new ConnectionLimits(1, 1_000, null), _time)!;
        _time.Advance(TimeSpan.FromMinutes(1));
        pace.Spend(1_000, 0);
        await pace.PaidAsync(CancellationToken.None); // a second was saved
        pace.Spend(500, 0);
        var waiting = pace.PaidAsync(CancellationToken.None);
        _time.Advance(TimeSpan.FromMilliseconds(499));
        Assert.IsFalse(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await waiting;
    }

    [TestMethod]
    public async Task The_slower_of_two_rates_counts()
    {
        var pace = Pace.Of(new ConnectionLimits(1, 1_000, 100), _time)!;
        pace.Spend(1, 1_000);
        var waiting = pace.PaidAsync(CancellationToken.None);
        _time.Advance(TimeSpan.FromMilliseconds(9_999));
        Assert.IsFalse(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await waiting;
    }

    [TestMethod]
    public async Task Turns_share_the_rate_of_their_connection()
    {
        var pace = Pace.Of(new ConnectionLimits(4, 1_000, null), _time)!;
        pace.Spend(500, 0);
        var waiting = pace.PaidAsync(CancellationToken.None);
        _time.Advance(TimeSpan.FromMilliseconds(1_999));
        Assert.IsFalse(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await waiting;
    }

    [TestMethod]
    public void Without_a_rate_there_is_no_pace() => Assert.IsNull(Pace.Of(new ConnectionLimits(3, null, null), _time));
}
